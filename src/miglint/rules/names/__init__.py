"""Rules about names: collisions, truncation, conventions."""
