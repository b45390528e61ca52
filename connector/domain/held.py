"""Rows of Moodle's datasets that are held as they came, byte for byte as Moodle counts them, and where they are kept.

A row with key k is in bucket k / width, rounded down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple, Protocol

WIDTH = 1000
"""Keys in a bucket: of a million rows there are a thousand checksums, in ten answers."""
GREATEST = 2**63 - 1
"""No key is greater."""


class HeldRow(NamedTuple):
    """A row as it came, JSON in the order of its dataset's columns; whose it is, and of which course."""

    key: int
    moodle_id: int | None
    course_id: int | None
    row: bytes


@dataclass(frozen=True, slots=True)
class HeldRows:
    """Rows of one dataset."""

    dataset: str
    columns: tuple[str, ...]
    rows: Sequence[HeldRow]


class Bucket(NamedTuple):
    """How many rows there are in one bucket, and their checksum."""

    number: int
    rows: int
    checksum: str


class Range(NamedTuple):
    """Keys from the first to the last."""

    first: int
    last: int


def bucketed(rows: HeldRows, width: int = WIDTH) -> list[Bucket]:
    """Counts and checksums of rows that are in the order of keys, as Moodle reckons them."""
    return [
        Bucket(number, len(some), sha256(b"".join(some)).hexdigest())
        for number, some in (
            (number, [row.row + b"\n" for row in group])
            for number, group in groupby(rows.rows, lambda row: row.key // width)
        )
    ]


class HeldStore(Protocol):
    """The rows that are held. What a load brings lands with its pages, and is held once the load is merged."""

    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The datasets that are held, with their columns; nothing where they were lost in a crash."""
        ...

    def buckets(self, dataset: str, within: Range | None = None) -> Iterator[list[Bucket]]:
        """Of ``WIDTH`` keys, as Moodle counts them: all or those within a range of whole buckets."""
        ...

    def rows(self, dataset: str, within: Range) -> Sequence[HeldRow]: ...

    def newest(self, dataset: str) -> int | None:
        """The greatest key."""
        ...

    def there(self, dataset: str, keys: Sequence[int]) -> set[int]:
        """Those of these keys that are held."""
        ...
