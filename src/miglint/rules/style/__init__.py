"""Rules about style, delegated to sqlfluff."""
