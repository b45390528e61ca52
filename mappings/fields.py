"""One field: from the record through its transforms to a value that Moodle takes, compiled when loaded."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from mappings import paths, templates, transforms
from mappings.checks import Check, characters
from mappings.model.people import FieldSpec, Origin
from mappings.model.sources import SourceSettings
from mappings.problems import Document, Path, Problems, known
from mappings.refused import Refused

Texts = Mapping[str, str]
Group = Literal["key", "removed", "account", "profile", "employment", "attribute"]

MEMO = 16_384
"""Values remembered for each field (days of a working life are ten thousand); beyond that it starts afresh."""


@dataclass(frozen=True, slots=True)
class Trace:
    """How a field came to its value: where from, what stood there, each step's result. ``refused`` where it failed."""

    field: str
    origin: str
    raw: str = ""
    steps: tuple[tuple[str, str], ...] = ()
    value: str = ""
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Pipe:
    """An origin and its transforms. ``fetch`` takes the record's texts and the fields that are known already."""

    origin: str
    fetch: Callable[[Texts, Texts], str]
    steps: tuple[tuple[str, transforms.Step], ...]
    columns: frozenset[str]
    needs: frozenset[str]
    plain: bool = False
    """True where it is just a column."""

    def run(self, record: Texts, values: Texts) -> str:
        """The value after the transforms. Raises Refused."""
        return self.transform(self.fetch(record, values))

    def transform(self, raw: str, note: list[tuple[str, str]] | None = None) -> str:
        """Take ``raw`` through the transforms, noting each result for an explanation."""
        value = clean(raw)
        for name, step in self.steps:
            value = step(value)
            if note is not None:
                note.append((name, value))
        return value


class Values(dict[str, str]):
    """Finished values by what stood in the record, made where they are missing: most fields have few."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, raw: str) -> str:
        value = self._make(raw)
        if len(self) >= MEMO:
            self.clear()
        self[raw] = value
        return value


class Field:
    """A field of a person, ready to run.

    ``column``: of a plain field, "" of others. ``values``: the value of each text that stood there; asking for one
    raises Refused where it cannot be used.
    """

    __slots__ = ("_check", "_pipe", "clears", "column", "fetch", "group", "name", "needs", "spec", "values")

    def __init__(self, name: str, group: Group, spec: FieldSpec, pipe: Pipe, check: Check) -> None:
        self.name = name
        self.group = group
        self.spec = spec
        self.clears = spec.when_empty == "clear"
        self._pipe = pipe
        self.column = next(iter(pipe.columns)) if pipe.plain else ""
        self.fetch = pipe.fetch
        self.needs = pipe.needs
        self.values = Values(self._value)
        self._check = check

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the record that it reads."""
        return self._pipe.columns

    @property
    def indispensable(self) -> bool:
        """Whether nobody can be without what its one column holds."""
        return self._pipe.plain and self.spec.when_empty == "reject"

    def reason(self, refused: Refused) -> str:
        """A sentence about what ``read`` refused."""
        subject = f"column {next(iter(self.columns))}" if len(self.columns) == 1 else "the value"
        return f"{subject} {refused}"

    def trace(self, record: Texts, values: Texts) -> Trace:
        """What ``read`` does, step by step."""
        raw, note = "", list[tuple[str, str]]()
        try:
            raw = self._pipe.fetch(record, values)
            value = self._finish(self._pipe.transform(raw, note))
        except Refused as refused:
            return Trace(self.name, self._pipe.origin, raw, tuple(note), refused=self.reason(refused))
        return Trace(self.name, self._pipe.origin, raw, tuple(note), value)

    def _value(self, raw: str) -> str:
        return self._finish(self._pipe.transform(raw))

    def _finish(self, value: str) -> str:
        if self._pipe.steps:
            value = clean(value)
        if value:
            return self._check(value)
        if self.spec.when_empty == "reject":
            raise Refused("is empty, and must not be")
        return self.spec.default or ""


def clean(raw: str) -> str:
    """Without white space around, composed (NFC): what looks alike is alike."""
    return (raw if raw.isascii() else unicodedata.normalize("NFC", raw)).strip()


@dataclass(frozen=True, slots=True)
class FieldCompiler:
    """Compiles the fields of one mapping file; mistakes go to ``problems``. ``names`` may stand in templates."""

    document: Document
    problems: Problems
    source: SourceSettings
    tables: transforms.Tables
    names: Collection[str]

    def field(self, name: str, group: Group, spec: FieldSpec, path: Path, check: Check) -> Field | None:
        """The compiled field, or None where something in it is wrong."""
        pipe = self._pipe(spec, path)
        if spec.default is not None:
            try:
                check(clean(spec.default))
            except Refused as refused:
                self._wrong((*path, "default"), str(refused))
        return Field(name, group, spec, pipe, check) if pipe else None

    def _pipe(self, origin: Origin, path: Path) -> Pipe | None:
        before = len(self.problems.found)
        steps = tuple(self._step(given, (*path, "transforms", i)) for i, given in enumerate(origin.transforms))
        pipe = self._origin(origin, path, steps)
        return pipe if len(self.problems.found) == before else None

    def _origin(self, origin: Origin, path: Path, steps: tuple[tuple[str, transforms.Step], ...]) -> Pipe:
        none: frozenset[str] = frozenset()
        if origin.value is not None:
            constant = origin.value
            self._constant(constant, (*path, "value"))
            return Pipe("value", lambda _record, _values: constant, steps, none, none)
        if origin.template is not None:
            return self._template(origin.template, path, steps)
        if origin.first_of is not None:
            pipes = [self._pipe(each, (*path, "first_of", i)) for i, each in enumerate(origin.first_of)]
            return _first_of([pipe for pipe in pipes if pipe], steps)
        path_given = paths.given(origin)
        column = path_given[1] if path_given else self._named(origin.column or "")
        if path_given:
            self._check_path(*path_given, path)
        else:
            self._check_column(origin.column or "", (*path, "column"))
        return Pipe(f"column {column}", self._column(column), steps, frozenset({column}), none, plain=True)

    def _check_path(self, word: str, given: str, path: Path) -> None:
        spoken = paths.language(self.source)
        if spoken is None or spoken.origin != word:
            meant = next(name for name, each in paths.LANGUAGES.items() if each.origin == word)
            instead = spoken.origin if spoken else "column"
            self._wrong((*path, word), f"is for format {meant}; the source is {self.source.format}: use {instead}")
        elif wrong := spoken.wrong(given, self.source.namespaces):
            self._wrong((*path, word), wrong)
        elif self.source.fields.get(given, given) != given:
            self._wrong((*path, word), f"{given} is a name in source.fields too; use column")

    def _check_column(self, column: str, path: Path) -> None:
        spoken = paths.language(self.source)
        declared = self.source.fields if spoken else paths.columns(self.source)
        closed = declared or (spoken is not None and spoken.of_name is None)
        if closed and column not in declared:
            where = "source.fields" if spoken else "source.columns" if self.source.columns else "what SCIM gives"
            self._wrong(path, f"{column} is not in {where}; {known(column, declared)}")

    def _named(self, column: str) -> str:
        """The name under which a column stands in a record: of one that nothing declares, its path."""
        spoken = paths.language(self.source)
        return spoken.of_name(column) if spoken and spoken.of_name and not self.source.fields else column

    def _column(self, column: str) -> Callable[[Texts, Texts], str]:
        return _column(column, optional=paths.language(self.source) is not None)

    def _template(self, text: str, path: Path, steps: tuple[tuple[str, transforms.Step], ...]) -> Pipe:
        try:
            template = templates.parse(text, self.names, columns=True)
        except ValueError as error:
            self._wrong((*path, "template"), str(error))
            template = templates.Template(("",), ())
        columns = {
            name: self._named(name.removeprefix("column:")) for name in template.names if name.startswith("column:")
        }
        fetchers = {name: self._column(column) for name, column in columns.items()}

        def fetch(record: Texts, values: Texts) -> str:
            if not fetchers:
                return template.fill(values)
            return template.fill({**values, **{name: clean(get(record, values)) for name, get in fetchers.items()}})

        needs = frozenset(template.names) - columns.keys()
        return Pipe(f"template {text}", fetch, steps, frozenset(columns.values()), needs)

    def _step(self, given: str | dict[str, object], path: Path) -> tuple[str, transforms.Step]:
        name, options = (given, None) if isinstance(given, str) else next(iter(given.items()), ("", None))
        try:
            if isinstance(given, dict) and len(given) != 1:
                raise ValueError("a transform is one name, or one name with its options: begin each with a dash")
            return name, transforms.build(name, options, self.tables)
        except ValueError as error:
            self._wrong(path, str(error))
            return name, str

    def _constant(self, value: str, path: Path) -> None:
        try:
            characters(value)
        except Refused as refused:
            self._wrong(path, str(refused))

    def _wrong(self, path: Path, message: str) -> None:
        self.problems.add(self.document.at(path), message)


def _column(column: str, optional: bool) -> Callable[[Texts, Texts], str]:
    """Reads a column. In XML and JSON what is not there is empty; in a table a column must be there."""

    def fetch(record: Texts, _values: Texts) -> str:
        raw = record.get(column)
        if raw is not None:
            return raw
        if optional:
            return ""
        raise Refused("is not in the feed")

    return fetch


def _first_of(pipes: list[Pipe], steps: tuple[tuple[str, transforms.Step], ...]) -> Pipe:
    def fetch(record: Texts, values: Texts) -> str:
        for pipe in pipes:
            if value := pipe.run(record, values):
                return value
        return ""

    origin = f"first of {', '.join(pipe.origin for pipe in pipes)}"
    columns = frozenset[str]().union(*(pipe.columns for pipe in pipes))
    return Pipe(origin, fetch, steps, columns, frozenset[str]().union(*(pipe.needs for pipe in pipes)))
