"""From a record to a person: all fields in the order in which they need each other, then the rules between fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter

from connector.domain.people import Attribute, Person, Record, Rejection, Removed, Said
from mappings import checks
from mappings.conditions import RESERVED
from mappings.employment import EMPLOYMENT, ENDING, Employments
from mappings.fields import Field, FieldCompiler, Group, Trace
from mappings.model.people import AttributeSpec, FieldSpec, SourceFile
from mappings.problems import Document, Path, Problems
from mappings.refused import Refused

REQUIRED = ("key", "username", "firstname", "lastname", "email")
"""What nobody can be without."""
BETWEEN = "\x1f"
"""Stands between the parts of a field that has several: no text of a feed may have it."""
_SEVERAL = ("earlier_keys", "units_above")
_NEVER_CLEARED = (*REQUIRED, "auth", "idnumber")
_CONVERT: dict[str, Callable[[str], Attribute]] = {
    "string": lambda text: text,
    "int": lambda text: int(text) if text else None,
    "bool": lambda text: text == "true" if text else None,
    "date": lambda text: _day(text),
}


class SourceMapper:
    """What one source says of a person, by compiled ``fields``, which stand in the order of their needs.

    ``removed``: what says that somebody is gone, where the source can tell that. Then only the key is read.
    """

    def __init__(self, fields: Sequence[Field], removed: Field | None = None) -> None:
        self.fields = tuple(fields)
        self._separators = [(f.name, f.spec.separator or ",") for f in fields if f.name in _SEVERAL]
        self._key = next(f for f in fields if f.name == "key")
        self._removed = removed
        self._of_removed = (*([removed] if removed else []), *_leading_to(self._key, fields))

    def key(self, raw: str) -> str | None:
        """The key of whom a row is about that cannot be split, where ``raw`` stood as its key and is one."""
        try:
            return self._key.values[raw]
        except Refused:
            return None

    def is_removed(self, texts: Mapping[str, str]) -> bool:
        """Does a row only say that somebody is gone? What it needs otherwise it may lack then."""
        try:
            return self._removed is not None and bool(self._removed.values[self._removed.fetch(texts, {})])
        except Refused:
            return False

    def said(self, record: Record) -> dict[str, str] | Removed | list[Rejection]:
        """Checked values by the name of their field, "" for nothing; or everything that is wrong with the record."""
        if self._removed is None:
            return self._values(record, self.fields)
        told = self._values(record, self._of_removed)
        if isinstance(told, list):
            return told
        return Removed(record.line, told["key"]) if told["removed"] else self._values(record, self.fields)

    def _values(self, record: Record, fields: Sequence[Field]) -> dict[str, str] | list[Rejection]:
        values: dict[str, str] = {}
        refused: dict[str, str] = {}
        texts = record.fields
        for field in fields:
            if refused and not field.needs.isdisjoint(refused.keys() | field.needs - values.keys()):
                continue  # what it is made of is wrong already
            raw = texts.get(field.column)  # most fields are a column: saves a call for each of them
            try:
                values[field.name] = field.values[field.fetch(texts, values) if raw is None else raw]
            except Refused as error:
                refused[field.name] = field.reason(error)
        if refused:
            key = values.get("key")
            return [Rejection(record.line, key, name, reason) for name, reason in refused.items()]
        for name, separator in self._separators:
            if text := values.get(name):
                values[name] = BETWEEN.join(part.strip() for part in text.split(separator))
        return values

    def trace(self, record: Record) -> tuple[Trace, ...]:
        """How each field came to its value."""
        values: dict[str, str] = {}
        traces = []
        for field in self._of_removed if self.is_removed(record.fields) else self.fields:
            if field.needs <= values.keys():
                trace = field.trace(record.fields, values)
                if trace.refused is None:
                    values[field.name] = trace.value
            else:
                missing = ", ".join(sorted(field.needs - values.keys()))
                trace = Trace(field.name, "template", refused=f"needs {missing}, which cannot be used")
            traces.append(trace)
        return tuple(traces)


def _leading_to(wanted: Field, fields: Sequence[Field]) -> list[Field]:
    """``wanted`` and what it is made of, in the order of ``fields``."""
    needed = {wanted.name}
    for field in reversed(fields):
        if field.name in needed:
            needed |= field.needs
    return [field for field in fields if field.name in needed]


class PersonMaker:
    """Makes a person of what the sources say."""

    def __init__(
        self,
        sources: Mapping[str, Sequence[Field]],
        attributes: Mapping[str, AttributeSpec],
        timezones: Mapping[str, str],
        precedence: Mapping[str, Sequence[str]],
        authoritative: Collection[str],
    ) -> None:
        """``sources`` in the order in which they are believed, but for the fields of ``precedence``.

        ``timezones`` by source, those first that name people; ``authoritative`` are these.
        """
        fields = {f.name: f for of_source in reversed([*sources.values()]) for f in of_source}
        clears = {f.name for of_source in sources.values() for f in of_source if f.clears}
        self._account = tuple(name for name, f in fields.items() if f.group == "account")
        self._profile = tuple((n, n.removeprefix("profile:")) for n, f in fields.items() if f.group == "profile")
        self._cleared = tuple(name for name in self._account if name in clears)
        self._cleared_profile = tuple(short for name, short in self._profile if name in clears)
        self._attributes = tuple((name, _CONVERT[spec.type]) for name, spec in attributes.items())
        self._timezones = timezones
        self._says_leave = not fields.keys().isdisjoint({"on_leave", "leave_from"})
        self._unique = {
            source for source, of in sources.items() for f in of if f.name == "username" and f.spec.unique == "suffix"
        }
        self._employments = Employments(
            [name for name, of in sources.items() if name in authoritative and any(f.name in ENDING for f in of)]
        )
        self._together = frozenset(EMPLOYMENT) - precedence.keys()
        self._order = {
            name: sorted(sources, key=lambda source: first.index(source) if source in first else len(first))
            for name, first in ((name, list(precedence.get(name, ()))) for name in fields)
        }

    @property
    def profile_fields(self) -> tuple[str, ...]:
        """Short names of the custom profile fields that a person may have."""
        return tuple(sorted(short for _, short in self._profile))

    def of_one(self, source: str, said: Said, line: int) -> Person | list[Rejection]:
        """The person of whom one source says everything."""
        return self._build(said, line, source, source)

    def of_several(self, said: Mapping[str, Said], line: int) -> Person | list[Rejection]:
        """The person of whom several sources say something: of each field the first that says anything.

        What they say of employment belongs together; see ``mappings.employment``.
        """
        given = self._given(said)
        values = {name: said[source][name] if source else "" for name, source in given.items()}
        key = values["key"]
        lacking = [name for name in REQUIRED if not values.get(name)]
        if lacking:
            return [
                Rejection(line, key or None, name, "no source says it, and nobody can be without it")
                for name in lacking
            ]
        leading = next(source for source in self._timezones if source in said)
        return self._build(values, line, leading, given["username"])

    def given_by(self, said: Mapping[str, Said]) -> dict[str, str]:
        """By field, the source whose word counts, where any says something."""
        return {name: source for name, source in self._given(said).items() if source}

    def _given(self, said: Mapping[str, Said]) -> dict[str, str]:
        leading = self._employments.leading(said)
        silent = {source for source in self._employments.tellers if source != leading} if leading else set()

        def says(source: str, name: str) -> bool:
            return bool(said.get(source, {}).get(name)) and not (source in silent and name in self._together)

        given = {
            name: next((source for source in order if says(source, name)), "") for name, order in self._order.items()
        }
        if leading and given.get("starts") == leading and "starts" in self._together:
            begun = self._employments.begun(said, leading)
            given["starts"] = begun if said[begun].get("starts") else ""
        return given

    def _build(self, values: Said, line: int, leading: str, names: str) -> Person | list[Rejection]:
        """``leading``: the source whose time zone holds where none is said; ``names``: which gave the username."""
        key = values["key"]
        get = values.get
        starts, ends = _day(get("starts", "")), _day(get("ends", ""))
        if starts and ends and starts > ends:
            return [Rejection(line, key, "ends", "the last day of employment is before the first")]
        away, back = _day(get("leave_from", "")), _day(get("leave_until", ""))
        if away and back and away > back:
            return [Rejection(line, key, "leave_until", "the last day of leave is before the first")]
        account = {name: value for name in self._account if (value := values[name])}
        account.setdefault("idnumber", key)
        for name in self._cleared:
            account.setdefault(name, "")
        profile = {short: value for name, short in self._profile if (value := values[name])}
        for short in self._cleared_profile:
            profile.setdefault(short, "")
        return Person(
            key=key,
            account=account,
            profile=profile,
            attributes={name: convert(values[name]) for name, convert in self._attributes},
            unit=get("unit", ""),
            unit_name=get("unit_name", ""),
            units_above=_several(get("units_above", ""), get("unit", "")),
            job_role=get("job_role", ""),
            manager=get("manager", ""),
            starts=starts,
            ends=ends,
            active=get("active") != "false",
            leave_from=away,
            leave_until=back,
            on_leave=get("on_leave") == "true" or away is not None if self._says_leave else None,
            timezone=get("timezone") or self._timezones[leading],
            earlier_keys=_several(get("earlier_keys", ""), key),
            source=leading,
            unique_username=names in self._unique,
        )


def _several(text: str, own: str) -> tuple[str, ...]:
    """The parts of a field, each once; the person's own key or unit may stand among them and is left out."""
    return tuple(dict.fromkeys(part for part in text.split(BETWEEN) if part and part != own)) if text else ()


def compile_fields(file: SourceFile, document: Document, problems: Problems, *, sole: bool) -> list[Field]:
    """All fields of the file in the order of their needs; mistakes go to ``problems``.

    ``sole``: no other source can say what is empty here.
    """
    wanted = _wanted(file, document, problems)
    names = [name for name, group, *_ in wanted if group != "profile"]
    compiler = FieldCompiler(document, problems, file.source, file.tables, names)
    _leave_is_whole(file, document, problems)
    fields: dict[str, Field] = {}
    paths: dict[str, Path] = {}
    for name, group, spec, path, check in wanted:
        _sensible(name, group, spec, document, path, problems, sole=sole)
        if name in (REQUIRED if sole else REQUIRED[:1]) and not spec.when_empty:
            spec = spec.model_copy(update={"when_empty": "reject"})
        paths[name] = path
        if field := compiler.field(name, group, spec, path, check):
            fields[name] = field
    try:
        order = list(TopologicalSorter({n: sorted(f.needs) for n, f in fields.items()}).static_order())
    except CycleError as error:
        circle = error.args[1]
        problems.add(document.at(paths[circle[0]]), f"templates in a circle: {' needs '.join(reversed(circle))}")
        return []
    return [fields[name] for name in order if name in fields]


def compile_removed(file: SourceFile, document: Document, problems: Problems) -> Field | None:
    """What says that somebody is gone, made of the row alone; mistakes go to ``problems``."""
    if file.removed is None:
        return None
    if file.removed.value is not None:
        problems.add(document.at(("removed", "value")), "would say of everybody the same: name what tells it of a row")
    spec = FieldSpec.model_validate(file.removed.model_dump(exclude_unset=True))
    compiler = FieldCompiler(document, problems, file.source, file.tables, ())
    return compiler.field("removed", "removed", spec, ("removed",), lambda value: "" if value == "false" else value)


def _wanted(
    file: SourceFile, document: Document, problems: Problems
) -> list[tuple[str, Group, FieldSpec, Path, checks.Check]]:
    person = file.person
    wanted: list[tuple[str, Group, FieldSpec, Path, checks.Check]] = [
        ("key", "key", file.key, ("key",), checks.ACCOUNT["idnumber"])
    ]
    groups: tuple[tuple[Group, dict[str, checks.Check]], ...] = (
        ("account", checks.ACCOUNT),
        ("employment", checks.EMPLOYMENT),
    )
    for group, table in groups:
        for name, check in table.items():
            if (spec := getattr(person, name)) is not None:
                wanted.append((name, group, spec, ("person", name), check))
    for name, profile_spec in person.profile.items():
        wanted.append((f"profile:{name}", "profile", profile_spec, ("person", "profile", name), checks.PROFILE))
    for name, attribute in file.attributes.items():
        path = ("attributes", name)
        if name == "key" or name in checks.ACCOUNT or name in checks.EMPLOYMENT:
            problems.add(document.at(path), f"{name} is a field of a person already: choose another name")
        elif name in RESERVED:
            problems.add(document.at(path), f"{name} has a meaning in conditions: choose another name")
        wanted.append((name, "attribute", attribute, path, checks.TYPED[attribute.type]))
    return wanted


def _leave_is_whole(file: SourceFile, document: Document, problems: Problems) -> None:
    """A leave begins on a day that HR names, or when HR says that it has."""
    person = file.person
    if person.leave_from and person.on_leave:
        problems.add(document.at(("person", "on_leave")), "leave_from says it already: map one of the two")
    if person.leave_until and not (person.leave_from or person.on_leave):
        problems.add(document.at(("person", "leave_until")), "needs leave_from or on_leave: when the leave begins")


def _sensible(
    name: str, group: Group, spec: FieldSpec, document: Document, path: Path, problems: Problems, *, sole: bool
) -> None:
    """Options that mean nothing for this field are mistakes."""

    def wrong(option: str, message: str) -> None:
        problems.add(document.at((*path, option)), message)

    moodle = group in ("account", "profile")
    if spec.when_empty == "clear" and (not moodle or name in _NEVER_CLEARED):
        wrong("when_empty", "clear empties a field in Moodle, which this one does not allow: use ignore or reject")
    if spec.when_empty == "ignore" and name in (REQUIRED if sole else REQUIRED[:1]):
        wrong("when_empty", f"nobody can be without {name}: use reject or default")
    if not spec.compare and not moodle:
        wrong("compare", "is for Moodle's fields only: this one is not sent to Moodle")
    if spec.unique and name != "username":
        wrong("unique", "is for username only")
    if spec.separator and name not in _SEVERAL:
        wrong("separator", "is for earlier_keys and units_above only")
    if name == "key" and spec.default:
        wrong("default", "a key that many share names nobody: use reject")


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
