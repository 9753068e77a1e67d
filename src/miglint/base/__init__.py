"""Foundations of all packages: files and scripts, findings, errors, structs, file access."""
