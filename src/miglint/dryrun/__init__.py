"""The dry run: every migration of a history executed on a throwaway database."""
