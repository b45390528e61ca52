"""How far two answers of Moodle are the same: status, error and warning codes, keys and types, not values."""

from __future__ import annotations

import json
import re
from typing import Any

CODES = ("errorcode", "exception", "warningcode", "error", "field", "ok")
"""Keys whose values count, not only their types."""

NESTED = ("data", "exception", "json")
"""Keys that may hold JSON within JSON."""

OPEN_LISTS = (
    "functions", "advancedfeatures", "filters", "courseformatoptions",
    "menucards", "items", "availablefilters", "availableconditions", "optiongroup.values",
)  # fmt: skip
OPEN_CASES = ("courses: all", "cohorts: all", "reports: all")
"""Lists whose length belongs to the site, not to the case: what both have is compared."""


def differences(expected: Any, actual: Any, path: str) -> list[str]:
    """Sentences about what differs; none where the answers have one form. ``path`` begins with the case's name."""
    if _kind(expected) != _kind(actual):
        return [f"{path}: {_kind(expected)} expected, {_kind(actual)} came"]
    if isinstance(expected, dict):
        return _mappings(expected, actual, path)
    if isinstance(expected, list):
        return _lists(expected, actual, path)
    return []


def _mappings(expected: dict[str, Any], actual: dict[str, Any], path: str) -> list[str]:
    found = [f"{path}: key {key} is missing" for key in expected if key not in actual]
    found += [f"{path}: key {key} is too much" for key in actual if key not in expected]
    for key in expected.keys() & actual.keys():
        wanted, came = expected[key], actual[key]
        if key in NESTED and _is_json(wanted) and _is_json(came):
            found += differences(json.loads(wanted), json.loads(came), f"{path}.{key}")
        elif key in CODES and not isinstance(wanted, (dict, list)):
            found += [] if wanted == came else [f"{path}.{key}: {wanted!r} expected, {came!r} came"]
        else:
            found += differences(wanted, came, f"{path}.{key}")
    return found


def _lists(expected: list[Any], actual: list[Any], path: str) -> list[str]:
    is_open = path.endswith(OPEN_LISTS) or path.startswith(OPEN_CASES)
    if len(expected) != len(actual) and not is_open:
        return [f"{path}: {len(expected)} entries expected, {len(actual)} came"]
    pairs = zip(expected, actual, strict=False)
    return [text for index, (e, a) in enumerate(pairs) for text in differences(e, a, f"{path}[{index}]")]


_MOMENT = re.compile(r"[A-Z][a-z]+day, \d+ [A-Z][a-z]+ \d{4}, \d+:\d\d [AP]M")
_ID = re.compile(r"\bid=\d+")


def pages(value: Any) -> list[dict[str, list[Any]]]:
    """The pages of reports in an answer, nested ones too: headings and cells, with ids and moments made alike.

    Rows are put in an order of their own: the suffix in usernames decides which of "dora" and "dora2" comes first.
    """
    if isinstance(value, dict) and "totalrowcount" in value:
        rows = [[_alike(cell) for cell in row["columns"]] for row in value["rows"]]
        rows.sort(key=str)
        return [{"headers": value["headers"], "rows": rows, "total": value["totalrowcount"]}]
    if isinstance(value, dict):
        inner = [json.loads(one) if key in NESTED and _is_json(one) else one for key, one in value.items()]
        return [page for one in inner for page in pages(one)]
    return [page for one in value for page in pages(one)] if isinstance(value, list) else []


def _alike(cell: str | None) -> str | None:
    return cell if cell is None else _ID.sub("id=#", _MOMENT.sub("(a moment)", cell))


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(type(value).__name__)
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def _is_json(value: Any) -> bool:
    return isinstance(value, str) and value[:1] in ("{", "[")
