"""Exit statuses that no report decides."""

# 128 + SIGINT, as shells report it.
INTERRUPTED = 130
