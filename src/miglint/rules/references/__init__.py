"""Rules about objects that a script uses and nothing creates."""
