"""Bytes, encodings, and trees that are hostile."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miglint.base.errors import UsageError
from miglint.base.input_files import OpenFolder
from miglint.base.model import SourceFile, Span
from miglint.discovery import DiscoveryOptions, discover, discover_text
from miglint.discovery.reading import from_bytes, from_text, read_file
from miglint.discovery.sections import may_have_sections, only_comments, split
from miglint.discovery.walk import FolderTree

from .conftest import Look, Plant, kinds, only, pairs


def test_byte_order_mark_and_line_ends() -> None:
    read = from_bytes(b"\xef\xbb\xbfSELECT 1;\r\n", "a")
    assert (read.file.text, read.problem) == ("SELECT 1;\r\n", None)


@pytest.mark.parametrize(
    ("data", "offset", "character", "text"),
    [
        (b"-- caf\xe9\n", 6, 6, "-- caf\ufffd\n"),
        ("é".encode() + b"\xff", 2, 1, "é\ufffd"),
        (b"\xef\xbb\xbfa\xff", 4, 1, "a\ufffd"),
        (b"a\0b", 1, 1, "a\ufffdb"),
        ("é\0".encode(), 2, 1, "é\ufffd"),
        ("SELECT 1;".encode("utf-16"), 0, 0, "SELECT 1;"),
        ("SELECT 1;".encode("utf-16-le"), 0, 0, "SELECT 1;"),
        ("SELECT 1;".encode("utf-16-be"), 0, 0, "SELECT 1;"),
        (b"\xff\xfea", 0, 0, "\ufffd"),
    ],
)
def test_what_is_not_utf8(data: bytes, offset: int, character: int, text: str) -> None:
    read = from_bytes(data, "a")
    assert read.problem is not None
    assert (read.problem.kind, read.problem.offset, read.problem.character) == ("encoding", offset, character)
    assert read.file.text == text


@given(st.binary(max_size=200))
def test_any_bytes_give_text(data: bytes) -> None:
    read = from_bytes(data, "a")
    read.file.text.encode("utf-8")
    assert "\0" not in read.file.text
    if read.problem is None:
        assert read.file.text.encode() == data.removeprefix(b"\xef\xbb\xbf")
    else:
        assert 0 <= read.problem.offset < len(data)


@given(st.text(st.characters(), max_size=50))
def test_any_text_can_be_given(text: str) -> None:
    from_text(text, "a").file.text.encode("utf-8")


def test_a_broken_file_keeps_its_pair(plant: Plant, look: Look) -> None:
    plant({"1_a.sql": b"\xff", "rollback/1_a.sql": b"SELECT 1;"})
    found = look()
    assert kinds(found) == ["encoding"]
    assert pairs(only(found)) == [("1", "1_a.sql", "rollback/1_a.sql")]


def test_too_large(plant: Plant, look: Look) -> None:
    plant({"1_a.sql": b"x" * 100_000, "2_b.sql": b"x" * 100})
    found = look(max_file_bytes=99_999, rollbacks="none")
    assert [(p.kind, p.path) for p in found.problems] == [("too-large", "1_a.sql")]
    large = only(found).migrations[0].forward
    assert large and large.text == "" and large.file.error
    assert kinds(look(max_file_bytes=100_000, rollbacks="none")) == []
    assert kinds(look(max_file_bytes=99, rollbacks="none")) == ["too-large", "too-large"]


def test_large_files_are_read_whole(plant: Plant, look: Look) -> None:
    content = os.urandom(1_500_000).hex()
    plant({"1_a.sql": content})
    script = only(look(rollbacks="none")).migrations[0].forward
    assert script and script.text == content


def test_paths_that_do_not_exist(look: Look) -> None:
    for path in ("nowhere", "", "a\0b", "no/where.sql", "x" * 5000):
        with pytest.raises(UsageError):
            look(path)


def test_pipes_are_not_opened(plant: Plant, look: Look) -> None:
    root = plant({"1_a.sql": ""})
    os.mkfifo(root / "2_b.sql")
    assert kinds(look(rollbacks="none")) == ["unreadable"]
    with pytest.raises(UsageError, match="neither"):
        look("2_b.sql")


def test_no_permission() -> None:
    # Root may read everything, so another user has to look; that user must be able to reach the folder.
    top = Path(tempfile.mkdtemp())
    try:
        top.chmod(0o755)
        for name in ("closed/1_a.sql", "open/1_a.sql", "open/2_b.sql"):
            (top / name).parent.mkdir(exist_ok=True)
            (top / name).write_text("")
        (top / "open/1_a.sql").chmod(0)
        (top / "closed").chmod(0)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            found = discover(["."], options=DiscoveryOptions(cwd=str(top), rollbacks="none"))
        finally:
            if is_root:
                os.seteuid(0)
        assert [(p.kind, p.path) for p in found.problems] == [("unreadable", "closed"), ("unreadable", "open/1_a.sql")]
        first, second = only(found).migrations
        assert first.forward and first.forward.file.error and second.forward and second.forward.file.error is None
    finally:
        (top / "closed").chmod(0o755)
        shutil.rmtree(top)


def test_symbolic_links(plant: Plant, look: Look, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = plant({"m/1_a.sql": "", "m/sub/2_b.sql": "", "other/9_z.sql": ""})
    outside = tmp_path_factory.mktemp("outside")
    (outside / "3_secret.sql").write_text("secret")
    links = {
        "m/sub/up": root / "m",
        "m/again": root / "m/sub",
        "m/loop.sql": root / "m/loop.sql",
        "m/gone.sql": root / "m/nothing.sql",
        "m/3_out.sql": outside / "3_secret.sql",
        "m/out": outside,
        "m/2_in.sql": root / "m/sub/2_b.sql",
        "m/root": Path("/"),
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    found = look("m", rollbacks="none")
    assert {(p.kind, p.path) for p in found.problems} == {
        ("symlink-loop", "m/sub/up"),
        ("symlink-loop", "m/loop.sql"),
        ("symlink-loop", "m/root"),
        ("unreadable", "m/gone.sql"),
        ("unreadable", "m/3_out.sql"),
        ("unreadable", "m/out"),
    }
    assert [file.path for file in found.files] == ["m/1_a.sql", "m/2_in.sql", "m/sub/2_b.sql"]
    asked = look("m/3_out.sql", rollbacks="none")
    assert "m/3_out.sql" in [file.path for file in asked.files]


@pytest.mark.parametrize("swapped", ["m/1_a.sql", "m/sub"])
def test_what_became_a_link_after_it_was_listed_is_not_read(
    plant: Plant, tmp_path_factory: pytest.TempPathFactory, swapped: str
) -> None:
    root = plant({"m/1_a.sql": "ours", "m/sub/1_a.sql": "ours"})
    outside = tmp_path_factory.mktemp("outside")
    (outside / "1_a.sql").write_text("secret")
    tree = FolderTree(str(root), {}, ())
    tree.walk(str(root / "m"))
    place = root / swapped
    file = place if place.is_file() else place / "1_a.sql"
    assert read_file(str(file), "shown", 100, tree.may_read).file.text == "ours"
    place.rename(root / "away")
    place.symlink_to(outside / "1_a.sql" if file == place else outside)
    read = read_file(str(file), "shown", 100, tree.may_read)
    assert (read.file.text, read.file.error) == ("", "this symbolic link points outside the checkout and is not read")


@pytest.mark.parametrize("swapped", ["m", "m/sub", "m/sub/deep"])
def test_a_folder_that_becomes_a_link_while_it_is_opened_is_not_listed(
    plant: Plant, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    root = plant({"m/1_a.sql": "ours", "m/sub/2_b.sql": "ours", "m/sub/deep/3_c.sql": "ours"})
    outside = tmp_path_factory.mktemp("outside")
    for name in ("9_secret.sql", "sub/9_secret.sql", "sub/deep/9_secret.sql", "deep/9_secret.sql"):
        (outside / name).parent.mkdir(parents=True, exist_ok=True)
        (outside / name).write_text("hunter2")

    def swap_and_open(path: str) -> OpenFolder:
        if path == str(root / swapped):
            (root / swapped).rename(root / "away")
            (root / swapped).symlink_to(outside)
        return OpenFolder(path)

    monkeypatch.setattr("miglint.discovery.walk.OpenFolder", swap_and_open)
    found = discover([str(root / "m")], options=DiscoveryOptions(cwd=str(root), rollbacks="none"))
    assert "secret" not in repr(found)
    assert "hunter2" not in repr(found)
    assert swapped in [problem.path for problem in found.problems]


@pytest.mark.parametrize("configured", [True, False])
@pytest.mark.parametrize("asked", ["m", "m/sub", "m/sub/1_a.sql", "m/1_a.sql"])
def test_a_path_that_leads_out_of_the_checkout_by_now_is_refused(
    plant: Plant, tmp_path_factory: pytest.TempPathFactory, asked: str, configured: bool
) -> None:
    root = plant({".git/HEAD": ""})
    outside = tmp_path_factory.mktemp("outside")
    (outside / "sub").mkdir()
    for name in ("1_a.sql", "sub/1_a.sql"):
        (outside / name).write_text("hunter2")
    (root / "m").symlink_to(outside)
    path = str(root / asked)
    options = DiscoveryOptions(
        cwd=str(root), checkouts=(str(root),), configured=frozenset((path,) if configured else ())
    )
    with pytest.raises(UsageError, match="points outside it, and is not read"):
        discover([path], options=options)
    with pytest.raises(UsageError, match="points outside it, and is not read"):
        discover_text(f"{root}/m/7_new.sql", "SELECT 1;", options=options)


RELATED = {
    "beside": ("db/up/1_a.sql", "db/down"),
    "below": ("db/1_a.sql", "db/rollback"),
    "for another engine": ("postgres/1_a.sql", "sqlite"),
    "of another engine's rollbacks": ("rollback/pg/1_a.sql", "pg"),
    "of another release": ("1.0.0/1_a.sql", "1.1.0"),
    "of another migration": ("2024-01-02-000000_b/up.sql", "2024-01-01-000000_a"),
}


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize("related", RELATED)
def test_folders_that_belong_to_a_request_are_not_read_through_a_link_out_of_it(
    plant: Plant, tmp_path_factory: pytest.TempPathFactory, related: str, whole: bool, inside: bool
) -> None:
    asked, link = RELATED[related]
    root = plant({f"p/{asked}": "SELECT 1;"})
    outside = tmp_path_factory.mktemp("outside")
    for name in ("1_a.sql", "1_a.down.sql", "up.sql", "down.sql", "V2__b.sql"):
        (outside / name).write_text("hunter2")
    (root / "p" / link).symlink_to(outside)
    path = root / "p" / asked
    cwd = root / "p" if inside else tmp_path_factory.mktemp("elsewhere")
    found = discover([str(path.parent if whole else path)], options=DiscoveryOptions(cwd=str(cwd)))
    assert [file.text for file in found.files] == ["SELECT 1;"]
    assert "hunter2" not in repr(found)


def test_folders_that_belong_to_a_request_elsewhere_are_read(plant: Plant) -> None:
    root = plant({"real/db/up/1_a.sql": "", "real/db/down/1_a.sql": "", "work/note": ""})
    (root / "link").symlink_to("real")
    for top in ("real", "link"):
        found = discover([f"../{top}/db/up"], options=DiscoveryOptions(cwd=str(root / "work")))
        assert len(found.files) == 2


@pytest.mark.parametrize("name", ["atlas.sum", "metadata.toml"])
def test_a_tools_own_file_is_not_read_in_a_folder_that_became_a_link(
    plant: Plant, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    root = plant({"m/1_a.sql": "", f"m/{name}": "ours"})
    outside = tmp_path_factory.mktemp("outside")
    (outside / name).write_text("hunter2")
    tree = FolderTree(str(root), {}, ())
    tree.walk(str(root / "m"))
    assert tree.folders["m"].content(name) == b"ours"
    (root / "m").rename(root / "away")
    (root / "m").symlink_to(outside)
    assert tree.folders["m"].content(name) is None
    assert list(tree.folders["m"].unread) == [f"m/{name}"]


def test_names_that_climb(plant: Plant, look: Look) -> None:
    root = plant({"a/1_x.sql": "", "b/2_y.sql": ""})
    found = look("a/../../" + root.name + "/b", rollbacks="none")
    assert [file.path for file in found.files] == ["b/2_y.sql"]
    (root / "b" / "3_..‥x\n\x1b[31m.sql").write_text("")
    assert len(look("b", rollbacks="none").files) == 2


def test_outside_of_the_working_directory(plant: Plant) -> None:
    root = plant({"a/1_x.sql": "", "work/note": ""})
    found = discover(["../a"], options=DiscoveryOptions(cwd=str(root / "work"), rollbacks="none"))
    assert [file.path for file in found.files] == [f"{root.as_posix()}/a/1_x.sql"]


def test_names_that_are_not_utf8(plant: Plant, look: Look) -> None:
    root = plant({"1_a.sql": ""})
    Path(os.fsdecode(os.fsencode(root) + b"/2_\xff.sql")).write_text("SELECT 1;")
    found = look(rollbacks="none")
    assert [file.path for file in found.files] == ["1_a.sql", "2_\\xff.sql"]
    assert found.files[1].text == "SELECT 1;"


def test_exclude(plant: Plant, look: Look) -> None:
    plant({"a/1_x.sql": "", "a/seed/1_y.sql": "", "b/1_z.sql": "", "b/2_z.sql": "", "node_modules/m/1_q.sql": ""})
    found = look(rollbacks="none", exclude=("seed/", "b/1_*"))
    assert [file.path for file in found.files] == ["a/1_x.sql", "b/2_z.sql"]


def test_overlapping_paths_are_read_once(plant: Plant, look: Look) -> None:
    plant({"m/1_x.sql": "", "m/sub/1_y.sql": ""})
    found = look("m/sub", "m", ".", "m", rollbacks="none")
    assert [h.root for h in found.histories] == ["m", "m/sub"]
    assert found.requested is None


FILES: dict[str, str | bytes] = {
    "m/1_a.sql": "",
    "m/2_b.sql": "",
    "m/rollback/1_a.sql": "",
    "m/rollback/2_b.sql": "",
    "m/schema.sql": "",
    "n/1_z.sql": "",
}


@pytest.mark.parametrize("asked", ["m/2_b.sql", "m/rollback/2_b.sql"])
def test_a_file_brings_its_history(plant: Plant, look: Look, asked: str) -> None:
    plant(FILES)
    found = look(asked)
    assert pairs(only(found)) == [
        ("1", "m/1_a.sql", "m/rollback/1_a.sql"),
        ("2", "m/2_b.sql", "m/rollback/2_b.sql"),
    ]
    assert found.requested == {asked}
    assert not found.unmatched


def test_a_rollback_folder_brings_its_forwards(plant: Plant, look: Look) -> None:
    plant(FILES)
    found = look("m/rollback")
    assert len(only(found).migrations) == 2
    assert found.requested == {"m/rollback/1_a.sql", "m/rollback/2_b.sql"}


@pytest.mark.parametrize("asked", ["db/up", "db/down", "db/up/1_a.sql", "db/down/1_a.sql"])
def test_folders_side_by_side(plant: Plant, look: Look, asked: str) -> None:
    plant({"db/up/1_a.sql": "", "db/down/1_a.sql": ""})
    found = look(asked)
    assert pairs(only(found)) == [("1", "db/up/1_a.sql", "db/down/1_a.sql")]
    assert found.requested is not None and len(found.requested) == 1


@pytest.mark.parametrize("asked", ["m/2024-01-02-000000_b/down.sql", "m/2024-01-02-000000_b"])
def test_one_folder_of_many(plant: Plant, look: Look, asked: str) -> None:
    plant({f"m/2024-01-0{n}-000000_{name}/{d}.sql": "" for n, name in ((1, "a"), (2, "b")) for d in ("up", "down")})
    found = look(asked)
    assert [m.name for m in only(found).migrations] == ["a", "b"]
    assert found.requested is not None and "m/2024-01-02-000000_b/down.sql" in found.requested


def test_text_from_an_editor_joins_its_history(plant: Plant) -> None:
    root = plant(FILES)
    options = DiscoveryOptions(cwd=str(root))
    found = discover_text("m/2_b.sql", "SELECT 'new';", options=options)
    second = only(found).migrations[1]
    assert second.forward and second.forward.text == "SELECT 'new';"
    assert second.rollback and second.rollback.path == "m/rollback/2_b.sql"
    fresh = discover_text("m/3_c.sql", b"SELECT 3;\xff", options=options)
    assert [m.version for m in only(fresh).migrations] == ["1", "2", "3"]
    assert "encoding" in kinds(fresh)
    nowhere = discover_text("no/such/1_a.sql", "SELECT 1;", options=options)
    assert pairs(only(nowhere)) == [("1", "no/such/1_a.sql", None)]
    with pytest.raises(UsageError, match="folder"):
        discover_text("m", "", options=options)


def test_many_comments_and_dashes_stay_linear() -> None:
    text = "/* a */ -- b\n" * 20_000 + "x"
    assert not only_comments(text, 0, len(text))
    assert only_comments(text, 0, len(text) - 1)
    dashes = SourceFile("a", "-" * 200_000 + "\n" + "-- " + " =-" * 100_000 + "\n-- SQLite Version\n")
    assert may_have_sections(dashes.text)
    parts, _ = split(dashes, Span(0, len(dashes.text)))
    assert len(parts) == 1


BASES = """1_a.sql
1_a.up.sql
1_a.down.sql
1.sql
.sql
1_.sqlite.sql
1..up.sql
.up.sql
V1__a.sql
V1__.sql
U1__a.sql
R__.sql
rollback_.sql
up.sql
down.sql
migration.sql
metadata.toml
atlas.sum
migration_lock.toml
_journal.json
"""
NAMES = st.one_of(
    st.sampled_from(BASES.splitlines()),
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12).map(
        lambda s: s + ".sql"
    ),
)
FOLDERS = st.sampled_from(
    ["", "rollback/", "1_a/", "2024-01-01-000000_b/", "sqlite/", "mysql/", "migrations/", "meta/"]
)
MARKS = """-- migrate:up
-- migrate:down
-- +goose Up
-- +goose Down
-- +migrate Up
--liquibase formatted sql
--changeset a:b endDelimiter:]
--rollback x
/* liquibase rollback
-- SQLite Version
-- PostgreSQL Version
-- miglint: dialect=sqlite
-- miglint: irreversible (
"""
PARTS = st.sampled_from([*MARKS.splitlines(keepends=True), "${a}", "SELECT 1;", "]\n", "*/", "\r\n", "\0", "/*", "'"])
CONTENT = st.one_of(st.binary(max_size=60), st.lists(PARTS, max_size=8).map(lambda parts: "".join(parts).encode()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.tuples(FOLDERS, NAMES), CONTENT, max_size=8))
def test_any_tree_is_told_whole(tree: dict[tuple[str, str], bytes]) -> None:
    with tempfile.TemporaryDirectory() as top:
        written = set()
        for (folder, name), content in tree.items():
            path = Path(top, folder, name)
            if name in (".", "..") or len(os.fsencode(name)) > 255:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            written.add(f"{folder}{name}")
        found = discover([top], options=DiscoveryOptions(cwd=top))
        told = {file.path for file in found.files} | set(found.unmatched) | {p.path for p in found.problems}
        foreign = any(problem.kind == "other-dialect" for problem in found.problems)
        for path in written:
            if path.endswith(".sql") and not foreign:
                assert path in told
        for history in found.histories:
            for migration in history.migrations:
                for script in (migration.forward, migration.rollback):
                    if script is not None:
                        assert 0 <= script.span.start <= script.span.end <= len(script.file.text)
                        assert len(script.text) == script.span.end - script.span.start
                assert migration.forward or migration.rollback
