"""Histories to a report: rules dispatched, findings built, suppressed, compared with a baseline."""
