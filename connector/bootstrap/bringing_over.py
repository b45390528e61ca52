"""How training records of former systems are brought over."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from pathlib import Path

from adapters.sources import open_source
from connector.bootstrap.kept import Kept
from connector.domain.errors import SettingsError
from connector.domain.gates import Gates
from connector.domain.importing import Kind, Reading
from connector.domain.ports import Source
from connector.store.imports import Imports
from connector.sync.importing import Importing
from mappings.imports import ImportSpec, courses_of, load_imports, needed, usual
from mappings.records import RecordMaker

NAMELESS = "legacy"
"""The source of files of which imports.yaml says nothing."""


class BringingOver(Kept):
    """What former systems know of people."""

    @cached_property
    def imports(self) -> Imports:
        return Imports(self.database, self.site, self.erasures.erased)

    @property
    def importing(self) -> Importing:
        return Importing(self.imports, self.clock)

    @cached_property
    def former_systems(self) -> tuple[ImportSpec, ...]:
        """Those in imports.yaml. Raises MappingError with a line for each mistake."""
        return load_imports(self.settings.mapping, self.mapping) if self.settings.mapping else ()

    def records_of(self, file: Path, name: str | None, kind: Kind | None) -> tuple[Source, Reading, Gates]:
        """A file of a former system, how its rows are read, and when it is not to be trusted."""
        spec = self._spec(name, kind)
        named = spec in self.former_systems
        key = spec.columns.person if named else "person"
        options: dict[str, object] = {
            "name": spec.name,
            "encoding": spec.encoding,
            "delimiter": spec.delimiter,
            "skip_lines": spec.skip_lines,
            "columns": needed(spec, named=named),
            "key": key,
        }
        gates = spec.gates
        limits = Gates(
            gates.min_share,
            gates.max_duplicate_share,
            gates.max_rejected_share,
            timedelta(hours=gates.max_age_hours) if gates.max_age_hours else None,
            gates.min_rows,
        )
        certificates = {one.code for one in self.mapping.certificates}
        reading = RecordMaker(
            spec, courses_of(self.mapping), certificates, self.facts.course_idnumbers(), self.clock()
        )
        return open_source("delimited", file, options), reading, limits

    def _spec(self, name: str | None, kind: Kind | None) -> ImportSpec:
        systems = {one.name: one for one in self.former_systems}
        if name is None and len(systems) > 1:
            raise SettingsError(
                f"--source: of which former system is the file? imports.yaml has {', '.join(systems)}."
            )
        if name is not None and systems and name not in systems:
            raise SettingsError(f"--source: imports.yaml has no {name}; it has {', '.join(systems)}.")
        if not systems:
            return usual(name or NAMELESS, kind or Kind.COMPLETIONS)
        spec = systems[name] if name is not None else next(iter(systems.values()))
        if kind is not None and kind.value != spec.kind:
            raise SettingsError(f"--kind: imports.yaml says that files of {spec.name} are {spec.kind}.")
        return spec
