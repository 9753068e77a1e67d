"""The command line: one module per command, thin; nothing imports this."""
