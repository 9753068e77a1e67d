"""The schema as a value: objects, differences, and rendering."""
