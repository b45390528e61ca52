"""Reads a company's folder of mapping files; every mistake in every file is shown at once, with its line."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path

from mappings import files as reader
from mappings.assembly import Assembly
from mappings.certificates import CertificatesFile
from mappings.company import CompanyMapping
from mappings.model.grants import PathsFile, RolesFile
from mappings.model.people import CompanyFile, MappingFile, SourceFile
from mappings.model.requirements import RequirementsFile
from mappings.prerequisites import Prerequisites
from mappings.problems import Document, Place, Problems, known
from mappings.schema import validate

FILES = ("mapping.yaml", "roles.yaml", "paths.yaml", "requirements.yaml", "certificates.yaml")
"""The first must be there; the others may be."""

SOURCES = "sources"
"""The folder with a file for each of several sources."""

BESIDE = ("courses.yaml", "imports.yaml")
"""YAML files that may lie in the folder without being part of the mapping."""


def load(folder: Path | Traversable) -> CompanyMapping:
    """The mapping in ``folder``. Raises MappingError with a line ``file:line: field: what`` for each mistake."""
    problems = Problems()
    documents = _documents(folder, problems)
    head, roles, paths, requirements, certificates = documents
    mapping_file = _mapping(head, problems) if head else None
    roles_file = validate(RolesFile, roles, problems) if roles else None
    paths_file = validate(PathsFile, paths, problems) if paths else None
    requirements_file = validate(RequirementsFile, requirements, problems) if requirements else None
    certificates_file = validate(CertificatesFile, certificates, problems) if certificates else None
    if mapping_file is None or head is None:
        problems.raise_if_any()
        raise AssertionError("a mapping file that cannot be used has a problem")
    if isinstance(mapping_file, MappingFile):
        source_files = []
        files: list[tuple[str, SourceFile, Document]] = [(mapping_file.source.name, mapping_file, head)]
    else:
        source_files = [f"{SOURCES}/{name}.yaml" for name in mapping_file.sources]
        files = _sources(folder, mapping_file, head, problems)
    company = Assembly(mapping_file, head, files, problems)
    if roles_file and roles:
        company.add_roles(roles_file, roles)
    before = Prerequisites(
        paths_file.paths if paths_file else (), requirements_file.requirements if requirements_file else ()
    )
    if paths_file and paths:
        company.add_paths(paths_file, paths, before)
        if requirements_file or not requirements:
            before.check_paths(paths, problems)
    paths_known = paths_file is not None or not (folder / FILES[2]).is_file()
    if requirements_file and requirements:
        company.add_requirements(requirements_file, requirements, before, known_paths=paths_known)
    if certificates_file and certificates:
        known_rules = paths_known and (requirements_file is not None or not (folder / FILES[3]).is_file())
        company.add_certificates(certificates_file, certificates, known_rules)
    problems.raise_if_any()
    return company.finish(_digest(folder, [*FILES, *source_files]), before)


def _mapping(head: Document, problems: Problems) -> MappingFile | CompanyFile | None:
    """``mapping.yaml``, of one source or of several."""
    if "sources" in head.data:
        return validate(CompanyFile, head, problems)
    return validate(MappingFile, head, problems)


def _sources(
    folder: Path | Traversable, company: CompanyFile, head: Document, problems: Problems
) -> list[tuple[str, SourceFile, Document]]:
    """The file of each source, as far as it can be used."""
    found = []
    for i, name in enumerate(company.sources):
        file = folder / SOURCES / f"{name}.yaml"
        at = head.at(("sources", i))
        if name in company.sources[:i]:
            problems.add(at, f"{name} stands here twice: keep one")
        elif not file.is_file():
            problems.add(at, f"there is no file {SOURCES}/{name}.yaml beside this one")
        elif (document := reader.read(file, problems)) and (spec := validate(SourceFile, document, problems)):
            if spec.source.name != name:
                problems.add(document.at(("source", "name")), f"must be {name}, as the file is called")
            found.append((name, spec, document))
    return found


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


def _digest(folder: Path | Traversable, names: Iterable[str]) -> str:
    digest = sha256(version("moodle-connector").encode())  # a newer version may map otherwise
    for name in names:
        file = folder.joinpath(*name.split("/"))
        content = file.read_bytes() if file.is_file() else b""
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
