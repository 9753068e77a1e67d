"""Scripts that set data aside before it is destroyed, and bring it back."""
