"""The version of the portal, as pyproject.toml has it."""

VERSION = "0.1.0"
