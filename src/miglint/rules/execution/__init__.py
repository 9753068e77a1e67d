"""Rules about what the dry run saw."""
