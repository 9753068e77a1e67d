"""Settings, read from TOML into one typed value."""
