"""A value that cannot be used."""

from __future__ import annotations


class Refused(ValueError):
    """One value of one record is wrong. The message says why, without the value itself."""
