"""What PostgreSQL locks, reads and rewrites for each kind of operation: a table of measured facts, and who reads it."""

from miglint.locks.effects import effects
from miglint.locks.levels import Lock, LockEffect, Work

__all__ = ["Lock", "LockEffect", "Work", "effects"]
