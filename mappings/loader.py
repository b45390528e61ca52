"""Reads a company's folder of mapping files; every mistake in every file is shown at once, with its line."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path

from connector.domain.grants import LearningPath, Requirement
from mappings import checks, granting, paths, rules, templates
from mappings import files as reader
from mappings.company import CompanyMapping
from mappings.conditions import Condition, ConditionError, Conditions
from mappings.fields import Field
from mappings.model import MappingFile, PathsFile, PathSpec, RequirementsFile, RequirementSpec, RolesFile
from mappings.person import PersonMapper, compile_fields
from mappings.problems import Document, Place, Problems, known
from mappings.problems import Path as Way
from mappings.refused import Refused
from mappings.schema import validate

FILES = ("mapping.yaml", "roles.yaml", "paths.yaml", "requirements.yaml")
"""The first must be there; the others may be."""

BESIDE = ("courses.yaml",)
"""YAML files that may lie in the folder without being part of the mapping."""

ROLE_IDS = {"manager": 1, "coursecreator": 2, "editingteacher": 3, "teacher": 4, "student": 5}
"""Moodle's roles and their ids on a fresh site; no web service lists them."""

_TYPES: dict[str, type] = {"string": str, "int": int, "bool": bool, "date": str}


def load(folder: Path | Traversable) -> CompanyMapping:
    """The mapping in ``folder``. Raises MappingError with a line ``file:line: field: what`` for each mistake."""
    problems = Problems()
    documents = _documents(folder, problems)
    head, roles, paths, requirements = documents
    mapping_file = validate(MappingFile, head, problems) if head else None
    roles_file = validate(RolesFile, roles, problems) if roles else None
    paths_file = validate(PathsFile, paths, problems) if paths else None
    requirements_file = validate(RequirementsFile, requirements, problems) if requirements else None
    if mapping_file is None or head is None:
        problems.raise_if_any()
        raise AssertionError("a mapping file that cannot be used has a problem")
    company = _Company(mapping_file, head, problems)
    if roles_file and roles:
        company.add_roles(roles_file, roles)
    if paths_file and paths:
        company.add_paths(paths_file, paths)
    paths_known = paths_file is not None or not (folder / FILES[2]).is_file()
    if requirements_file and requirements:
        company.add_requirements(requirements_file, requirements, known_paths=paths_known)
    problems.raise_if_any()
    return company.finish(_digest(folder))


def _documents(folder: Path | Traversable, problems: Problems) -> list[Document | None]:
    try:
        present = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith((".yaml", ".yml")))
    except OSError as error:
        problems.add(Place(str(folder), 1, "folder"), f"cannot be read: {error.strerror or error}")
        problems.raise_if_any()
    for name in present:
        if name not in (*FILES, *BESIDE):
            problems.add(Place(str(folder / name), 1, "file"), f"is no mapping file; {known(name, (*FILES, *BESIDE))}")
    return [reader.read(folder / name, problems) if name in present or name == FILES[0] else None for name in FILES]


def _digest(folder: Path | Traversable) -> str:
    digest = sha256(version("moodle-connector").encode())  # a newer version may map otherwise
    for name in FILES:
        file = folder / name
        content = file.read_bytes() if file.is_file() else b""
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _columns(fields: Iterable[Field]) -> frozenset[str]:
    return frozenset[str]().union(*(field.columns for field in fields))


class _Company:
    """Puts together what the files say; mistakes go to ``problems``."""

    def __init__(self, file: MappingFile, document: Document, problems: Problems) -> None:
        self._file = file
        self._document = document
        self._problems = problems
        self._attributes = {name: _TYPES[spec.type] for name, spec in file.attributes.items()}
        self._role_ids = dict(ROLE_IDS)
        self._audiences: dict[str, str] = {}
        self._rules: list[rules.Rule] = []
        self._paths: list[LearningPath] = []
        self._requirements: list[Requirement] = []
        self._fields = compile_fields(file, document, problems)
        self._types = self._variables()
        self._conditions = Conditions(self._types)
        self._scope = self._condition(file.scope, document, ("scope",)) if file.scope else None
        self._check_source()
        self._add_cohorts()

    def _variables(self) -> dict[str, type]:
        """What conditions and templates may name: the employment, the account fields that are mapped, attributes."""
        employment = dict.fromkeys(rules.EMPLOYMENT, str) | {"active": bool}
        account = {name: str for name in checks.ACCOUNT if getattr(self._file.person, name) is not None}
        return {**employment, **account, "idnumber": str, **self._attributes}

    def _check_source(self) -> None:
        source = self._file.source
        try:
            checks.timezone(source.timezone)
        except Refused as refused:
            self._problems.add(self._document.at(("source", "timezone")), str(refused))
        spoken = paths.language(source)
        for name, path in source.fields.items():
            if spoken and (wrong := spoken.wrong(path, source.namespaces)):
                self._problems.add(self._document.at(("source", "fields", name)), wrong)

    def _add_cohorts(self) -> None:
        for i, spec in enumerate(self._file.cohorts):
            at: Way = ("cohorts", i)
            idnumber = self._template(spec.idnumber, self._document, (*at, "idnumber"))
            name = self._template(spec.name, self._document, (*at, "name"))
            when = self._condition(spec.when, self._document, (*at, "when")) if spec.when else None
            if idnumber and name and (when or not spec.when):
                self._rules.append(granting.cohort(spec, when, idnumber, name))

    def add_roles(self, file: RolesFile, document: Document) -> None:
        """The role table, and the ids of roles beyond those of a fresh site."""
        self._role_ids |= file.role_ids
        for i, spec in enumerate(file.roles):
            self._role(spec.role, document, ("roles", i, "role"))
            context = self._template(str(spec.context), document, ("roles", i, "context"))
            when = self._condition(spec.when, document, ("roles", i, "when"))
            if when and context:
                self._rules.append(granting.role(spec, when, context))

    def add_paths(self, file: PathsFile, document: Document) -> None:
        """Learning paths, in the order of the file."""
        for i, spec in enumerate(file.paths):
            if spec.code in self._audiences:
                self._problems.add(
                    document.at(("paths", i, "code")), f"{spec.code} is taken: a code stands for one path"
                )
            for j, course in enumerate(spec.courses):
                if course in spec.courses[:j]:
                    self._problems.add(
                        document.at(("paths", i, "courses", j)), f"{course} stands here twice: keep one"
                    )
            self._role(spec.enrolment.role, document, ("paths", i, "enrolment", "role"))
            self._audiences[spec.code] = spec.audience
            self._paths.append(LearningPath(spec.code, spec.name, spec.courses, spec.cohort_idnumber))
            self._check_way(spec, document, ("paths", i))
            groups = self._groups(spec, document, ("paths", i))
            if when := self._condition(spec.audience, document, ("paths", i, "audience")):
                self._rules.append(granting.path(spec, when, groups))

    def _check_way(self, spec: PathSpec, document: Document, at: Way) -> None:
        """What belongs to the other way of enrolling, and a cohort whose idnumber Moodle would not hold."""
        for name in spec.only_otherwise:
            way = "enrolment" if spec.by == "cohort" else "cohort"
            self._problems.add(
                document.at((*at, name)), f"is for a path by: {way} only, and this one is by: {spec.by}"
            )
        if len(spec.cohort_idnumber) > 100:
            message = "the code makes an idnumber of over 100 characters: name a cohort"
            self._problems.add(document.at((*at, "code")), message)

    def _groups(self, spec: PathSpec, document: Document, at: Way) -> list[granting.GroupTemplates]:
        """Templates of the groups. Course and group are told apart by the first colon."""
        for j, course in enumerate(spec.courses if spec.groups else ()):
            if ":" in course:
                message = "has a colon, which a course of a path with groups may not have: use its other name"
                self._problems.add(document.at((*at, "courses", j)), message)
        found = []
        for j, group in enumerate(spec.groups):
            idnumber = self._template(group.idnumber, document, (*at, "groups", j, "idnumber"))
            name = self._template(group.name, document, (*at, "groups", j, "name"))
            if idnumber and name:
                found.append((idnumber, name))
        return found

    def add_requirements(self, file: RequirementsFile, document: Document, known_paths: bool) -> None:
        """Requirements; their paths must exist (unless the file of the paths is wrong itself)."""
        codes: set[str] = set()
        for i, spec in enumerate(file.requirements):
            at: Way = ("requirements", i)
            if spec.code in codes:
                self._problems.add(
                    document.at((*at, "code")), f"{spec.code} is taken: a code stands for one requirement"
                )
            codes.add(spec.code)
            if spec.path not in self._audiences and known_paths:
                message = f"there is no path {spec.path}; {known(spec.path, self._audiences)}"
                self._problems.add(document.at((*at, "path")), message)
            audience = spec.audience or self._audiences.get(spec.path)
            self._requirements.append(_requirement(spec))
            where: Way = (*at, "audience") if spec.audience else (*at, "path")
            if audience and (when := self._condition(audience, document, where)):
                self._rules.append(granting.requirement(spec, when))

    def finish(self, digest: str) -> CompanyMapping:
        """The mapping, once nothing is wrong."""
        file = self._file
        table = paths.language(file.source) is None
        return CompanyMapping(
            digest=digest,
            source=file.source,
            columns=_columns(field for field in self._fields if table or field.indispensable),
            expressions=paths.expressions(file.source, _columns(self._fields)),
            key_column=next(field.column for field in self._fields if field.group == "key") or None,
            paths=tuple(self._paths),
            requirements=tuple(self._requirements),
            role_ids=self._role_ids,
            create_only=frozenset(field.name for field in self._fields if not field.spec.compare),
            protected=frozenset(name.strip().lower() for name in file.protected),
            people=PersonMapper(self._fields, file.attributes, file.source.timezone),
            rules=rules.Rules(self._rules, self._attributes),
            scope=rules.Scope(self._scope, self._attributes) if self._scope else None,
        )

    def _role(self, role: str, document: Document, path: Way) -> None:
        if role not in self._role_ids:
            message = f"there is no role {role}; {known(role, self._role_ids)}. Others need their id under role_ids"
            self._problems.add(document.at(path), message)

    def _template(self, text: str, document: Document, path: Way) -> templates.Template | None:
        try:
            return templates.parse(text, self._types, columns=False)
        except ValueError as error:
            self._problems.add(document.at(path), str(error))
            return None

    def _condition(self, text: str, document: Document, path: Way) -> Condition | None:
        try:
            return self._conditions.compile(text)
        except ConditionError as error:
            place = document.at(path)
            literal = document.lines.get((*path, "|"))
            line = literal + error.line if literal else place.line
            self._problems.add(Place(place.file, line, place.field), str(error))
            return None


def _requirement(spec: RequirementSpec) -> Requirement:
    due, again = spec.due, spec.recertify
    return Requirement(
        spec.code,
        spec.name,
        spec.path,
        due.on,
        due.days_after_hire,
        due.days_after_assignment,
        again.months if again else None,
        again.window_days if again else 0,
    )
