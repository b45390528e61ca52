"""Fetchers: systems that are asked for their people, and their answers as JSON lines. See ``adapters.drops.fetched``.

To add one: a module here with a frozen dataclass that is a ``Fetch``, its tests, and a page in ``docs/sources``.
"""
