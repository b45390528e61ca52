"""What ``imports.yaml`` says: how files of former systems are read, and what their rows mean."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from connector.domain.importing import Kind
from mappings import checks
from mappings.company import CompanyMapping
from mappings.files import read
from mappings.model.sources import Gates
from mappings.model.words import Code, Strict, Text, known_encoding
from mappings.problems import Document, Problems, known
from mappings.refused import Refused
from mappings.schema import validate
from mappings.transforms import build

FILE = "imports.yaml"


class ColumnsSpec(Strict):
    """The columns of the file by what they say. Who is meant stands in ``person`` (a key of HR), or in ``email``."""

    person: Text | None = None
    email: Text | None = None
    lastname: Text | None = None
    course: Text | None = None
    date: Text | None = None
    score: Text | None = None
    score_max: Text | None = None
    certificate: Text | None = None
    number: Text | None = None
    expires: Text | None = None


class ImportSpec(Strict):
    """A former system, one kind of its files.

    ``courses`` and ``certificates``: what the file calls them, and what they are here; "" is left out. ``dates``:
    forms as in the transform ``date``, with a time too. ``gates``: as of a source of HR.
    """

    name: Code
    kind: Literal["completions", "certificates"] = "completions"
    encoding: Annotated[str, AfterValidator(known_encoding)] = "auto"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    skip_lines: Annotated[int, Field(ge=0)] = 0
    timezone: Text = "UTC"
    dates: Annotated[tuple[Text, ...], Field(min_length=1)] = ("iso",)
    columns: ColumnsSpec = ColumnsSpec()
    courses: dict[Text, str] = Field(default={})
    certificates: dict[Text, str] = Field(default={})
    other_courses: Literal["reject", "leave_out"] = "reject"
    gates: Gates = Gates()


class ImportsFile(Strict):
    """``imports.yaml``."""

    version: Literal["1"]
    imports: tuple[ImportSpec, ...]


NEEDED: Mapping[Kind, tuple[str, ...]] = {
    Kind.COMPLETIONS: ("course", "date"),
    Kind.CERTIFICATES: ("certificate", "number", "date"),
}


def load_imports(folder: Path | Traversable, company: CompanyMapping) -> tuple[ImportSpec, ...]:
    """What ``imports.yaml`` in the mapping's folder says; nothing where there is none. Raises MappingError."""
    if not (folder / FILE).is_file():
        return ()
    problems = Problems()
    document = read(folder / FILE, problems)
    file = validate(ImportsFile, document, problems) if document else None
    if file and document:
        seen: set[str] = set()
        for i, spec in enumerate(file.imports):
            if spec.name in seen:
                problems.add(
                    document.at(("imports", i, "name")), f"{spec.name} is taken: a name stands for one import"
                )
            seen.add(spec.name)
            _check(spec, document, i, company, problems)
    problems.raise_if_any()
    return file.imports if file else ()


def _check(spec: ImportSpec, document: Document, i: int, company: CompanyMapping, problems: Problems) -> None:
    """What one entry names must be there."""
    at = ("imports", i)
    try:
        checks.timezone(spec.timezone)
    except Refused as refused:
        problems.add(document.at((*at, "timezone")), str(refused))
    for j, form in enumerate(spec.dates):
        try:
            build("date", [form], {})
        except ValueError as error:
            problems.add(document.at((*at, "dates", j)), str(error))
    columns = spec.columns
    missing = [name for name in NEEDED[Kind(spec.kind)] if getattr(columns, name) is None]
    if missing:
        problems.add(document.at((*at, "columns")), f"{spec.kind} need a column for {', '.join(missing)}")
    if columns.person is None and columns.email is None:
        problems.add(
            document.at((*at, "columns")), "say who is meant: a column for person (a key of HR), or for email"
        )
    targets = courses_of(company)
    for name, target in spec.courses.items():
        if target and target not in targets:
            message = f"no path has a course {target}, and no requirement is called so; {known(target, targets)}"
            problems.add(document.at((*at, "courses", name)), message)
    codes = {template.code for template in company.certificates}
    for name, target in spec.certificates.items():
        if target and target not in codes:
            message = f"there is no certificate {target}; {known(target, codes)}"
            problems.add(document.at((*at, "certificates", name)), message)


def courses_of(company: CompanyMapping) -> dict[str, tuple[str, ...]]:
    """What a course of a file may be: a course of a path, or a requirement, which is all courses of its path."""
    paths = {path.code: tuple(path.courses) for path in company.paths}
    each = {one.code: paths.get(one.path, ()) for one in company.requirements}
    return each | {course: (course,) for courses in paths.values() for course in courses}


def usual(name: str, kind: Kind) -> ImportSpec:
    """How a file is read of which ``imports.yaml`` says nothing: each column has the name of what it says."""
    columns = ColumnsSpec(**{column: column for column in ColumnsSpec.model_fields})
    return ImportSpec(name=name, kind=kind.value, columns=columns)


def needed(spec: ImportSpec, *, named: bool) -> tuple[str, ...]:
    """The columns that a file must have: those that the mapping has ``named``, else what nothing goes without."""
    columns = spec.columns
    if named:
        return tuple(sorted({column for name in ColumnsSpec.model_fields if (column := getattr(columns, name))}))
    return ("person", *NEEDED[Kind(spec.kind)])
