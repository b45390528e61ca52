"""The data dictionary: what views and columns mean stands beside the migration, and becomes the schema's comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from typing import Any

import yaml

from connector.store.database import Database, Row

COLUMNS = """
SELECT c.relname AS view, a.attname AS name
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'reporting'::regnamespace AND c.relkind = 'v'
ORDER BY c.relname, a.attnum
"""
FUNCTIONS = """
SELECT p.proname AS name, pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments
FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'reporting'::regnamespace ORDER BY p.proname
"""


@cache
def _meanings() -> dict[str, Any]:
    text = (files("connector.store") / "migrations" / "reporting" / "dictionary.yaml").read_text("utf-8")
    meanings: dict[str, Any] = yaml.safe_load(text)
    return meanings


def _of_column(view: str, column: str) -> dict[str, str]:
    """Raises KeyError where nobody has said what it means."""
    own = _meanings()["views"][view].get("columns", {}).get(column, {})
    common: dict[str, str] = _meanings()["columns"][column]
    return {**common, **({"means": own} if isinstance(own, str) else own)}


def comments(execute: Callable[[str], Any]) -> Iterator[str]:
    """Statements that comment every view, column and function of the schema as it is now.

    Raises KeyError where one of them is missing in ``dictionary.yaml``.
    """
    for view, columns in groupby(execute(COLUMNS).fetchall(), itemgetter(0)):
        yield f"COMMENT ON VIEW reporting.{view} IS {_quoted(_meanings()['views'][view]['means'])}"
        for _, name in columns:
            yield f"COMMENT ON COLUMN reporting.{view}.{name} IS {_quoted(_of_column(view, name)['means'])}"
    for name, arguments in execute(FUNCTIONS).fetchall():
        means = _meanings()["functions"][name]["means"]
        yield f"COMMENT ON FUNCTION reporting.{name}({arguments}) IS {_quoted(means)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One column of a view or result of a function, as the schema has it. ``comment`` is None where it has none."""

    name: str
    type: str
    comment: str | None
    source: str = ""
    trap: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A view or function. ``signature``: what it is called with."""

    kind: str
    name: str
    signature: str
    comment: str | None
    entries: tuple[Entry, ...]
    trap: str = ""


class Dictionary:
    """Reads the schema ``reporting`` of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pages(self) -> list[Page]:
        """Views, then functions, by name."""
        views = groupby(self._database.rows("dictionary.columns"), itemgetter("view"))
        functions = self._database.rows("dictionary.functions")
        return [*(_view(name, list(rows)) for name, rows in views), *map(_function, functions)]

    def markdown(self) -> str:
        """All of it as one document."""
        return "\n".join([_HEAD, *map(_section, self.pages())])


_HEAD = """# Data dictionary

Made from the schema by `moodle-connector reporting dictionary`; a test fails where it differs. Times are in UTC; days
are those of the column's own words. A login of one unit gets the rows of that unit and all below it.
"""


def _view(name: str, rows: list[Row]) -> Page:
    known = _meanings()["views"].get(name, {})
    entries = tuple(_entry(name, row) for row in rows)
    return Page("view", name, name, rows[0]["view_comment"], entries, known.get("trap", ""))


def _entry(view: str, row: Row) -> Entry:
    try:
        known = _of_column(view, row["name"])
    except KeyError:
        known = {}
    return Entry(row["name"], row["type"], row["comment"], known.get("source", ""), known.get("trap", ""))


def _function(row: Row) -> Page:
    known = _meanings()["functions"].get(row["name"], {})
    signature = f"{row['name']}({row['arguments']})"
    return Page("function", row["name"], signature, row["comment"], (), known.get("trap", ""))


def _section(page: Page) -> str:
    lines = [f"## {page.name}", "", page.comment or "", ""]
    if page.kind == "function":
        lines[2:2] = [f"`{page.signature}`", ""]
    if page.trap:
        lines += [page.trap, ""]
    if page.entries:
        lines += ["| column | type | from | means |", "|---|---|---|---|"]
        lines += [f"| `{e.name}` | {e.type} | {e.source} | {_told(e)} |" for e in page.entries]
        lines.append("")
    return "\n".join(lines)


def _told(entry: Entry) -> str:
    text = f"{entry.comment or ''} {entry.trap}".strip()
    return text.replace("|", "\\|")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
