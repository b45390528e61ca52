"""Typed settings: a TOML file, each value overridable by a CONNECTOR_ variable with ``__`` between levels.

Secrets come from the environment or from files, and are never echoed.
"""
