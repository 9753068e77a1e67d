"""Tests of `miglint port`."""
