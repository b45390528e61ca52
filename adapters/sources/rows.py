"""Text into rows of fields, with the line where each row begins and ends, and what is wrong with a damaged one."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TextIO

from connector.domain.errors import FeedRefused

DELIMITERS = ",;\t|"
LONGEST_LINE = 4 * 1024 * 1024
"""In characters. Longer is no row of a feed; the limit keeps memory flat on a file without line ends."""

Row = tuple[int, int, list[str], str]
"""First line, last line, fields, and the problem ("" for none) where the row could not be split properly."""


class Lines:
    """The lines of a text, counted; ``last`` is the one read last. ``csv`` tells neither where it fails."""

    def __init__(self, text: TextIO, file: str) -> None:
        self.text, self.file, self.number, self.last, self.ended = text, file, 0, "", False

    def __iter__(self) -> Iterator[str]:
        """Yield the lines with their line ends. Raises FeedRefused on a NUL byte or a line without an end."""
        for line in iter(partial(self.text.readline, LONGEST_LINE), ""):
            self.number += 1
            self.last = line
            if "\0" in line:
                raise self.refused("there is a NUL byte; either the file is damaged or its encoding is another one")
            if len(line) == LONGEST_LINE:
                raise self.refused(f"the line is longer than {LONGEST_LINE:,} characters; this is no delimited file")
            yield line
        self.ended = True

    def refused(self, why: str, line: int | None = None) -> FeedRefused:
        """Make the refusal of the whole feed for what is at ``line``, by default the line read last."""
        return FeedRefused(f"{self.file}: line {line or self.number:,}: {why}.")


def first_filled(lines: Lines, source: Iterator[str], skip: int) -> str:
    """Give the first line that is not blank after the first ``skip`` lines. Raises FeedRefused where there is none."""
    for line in source:
        if lines.number > skip and line.strip("\r\n"):
            return line
    raise FeedRefused(f"{lines.file}: the file is empty; that nobody is left is not believed. Ask the sender.")


def split(lines: Lines, first: str, rest: Iterator[str], delimiter: str) -> Iterator[Row]:
    """Yield the rows of ``first`` (already read) and ``rest``; blank lines are none.

    A damaged row on one line is given with its problem. Over several lines nobody can say how many rows a quote has
    swallowed, so that FeedRefused is raised, as it is for a quote that is still open at the end of the file.
    """
    # Strict: the lenient parser takes an open quote at the end, and text after a closing quote, without a word.
    reader = csv.reader(chain([first], rest), delimiter=delimiter, strict=True)
    begins = lines.number
    while True:
        problem = ""
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = _problem(lines, begins, error)
            fields = [field.strip().strip('"') for field in lines.last.split(delimiter)]
        ends = lines.number
        if fields:
            yield begins, ends, fields, problem
        begins = ends + 1


def _problem(lines: Lines, begins: int, error: csv.Error) -> str:
    if lines.ended:
        raise lines.refused("a quote that opens in this row is not closed; the file is cut off", begins) from error
    limit = csv.field_size_limit()
    too_long = len(lines.last) > limit
    # A long value with an odd number of quotes goes on in the next line: what follows would be read as rows.
    if begins < lines.number or (too_long and lines.last.count('"') % 2):
        why = f"a quote that opens in this row is not closed properly before line {lines.number:,}"
        raise lines.refused(why, begins) from error
    if too_long:
        return f"a value is longer than {limit:,} characters; leave columns such as photographs out of the feed"
    return "a quote is not closed properly; a quote within a quoted value has to be doubled"


def sniff(first: str, needed: Sequence[str], header: bool | Sequence[str]) -> str:
    """Choose the delimiter that gives the ``first`` line the needed columns, or as many fields as a given ``header``.

    Among equals the one that gives the most fields is taken, and the comma where none of them occurs.
    """

    def fitness(delimiter: str) -> tuple[int, int]:
        names = [field.strip() for field in next(csv.reader([first], delimiter=delimiter))]
        fits = sum(name in names for name in needed) if isinstance(header, bool) else len(names) == len(header)
        return fits, len(names)

    return max(DELIMITERS, key=fitness)
