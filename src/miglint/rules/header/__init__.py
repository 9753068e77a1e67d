"""Rules about a script's header and its tracking statements."""
