"""Table of measured facts about what PostgreSQL locks, scans and rewrites for each kind of operation."""

from miglint.locks.effects import effects
from miglint.locks.levels import Lock, LockEffect, Work

__all__ = ["Lock", "LockEffect", "Work", "effects"]
