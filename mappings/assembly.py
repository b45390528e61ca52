"""Puts together what the files of a mapping say, once each is well-formed; mistakes between them are found here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connector.domain.certificates import CertificateTemplate
from connector.domain.grants import LearningPath, Requirement
from mappings import checks, granting, paths, rules, templates
from mappings.assignable import assignable
from mappings.certificates import CertificatesFile, check_earned, check_numbers
from mappings.certificates import templates as certificate_templates
from mappings.company import CompanyMapping, SourceMapping
from mappings.conditions import Condition, ConditionError, Conditions
from mappings.fields import Field
from mappings.model.grants import PathsFile, PathSpec, RolesFile
from mappings.model.people import AttributeSpec, CompanyFile, MappingFile, SourceFile
from mappings.model.requirements import RequirementsFile, RequirementSpec
from mappings.model.sources import SourceSettings
from mappings.person import REQUIRED, PersonMaker, SourceMapper, compile_fields, compile_removed
from mappings.prerequisites import Prerequisites
from mappings.problems import Document, Place, Problems, known
from mappings.problems import Path as Way
from mappings.refused import Refused

ROLE_IDS = {"manager": 1, "coursecreator": 2, "editingteacher": 3, "teacher": 4, "student": 5}
"""Moodle's roles and their ids on a fresh site; no web service lists them."""

_TYPES: dict[str, type] = {"string": str, "int": int, "bool": bool, "date": str}


def _columns(fields: Iterable[Field]) -> frozenset[str]:
    return frozenset[str]().union(*(field.columns for field in fields))


class Assembly:
    """Puts together what the files say; mistakes go to ``problems``."""

    def __init__(
        self,
        file: MappingFile | CompanyFile,
        document: Document,
        sources: Sequence[tuple[str, SourceFile, Document]],
        problems: Problems,
    ) -> None:
        self._file = file
        self._document = document
        self._problems = problems
        self._sources = {name: spec for name, spec, _ in sources}
        self._attribute_specs: dict[str, AttributeSpec] = {}
        self._fields: dict[str, list[Field]] = {}
        self._removed: dict[str, Field | None] = {}
        sole = isinstance(file, MappingFile)
        for name, spec, of_source in sources:
            self._add_attributes(spec, of_source)
            self._fields[name] = compile_fields(spec, of_source, problems, sole=sole)
            self._removed[name] = compile_removed(spec, of_source, problems)
            self._check_source(spec.source, of_source)
        if isinstance(file, CompanyFile):
            self._check_several(file)
        self._attributes = {name: _TYPES[spec.type] for name, spec in self._attribute_specs.items()}
        self._role_ids = dict(ROLE_IDS)
        self._audiences: dict[str, str] = {}
        self._rules: list[rules.Rule] = []
        self._paths: list[LearningPath] = []
        self._requirements: list[Requirement] = []
        self._certificates: tuple[CertificateTemplate, ...] = ()
        self._needed: set[str] = set()
        self._path_specs: tuple[PathSpec, ...] = ()
        self._requirement_specs: tuple[RequirementSpec, ...] = ()
        self._types = self._variables()
        self._conditions = Conditions(self._types)
        self._scope = self._condition(file.scope, document, ("scope",)) if file.scope else None
        self._add_cohorts()

    def _add_attributes(self, spec: SourceFile, document: Document) -> None:
        for name, attribute in spec.attributes.items():
            known_as = self._attribute_specs.setdefault(name, attribute)
            if known_as.type != attribute.type:
                self._problems.add(
                    document.at(("attributes", name, "type")), f"another source says that it is a {known_as.type}"
                )

    def _check_several(self, file: CompanyFile) -> None:
        """Together the sources must say what nobody can be without, and orders name what is there."""
        said = {field.name: name for name, fields in self._fields.items() for field in fields}
        if len(self._sources) < len(file.sources):
            return  # what a file that cannot be used says is not known
        for name in REQUIRED:
            if name not in said:
                self._problems.add(self._document.at(("sources",)), f"no source maps {name}, which everybody needs")
        if not any(spec.source.authoritative for spec in self._sources.values()):
            self._problems.add(self._document.at(("sources",)), "one of them at least must be authoritative")
        for name, order in file.precedence.items():
            if name not in said or name == "key":
                self._problems.add(
                    self._document.at(("precedence", name)), f"no source maps {name}; {known(name, said)}"
                )
            for i, source in enumerate(order):
                if source not in file.sources:
                    self._problems.add(
                        self._document.at(("precedence", name, i)),
                        f"there is no source {source}; {known(source, file.sources)}",
                    )

    def _variables(self) -> dict[str, type]:
        """What conditions and templates may name: the employment, the account fields that are mapped, attributes."""
        employment = dict.fromkeys(rules.EMPLOYMENT, str) | {"active": bool}
        mapped = [spec.person for spec in self._sources.values()]
        account = {name: str for name in checks.ACCOUNT if any(getattr(person, name) is not None for person in mapped)}
        return {**employment, **account, "idnumber": str, **self._attributes}

    def _check_source(self, source: SourceSettings, document: Document) -> None:
        try:
            checks.timezone(source.timezone)
        except Refused as refused:
            self._problems.add(document.at(("source", "timezone")), str(refused))
        spoken = paths.language(source)
        for name, path in source.fields.items():
            if spoken and (wrong := spoken.wrong(path, source.namespaces)):
                self._problems.add(document.at(("source", "fields", name)), wrong)

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

    def add_paths(self, file: PathsFile, document: Document, before: Prerequisites) -> None:
        """Learning paths, in the order of the file."""
        self._path_specs = file.paths
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
            self._paths.append(
                LearningPath(spec.code, spec.name, spec.courses, spec.order == "strict", spec.cohort_idnumber)
            )
            self._check_way(spec, document, ("paths", i))
            groups = self._groups(spec, document, ("paths", i))
            if when := self._condition(spec.audience, document, ("paths", i, "audience")):
                self._rules.append(granting.path(spec, when, before.of_path(spec), groups))
            self._needed.update(before.of_path(spec), spec.courses[:-1] if spec.order == "strict" else ())

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

    def add_requirements(
        self, file: RequirementsFile, document: Document, before: Prerequisites, known_paths: bool
    ) -> None:
        """Requirements; their paths must exist (unless the file of the paths is wrong itself)."""
        self._requirement_specs = file.requirements
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
            if known_paths:
                before.check_requirement(i, spec, document, self._problems)
            needs = before.of_requirement(spec)
            self._needed.update(needs)
            audience = spec.audience or self._audiences.get(spec.path)
            self._requirements.append(_requirement(spec))
            where: Way = (*at, "audience") if spec.audience else (*at, "path")
            if audience and (when := self._condition(audience, document, where)):
                self._rules.append(granting.requirement(spec, spec.due, when, needs))
            for j, also in enumerate(spec.also):
                if when := self._condition(also.audience, document, (*at, "also", j, "audience")):
                    self._rules.append(granting.requirement(spec, also.due, when, needs))

    def add_certificates(self, file: CertificatesFile, document: Document, known_rules: bool) -> None:
        """What is certified; requirements and courses must be there (unless their files are wrong themselves)."""
        if known_rules:
            courses = [course for spec in self._path_specs for course in spec.courses]
            requirements = [spec.code for spec in self._requirement_specs]
            check_earned(file, document, requirements, courses, self._problems)
        check_numbers(file, document, self._problems)
        self._certificates = certificate_templates(file)

    def finish(self, digest: str, before: Prerequisites) -> CompanyMapping:
        """The mapping, once nothing is wrong."""
        file = self._file
        return CompanyMapping(
            digest=digest,
            sources={name: self._source(name) for name in self._sources},
            paths=tuple(self._paths),
            requirements=tuple(self._requirements),
            certificates=self._certificates,
            prerequisites=frozenset(self._needed),
            role_ids=self._role_ids,
            create_only=frozenset(
                field.name for fields in self._fields.values() for field in fields if not field.spec.compare
            ),
            protected=frozenset(name.strip().lower() for name in file.protected),
            assignable=assignable(self._path_specs, self._requirement_specs, before),
            people=PersonMaker(
                self._fields,
                self._attribute_specs,
                self._timezones(),
                file.precedence if isinstance(file, CompanyFile) else {},
                [name for name, spec in self._sources.items() if spec.source.authoritative],
            ),
            rules=rules.Rules(self._rules, self._attributes),
            scope=rules.Scope(self._scope, self._attributes) if self._scope else None,
        )

    def _timezones(self) -> dict[str, str]:
        """Of each source, those first that name people."""
        sources = sorted(self._sources.items(), key=lambda item: not item[1].source.authoritative)
        return {name: spec.source.timezone for name, spec in sources}

    def _source(self, name: str) -> SourceMapping:
        fields, removed, settings = self._fields[name], self._removed[name], self._sources[name].source
        read = [*fields, *([removed] if removed else [])]
        table = paths.language(settings) is None
        return SourceMapping(
            settings,
            columns=_columns(field for field in read if table or field.indispensable),
            expressions=paths.expressions(settings, _columns(read)),
            key_column=next(field.column for field in fields if field.group == "key") or None,
            mapper=SourceMapper(fields, removed),
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
    if again := spec.recertify:
        return Requirement(spec.code, spec.name, spec.path, again.months, again.window_days, again.grace_days)
    return Requirement(spec.code, spec.name, spec.path)
