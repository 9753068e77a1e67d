"""Command line: one thin module per command. No other package imports it."""
