"""Rules about SQLite compatibility and table rebuilds."""
