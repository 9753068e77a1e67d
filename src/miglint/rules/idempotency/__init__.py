"""Rules about scripts that are run twice."""
