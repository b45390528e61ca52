"""What is kept of people, table by table, and what erasing a person does to it: ``privacy.toml``, and what it means.

A test compares it with the columns that the databases really have: a column that nobody has decided about fails it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files


class Fate(StrEnum):
    """What erasing does to a column of the rows that are about the person."""

    DELETE = "deleted"
    """The row goes."""
    BLANK = "blanked"
    """The row stays, and the value is empty."""
    PSEUDONYM = "pseudonym"
    """The pseudonym of the erasure, or a number that says nothing, stands there instead."""
    KEEP = "kept"
    """It says nothing of who the person is once the rest has gone, or it is needed to count."""
    NOBODY = "nobody"
    """It is not about people whom HR names."""


@dataclass(frozen=True, slots=True)
class Held:
    """One table. ``holds``: what it has of a person; ``why``: why the rest of it stays. Columns by their fate."""

    table: str
    holds: str
    why: str
    fates: Mapping[Fate, str]

    @property
    def columns(self) -> dict[str, Fate]:
        """Every column with its fate."""
        return {name: fate for fate, names in self.fates.items() for name in names.split()}


def _held(table: str, told: Mapping[str, str]) -> Held:
    """A table of the file. Raises ValueError where something is no fate, KeyError without ``holds``."""
    fates = {Fate(name): " ".join(columns.split()) for name, columns in told.items() if name not in TOLD}
    return Held(table, told["holds"], told.get("why", ""), fates)


TOLD = ("holds", "why")
INVENTORY: tuple[Held, ...] = tuple(
    _held(table, told)
    for table, told in tomllib.loads((files("connector.domain") / "privacy.toml").read_text("utf-8")).items()
)
"""Every table of both databases; what the schemas ``reporting`` and the views show is made from these."""


def markdown() -> str:
    """The inventory as tables of Markdown, as `person inventory` prints them."""
    lines = ["| table | what it holds of a person | erasing | why the rest stays |", "|---|---|---|---|"]
    about = [held for held in INVENTORY if set(held.fates) != {Fate.NOBODY}]
    lines += [f"| `{held.table}` | {held.holds} | {_what_becomes(held)} | {held.why} |" for held in about]
    lines += ["", "Of nobody whom HR names, and so not touched:", "", "| table | what it holds |", "|---|---|"]
    lines += [f"| `{held.table}` | {held.holds} |" for held in INVENTORY if held not in about]
    return "\n".join(lines) + "\n"


def _what_becomes(held: Held) -> str:
    if Fate.DELETE in held.fates:
        return "the rows go"
    told = {Fate.BLANK: "blanked", Fate.PSEUDONYM: "under the pseudonym"}
    parts = [
        f"{text}: {', '.join(f'`{name}`' for name in held.fates[fate].split())}"
        for fate, text in told.items()
        if fate in held.fates
    ]
    return "; ".join(parts) or "nothing goes"


def differences(real: Mapping[str, set[str]]) -> list[str]:
    """Where the inventory is not what the databases have, by ``table.column``; each needs a decision here."""
    decided = {(held.table, column) for held in INVENTORY for column in held.columns}
    there = {(table, column) for table, columns in real.items() for column in columns}
    return sorted(f"{table}.{column}" for table, column in decided ^ there)
