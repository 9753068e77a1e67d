"""Rules about rollbacks that do not restore the schema."""
