"""The schema as a value: objects, running operations over it, and the difference of two."""
