"""The words of exports: which rows of which view, and the port that streams them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view with its type as PostgreSQL names it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of one view. ``where``: column and value, "" is empty; ``month``: "2026-10"; ``unit``: with those below."""

    view: str
    where: Sequence[tuple[str, str]] = ()
    month: str = ""
    unit: str = ""


class Views(Protocol):
    """The reporting views."""

    def names(self) -> list[str]: ...

    def columns(self, view: str) -> list[Column]:
        """Raises SettingsError where there is no such view."""
        ...

    def month_column(self, view: str) -> str | None:
        """By which column a view of history is cut into months; None: it is none."""
        ...

    def months(self, view: str) -> list[str]:
        """The months of which a view of history has rows, as "2026-10"."""
        ...

    def stream(self, selection: Selection) -> Iterator[Sequence[Sequence[Any]]]:
        """Rows in batches, values in the order of the columns.

        Raises SettingsError where a column is not there or a value does not fit it.
        """
        ...


class Place(Protocol):
    """Where files of exports lie, by names such as ``people.csv`` or ``completions/month=2026-10/completions.csv``.

    Raises SettingsError where it cannot be used so, StorageError and Unavailable where writing fails.
    """

    def file(self, name: str) -> AbstractContextManager[Path]:
        """A path to write to. It is that file, whole, once the block has ended; where it fails nothing changed."""
        ...

    def shown(self, name: str) -> str:
        """Where that file lies, for people."""
        ...

    def keep(self, view: str, file: str, months: Collection[str]) -> None:
        """Of the folders of months of this view keep these; out of the others this file is removed."""
        ...

    def check(self) -> str:
        """Write something there; gives where that is."""
        ...
