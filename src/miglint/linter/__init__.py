"""Histories to a report: dispatch of rules, findings, suppression, baseline."""
