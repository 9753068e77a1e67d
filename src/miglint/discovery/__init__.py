"""Discovery of migrations: which files there are, which layout they follow, and which belong together."""

from __future__ import annotations

from miglint.discovery.find import discover, discover_text, discover_texts
from miglint.discovery.layouts import layout_names
from miglint.discovery.options import DiscoveryOptions

__all__ = ["DiscoveryOptions", "discover", "discover_text", "discover_texts", "layout_names"]
