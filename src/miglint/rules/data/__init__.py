"""Rules about rows that are lost, and rows that a rollback does not bring back."""
