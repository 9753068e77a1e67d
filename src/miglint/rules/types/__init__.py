"""Rules about types and schema design."""
