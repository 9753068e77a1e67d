"""Configuration: TOML to one typed value."""
