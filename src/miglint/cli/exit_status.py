"""Exit statuses that do not depend on the report."""

# 128 + SIGINT, as shells report it.
INTERRUPTED = 130
