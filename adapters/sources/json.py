"""JSON files: one object on each line, or a document with a list of objects in it; a JMESPath for each field.

Both are streamed. A refusal may come at the very end (cut off, malformed): use nothing before the iteration has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path

from adapters.sources import encodings, files
from adapters.sources.jmespaths import FieldPath, UnusableError, record_steps
from adapters.sources.json_text import elements, lines
from connector.domain.errors import FeedRefused, MappingError
from connector.domain.people import FeedIdentity, Record, Rejection


@dataclass(frozen=True)
class JsonSource:
    """One JSON file as a ``Source``.

    ``name``: the source's name. ``record``: None for JSON lines; of a document the names that lead to its list of
    people, as a JMESPath without conditions: ``value``, ``data.people``, or ``@`` where the document is the list.
    ``fields``: a JMESPath for each field, from the object of a person. ``separator`` stands between several values.
    ``key``: the field with the person's key, so that a rejected object still tells who is present. ``columns``: fields
    that have to have a value in at least one object. ``encoding``: as JSON has it UTF-8, a byte-order mark is allowed
    where it is ``auto``. ``complete``: absence means something; what is not may be empty. ``removed``: whether values
    say only that somebody is gone, so that they may lack everything else.

    Values become text: true and false, numbers without loss, null and what is not there empty, lists with the
    separator between; an object is no value. Raises MappingError where a path is wrong.
    JSON lines that are cut off at the end of a line cannot be told from whole ones: the gates look at their number.
    """

    path: Path
    _: KW_ONLY
    name: str
    fields: Mapping[str, str]
    record: str | None = None
    key: str | None = None
    columns: Sequence[str] = ()
    separator: str = ","
    encoding: str = "utf-8"
    complete: bool = True
    removed: Callable[[Mapping[str, str]], bool] = files.nobody_removed

    def __post_init__(self) -> None:
        encodings.check(self.encoding)
        if not self.fields:
            raise MappingError("fields: give at least one field with its JMESPath.")
        needed = (*self.columns, *([self.key] if self.key is not None else []))
        if unknown := [name for name in needed if name not in self.fields]:
            raise MappingError(f"columns: {', '.join(unknown)}: not among the fields.")
        _ = self._steps, self._paths  # compiled now, so that a wrong path is told when the source is built

    @cached_property
    def identity(self) -> FeedIdentity:
        """Digest, size and time of the file, read once. Raises FeedRefused where it cannot be read."""
        return files.identify(self.path, source=self.name, complete=self.complete)

    def records(self) -> Iterator[Record | Rejection]:
        """Yield the people as they stand in the file. Raises FeedRefused, see ``Source.records``."""
        files.refuse_changed(self.path, self.identity)
        if self.complete and not self.identity.size:
            raise FeedRefused(f"{self.path.name}: the file is empty; that nobody is left is not believed.")
        with encodings.opened(self.path, self.encoding) as text:
            found = lines(text, self.path.name) if self._steps is None else elements(text, self._steps, self.path.name)
            yield from self._records(found)
        files.refuse_changed(self.path, self.identity)

    def _records(self, found: Iterator[tuple[int, object]]) -> Iterator[Record | Rejection]:
        lacking, anything, anybody = set(self.columns), False, False
        for line, value in found:
            anything = True
            row = self._record(line, value)
            if lacking and isinstance(row, Record):
                lacking -= {name for name in lacking if row.fields[name]}
                anybody = anybody or not self.removed(row.fields)
            yield row
        if self.complete and not anything:
            raise FeedRefused(f"{self.path.name}: there is no object in it; that nobody is left is not believed.")
        if lacking and anybody:
            raise FeedRefused(f"{self.path.name}: no object has a value for: {', '.join(sorted(lacking))}.")

    def _record(self, line: int, value: object) -> Record | Rejection:
        if not isinstance(value, dict):
            return Rejection(line, None, "", "this is no JSON object; give one object for each person")
        try:
            return Record(line, {name: path.text(value) for name, path in self._paths.items()})
        except UnusableError as error:
            return Rejection(line, self._key(value), error.field, str(error))

    def _key(self, value: dict[str, object]) -> str | None:
        try:
            return self._paths[self.key].text(value).strip() or None if self.key is not None else None
        except UnusableError:
            return None

    @cached_property
    def _steps(self) -> tuple[str, ...] | None:
        return None if self.record is None else record_steps(self.record)

    @cached_property
    def _paths(self) -> dict[str, FieldPath]:
        return {name: FieldPath.compiled(name, path, self.separator) for name, path in self.fields.items()}
