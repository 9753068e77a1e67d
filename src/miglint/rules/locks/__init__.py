"""Rules about locks, rewrites and scans."""
