"""What miglint costs: measured beside squawk, printed, never asserted."""
