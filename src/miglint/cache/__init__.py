"""Caches of results between runs."""
