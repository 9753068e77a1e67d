"""Dry run: execution of every migration of a history on a throwaway database."""
