"""Delimited files (CSV, TSV and their kin), streamed, in any encoding that Python can decode.

What makes the whole feed untrustworthy raises FeedRefused; one row that cannot be split is a Rejection.
A refusal may come at the very end (trailer, open quote): use nothing before the iteration has ended.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path

from adapters.sources import encodings, files
from adapters.sources.rows import Lines, Row, first_filled, sniff, split
from connector.domain.errors import FeedRefused, MappingError
from connector.domain.people import FeedIdentity, Record, Rejection


@dataclass(frozen=True)
class DelimitedSource:
    """One delimited file as a ``Source``.

    ``name``: the source's name. ``encoding``: a Python codec, decoded strictly, or ``auto``. ``delimiter``: one
    character; where None, that of comma, semicolon, tab and bar which gives the first row the needed columns, then
    the most columns. ``header``: True, or the column names of a file that has none. ``columns``: those needed.
    ``key``: the column with the person's key, so that a rejected row still tells who is present.
    ``trailer``: a regular expression for the last row, its fields joined with the delimiter; a group ``count`` in it
    has to equal the number of data rows. ``complete``: absence means something. ``skip_lines``: before the header.

    Column names are trimmed, values are not. Blank lines are skipped. Columns without a name cannot be used.
    Raises MappingError where an option makes no sense.
    """

    path: Path
    _: KW_ONLY
    name: str
    encoding: str = encodings.AUTO
    delimiter: str | None = None
    header: bool | Sequence[str] = True
    columns: Sequence[str] = ()
    key: str | None = None
    trailer: str | None = None
    complete: bool = True
    skip_lines: int = 0

    def __post_init__(self) -> None:
        encodings.check(self.encoding)
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            raise MappingError(f"delimiter: {self.delimiter!r} is not one character that stands between columns.")
        if isinstance(self.columns, str):
            raise MappingError("columns: give a list of column names.")
        if isinstance(self.header, str) or not self.header:
            raise MappingError("header: give true, or the list of column names where the file has no header.")
        if not isinstance(self.header, bool) and (wrong := _repeated(self.header) + self._absent(self.header)):
            raise MappingError(f"header: {', '.join(wrong)}: list each needed column, and each only once.")
        if self.skip_lines < 0:
            raise MappingError("skip_lines: give a number of lines, 0 or more.")
        try:
            re.compile(self.trailer or "")
        except re.error as error:
            raise MappingError(f"trailer: this is not a regular expression: {error}.") from error

    @cached_property
    def identity(self) -> FeedIdentity:
        """Digest, size and time of the file, read once. Raises FeedRefused where it cannot be read."""
        return files.identify(self.path, source=self.name, complete=self.complete)

    def records(self) -> Iterator[Record | Rejection]:
        """Yield the rows as they stand in the file. Raises FeedRefused, see ``Source.records``."""
        files.refuse_changed(self.path, self.identity)
        with encodings.opened(self.path, self.encoding) as text:
            yield from self._records(Lines(text, self.path.name))
        files.refuse_changed(self.path, self.identity)

    def _records(self, lines: Lines) -> Iterator[Record | Rejection]:
        rest = iter(lines)
        first = first_filled(lines, rest, self.skip_lines)
        delimiter = self.delimiter or sniff(first, self._needed, self.header)
        rows = split(lines, first, rest, delimiter)
        names = self._names(rows, lines)
        if self.trailer is not None:
            rows = self._before_trailer(rows, re.compile(self.trailer), delimiter)
        width = len(names)
        for begins, ends, fields, problem in rows:
            if len(fields) == width and not problem:
                yield Record(begins, dict(zip(names, fields)))  # noqa: B905 - just compared, and the keyword costs 8 %
                continue
            problem = problem or f"the row has {len(fields)} fields and the header {width}; quote the delimiter"
            if begins < ends:
                why = f"a quote that opens in this row closes in line {ends:,} only, and {problem}"
                raise lines.refused(why, begins)
            if self.trailer is None and len(fields) < width and not lines.last.endswith(("\n", "\r")):
                raise lines.refused("the file ends within this row; it is cut off", begins)
            yield Rejection(begins, self._key(names, fields), "", problem)

    @property
    def _needed(self) -> tuple[str, ...]:
        return (*self.columns, *([self.key] if self.key is not None else []))

    def _absent(self, names: Sequence[str]) -> list[str]:
        return [name for name in dict.fromkeys(self._needed) if name not in names]

    def _known(self, names: Sequence[str]) -> str:
        """Those that the mapping needs: where the header is missing, the others are what is said of a person."""
        known = [name for name in dict.fromkeys(names) if name in self._needed]
        if known:
            return f"of which the mapping needs: {', '.join(known)}"
        return "and the mapping needs none of them: is the header missing, or the delimiter another one"

    def _key(self, names: Sequence[str], fields: list[str]) -> str | None:
        """Of a row that has other fields than it should: where the key stands first, or nothing is moved by that."""
        if self.key is None or not fields:
            return None
        at = names.index(self.key)
        if at and len(fields) != len(names):
            return None
        return fields[at].strip() or None

    def _names(self, rows: Iterator[Row], lines: Lines) -> Sequence[str]:
        if not isinstance(self.header, bool):
            return self.header
        line, _, fields, problem = next(rows)
        if problem:
            raise lines.refused(f"the header cannot be read: {problem}", line)
        names = [field.strip() for field in fields]
        if twice := _repeated(names):
            raise lines.refused(f"the header has a column more than once, {self._known(twice)}", line)
        if absent := self._absent(names):
            there = f"There are {len(names):,} columns, {self._known(names)}"
            raise lines.refused(f"a needed column is missing: {', '.join(absent)}. {there}", line)
        return names

    def _before_trailer(self, rows: Iterator[Row], pattern: re.Pattern[str], delimiter: str) -> Iterator[Row]:
        held: Row | None = None
        count = -1
        for row in rows:
            if held is not None:
                yield held
            held = row
            count += 1
        found = pattern.match(delimiter.join(held[2])) if held is not None else None
        if held is None or found is None:
            raise FeedRefused(f"{self.path.name}: the trailer is missing at the end of the file; it is cut off.")
        said = (found.groupdict().get("count", str(count)) or "").strip()
        if not said.isdecimal() or int(said) != count:
            number = f"{said} rows" if said.isdecimal() else "no number of rows"
            raise FeedRefused(
                f"{self.path.name}: line {held[0]:,}: the trailer says {number} and there are {count:,}. "
                "Ask the sender for the whole file."
            )


def _repeated(names: Sequence[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if name and times > 1]
