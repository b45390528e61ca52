"""From a record to a person: all fields in the order in which they need each other, then the rules between fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter

from connector.domain.people import Attribute, Person, Record, Rejection
from mappings import checks
from mappings.conditions import RESERVED
from mappings.fields import Field, FieldCompiler, Group, Texts, Trace
from mappings.model import AttributeSpec, FieldSpec, MappingFile
from mappings.problems import Document, Path, Problems
from mappings.refused import Refused

_REQUIRED = ("key", "username", "firstname", "lastname", "email")
_SEVERAL = ("earlier_keys", "units_above")
_NEVER_CLEARED = (*_REQUIRED, "auth", "idnumber")
_CONVERT: dict[str, Callable[[str], Attribute]] = {
    "string": lambda text: text,
    "int": lambda text: int(text) if text else None,
    "bool": lambda text: text == "true" if text else None,
    "date": lambda text: _day(text),
}


class PersonMapper:
    """Makes people from records by compiled ``fields``, which stand in the order of their needs."""

    def __init__(self, fields: Sequence[Field], attributes: dict[str, AttributeSpec], timezone: str) -> None:
        self._fields = tuple(fields)
        by_name = {field.name: field for field in fields}
        self._account = tuple(f.name for f in fields if f.group == "account")
        self._profile = tuple((f.name, f.name.removeprefix("profile:")) for f in fields if f.group == "profile")
        self._cleared = tuple(name for name in self._account if by_name[name].clears)
        self._cleared_profile = tuple(
            f.name.removeprefix("profile:") for f in fields if f.clears and f.group == "profile"
        )
        self._attributes = tuple((name, _CONVERT[spec.type]) for name, spec in attributes.items())
        self._timezone = timezone
        self._unique_username = by_name["username"].spec.unique == "suffix"
        self._says_leave = not by_name.keys().isdisjoint({"on_leave", "leave_from"})
        self._separators = {name: by_name[name].spec.separator or "," for name in _SEVERAL if name in by_name}

    def person(self, record: Record) -> Person | list[Rejection]:
        """The person, or everything that is wrong with the record."""
        values: dict[str, str] = {}
        refused: dict[str, str] = {}
        texts = record.fields
        for field in self._fields:
            if refused and not field.needs.isdisjoint(refused.keys() | field.needs - values.keys()):
                continue  # what it is made of is wrong already
            raw = texts.get(field.column)  # most fields are a column: saves a call for each of them
            try:
                values[field.name] = field.values[field.fetch(texts, values) if raw is None else raw]
            except Refused as error:
                refused[field.name] = field.reason(error)
        starts, ends = _day(values.get("starts", "")), _day(values.get("ends", ""))
        if starts and ends and starts > ends:
            refused["ends"] = "the last day of employment is before the first"
        away, back = _day(values.get("leave_from", "")), _day(values.get("leave_until", ""))
        if away and back and away > back:
            refused["leave_until"] = "the last day of leave is before the first"
        if refused:
            key = values.get("key")
            return [Rejection(record.line, key, name, reason) for name, reason in refused.items()]
        return self._build(values, starts, ends)

    def trace(self, record: Record) -> tuple[Trace, ...]:
        """How each field came to its value."""
        values: dict[str, str] = {}
        traces = []
        for field in self._fields:
            if field.needs <= values.keys():
                trace = field.trace(record.fields, values)
                if trace.refused is None:
                    values[field.name] = trace.value
            else:
                missing = ", ".join(sorted(field.needs - values.keys()))
                trace = Trace(field.name, "template", refused=f"needs {missing}, which cannot be used")
            traces.append(trace)
        return tuple(traces)

    def _build(self, values: Texts, starts: date | None, ends: date | None) -> Person:
        key = values["key"]
        account = {name: value for name in self._account if (value := values[name])}
        account.setdefault("idnumber", key)
        for name in self._cleared:
            account.setdefault(name, "")
        profile = {short: value for name, short in self._profile if (value := values[name])}
        for short in self._cleared_profile:
            profile.setdefault(short, "")
        get = values.get
        return Person(
            key=key,
            account=account,
            profile=profile,
            attributes={name: convert(values[name]) for name, convert in self._attributes},
            unit=get("unit", ""),
            unit_name=get("unit_name", ""),
            units_above=self._several("units_above", values, get("unit", "")),
            job_role=get("job_role", ""),
            manager=get("manager", ""),
            starts=starts,
            ends=ends,
            active=get("active") != "false",
            leave_from=_day(get("leave_from", "")),
            leave_until=_day(get("leave_until", "")),
            on_leave=get("on_leave") == "true" or bool(get("leave_from")) if self._says_leave else None,
            timezone=get("timezone") or self._timezone,
            earlier_keys=self._several("earlier_keys", values, key),
            unique_username=self._unique_username,
        )

    def _several(self, name: str, values: Texts, own: str) -> tuple[str, ...]:
        """The parts of a field, each once; the person's own key or unit may stand among them and is left out."""
        text = values.get(name)
        if not text:
            return ()
        parts = (part.strip() for part in text.split(self._separators[name]))
        return tuple(dict.fromkeys(part for part in parts if part and part != own))


def compile_fields(file: MappingFile, document: Document, problems: Problems) -> list[Field]:
    """All fields of the file in the order of their needs; mistakes go to ``problems``."""
    wanted = _wanted(file, document, problems)
    names = [name for name, group, *_ in wanted if group != "profile"]
    compiler = FieldCompiler(document, problems, file.source, file.tables, names)
    _leave_is_whole(file, document, problems)
    fields: dict[str, Field] = {}
    paths: dict[str, Path] = {}
    for name, group, spec, path, check in wanted:
        _sensible(name, group, spec, document, path, problems)
        spec = spec if spec.when_empty or name not in _REQUIRED else spec.model_copy(update={"when_empty": "reject"})
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


def _wanted(
    file: MappingFile, document: Document, problems: Problems
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


def _leave_is_whole(file: MappingFile, document: Document, problems: Problems) -> None:
    """A leave begins on a day that HR names, or when HR says that it has."""
    person = file.person
    if person.leave_from and person.on_leave:
        problems.add(document.at(("person", "on_leave")), "leave_from says it already: map one of the two")
    if person.leave_until and not (person.leave_from or person.on_leave):
        problems.add(document.at(("person", "leave_until")), "needs leave_from or on_leave: when the leave begins")


def _sensible(name: str, group: Group, spec: FieldSpec, document: Document, path: Path, problems: Problems) -> None:
    """Options that mean nothing for this field are mistakes."""

    def wrong(option: str, message: str) -> None:
        problems.add(document.at((*path, option)), message)

    moodle = group in ("account", "profile")
    if spec.when_empty == "clear" and (not moodle or name in _NEVER_CLEARED):
        wrong("when_empty", "clear empties a field in Moodle, which this one does not allow: use ignore or reject")
    if spec.when_empty == "ignore" and name in _REQUIRED:
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
