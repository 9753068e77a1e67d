"""Incremental runs: what earlier runs have found is taken where all that it depends on is the same."""
