"""Presets: what is known of a vendor's API, as data. None of them was tried against the vendor.

They are made from the vendors' published examples; their tests answer with those.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from connector.domain.errors import SettingsError


def names() -> list[str]:
    """The presets that there are."""
    found = (entry.name for entry in files(__name__).iterdir() if entry.name.endswith(".toml"))
    return sorted(name.removesuffix(".toml") for name in found)


def preset(name: str, places: Mapping[str, str]) -> dict[str, Any]:
    """The settings of the preset ``name``, ``places`` filled into its braces, quoted as parts of a path.

    ``url``, ``records``, ``paging`` and so on as ``RestFetch`` has them; ``access`` by the names of its settings.
    Raises SettingsError for an unknown name, and for a place that is missing or left over.
    """
    if name not in names():
        raise SettingsError(f"rest.preset: {name} is not known. Known are: {', '.join(names())}.")
    text = (files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\{([a-z_]+)\}", text))
    if wanted != set(places):
        raise SettingsError(f"rest.preset: {name} needs: {', '.join(sorted(wanted)) or 'nothing'}.")
    return dict(_filled(tomllib.loads(text), places))


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, places) for key, each in value.items()}
    if isinstance(value, str):
        for place, given in places.items():
            value = value.replace(f"{{{place}}}", quote(given, safe=""))
    return value
