# make demo   check the original example, with its mistakes, then the mended one, with a dry run
# make picture   draw the picture of the README anew
# make test   run the tests
# make quick  run the tests that need no engine and no second process: under a minute
# make attacks   run every attack on the dry run, on PostgreSQL 15 and 18, and with both libraries of SQLite
# make lint   style, types, coverage
# make bench [FOLDERS="..."]   measure against squawk, and time the dry run
# make bench-dry-run [FOLDERS="..."] [BENCH="--rounds 5 --pairs 100"]   time the dry run on PostgreSQL: first, unchanged, one changed
# make bench-peers [FOLDERS=FOLDER] [PEERS="--path FOLDER"]   measure against other linters that are installed, on a sample of 60 files
# make rollback-bench FOLDERS="..." [BENCH="--rows 100 --output FOLDER"]   write every rollback anew and run it
# make port-bench FOLDERS="..." [BENCH="--to postgres -v"]   write every variant anew and compare it with the one that is there
# make generated  made-up PostgreSQL schemas: both ways between two of them, on the engine (GENERATED="--seed N --count N")
# make fix-bench FOLDERS="..." [BENCH="--unsafe -v"]   fix every script and run it, once and twice
# make kills   kill 200 dry runs at random moments and check for leftovers (as root: KILLS="--user nobody")
# make fuzz FOLDERS="..." [COUNT=100000] [SEED=1]   check corrupted scripts
# make mutants [COUNT=100] [SEED=1]   change rules and replay in seeded places, and run the tests that reach each
# make nested   check scripts nested up to 50,000 deep
# make increments [FOLDERS="..."] [STEPS="--seeds 20 --edits 20"]   edit histories at random, compare cached runs with fresh ones (STEPS="--dry-run": executed too)
# make same FOLDERS="..." [SAME="--python ..."]   compare reports under other hash seeds, interpreters, SQLite libraries
# make help-check   run every statement that help offers at the rule pages and the cases (make test: a seventh of them)
# make truth CORPORA="..."   run every statement that help offers on real projects
# make draw-errors FOLDERS="..." OUTPUT=FILE [SEED=1] [COUNT=100]   draw errors of other projects at random, for people to judge
# make agreement FOLDERS="..."   measure how often replay and dry run agree

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COVERAGE_FLOOR := 85
QUICK := tests/base tests/config tests/discovery tests/linter tests/locks/test_volatility.py tests/replay tests/report \
	tests/rules/test_rulebook.py tests/schema/test_runs.py tests/sql tests/test_architecture.py

.PHONY: demo picture test quick attacks lint format bench bench-dry-run schema-sql bench-peers fix-bench rollback-bench port-bench kills fuzz mutants nested same increments agreement \
	help-check truth draw-errors clean

demo: $(READY)
	@echo "The original scripts: what is wrong with them"
	@echo
	@cd examples/original && $(CURDIR)/$(BIN)/miglint check --exit-zero --no-cache
	@echo
	@echo "The mended scripts: executed on the embedded PostgreSQL and on SQLite"
	@echo
	@$(BIN)/miglint check --dry-run --no-cache

picture: $(READY)
	$(BIN)/python scripts/terminal_picture.py docs/demo.svg

test: $(READY)
	$(BIN)/coverage erase
	COVERAGE_PROCESS_START=$(CURDIR)/pyproject.toml COVERAGE_FILE=$(CURDIR)/.coverage $(BIN)/python -m pytest -n 2 -ra

quick: $(READY)
	$(BIN)/python -m pytest -n 2 -q $(QUICK)

attacks: $(READY)
	MIGLINT_ATTACKS=all $(BIN)/python -m pytest tests/dryrun/test_attacks.py tests/dryrun/test_sqlite_attacks.py \
		tests/dryrun/test_remote_server.py -n 2 -ra

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if ls .coverage.* >/dev/null 2>&1; then $(BIN)/coverage combine -q; fi
	@test -f .coverage || { echo "no coverage was measured: run make test first" >&2; exit 1; }
	$(BIN)/coverage report --skip-covered --fail-under=$(COVERAGE_FLOOR)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python benchmarks/run.py $(FOLDERS)
	$(BIN)/python -m benchmarks.dry_run $(FOLDERS)

bench-dry-run: $(READY)
	$(BIN)/python -m benchmarks.dry_run $(BENCH) $(FOLDERS)

bench-peers: $(READY)
	$(BIN)/python -m benchmarks.peers $(PEERS) $(FOLDERS)

generated: $(READY)
	$(BIN)/python -m tests.writer.pairs_on_engine $(GENERATED)

schema-sql: $(READY)
	$(BIN)/python -m benchmarks.schema_sql $(FOLDERS)

fix-bench: $(READY)
	$(BIN)/python -m benchmarks.fix_bench $(BENCH) $(FOLDERS)

rollback-bench: $(READY)
	$(BIN)/python -m benchmarks.rollback_bench $(BENCH) $(FOLDERS)

port-bench: $(READY)
	$(BIN)/python -m benchmarks.port_bench $(BENCH) $(FOLDERS)

kills: $(READY)
	$(BIN)/python benchmarks/kills.py $(KILLS)

fuzz: $(READY)
	$(BIN)/python -m tests.hostile.fuzz $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(FOLDERS)

mutants: $(READY)
	$(BIN)/python scripts/mutants.py $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

nested: $(READY)
	MIGLINT_NESTED=all $(BIN)/python -m pytest tests/hostile/test_nested.py -n 2 -ra

increments: $(READY)
	$(BIN)/python -m tests.linter.increments $(STEPS) $(FOLDERS)

same: $(READY)
	$(BIN)/python benchmarks/same.py $(SAME) $(FOLDERS)

help-check: $(READY)
	MIGLINT_HELP=all $(BIN)/python -m pytest tests/help -n 2 -ra

truth: $(READY)
	$(BIN)/python -m tests.help.corpora $(CORPORA)

draw-errors: $(READY)
	$(BIN)/python benchmarks/draw_errors.py $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) --output $(OUTPUT) $(FOLDERS)

agreement: $(READY)
	$(BIN)/python -m miglint.cli.agreement $(or $(FOLDERS),.)

clean:
	rm -rf $(VENV) build dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .miglint_cache

# The versions in constraints.txt are those that the tests pass with. Older versions of pip know no --group.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import sys; sys.exit("miglint needs Python 3.11 or later") if sys.version_info < (3, 11) else None'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev --editable .
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q src
	touch $@
