"""Where in which file a mistake is, and all mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from connector.domain.errors import MappingError

Path = tuple[str | int, ...]
"""The way to a value in a file: keys and list positions."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file as plain data: mappings, lists and strings. ``lines`` says where each value begins (1 is the first)."""

    name: str
    data: Mapping[str, object]
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Line of the value at ``path``, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Path) -> Place:
        """The place of ``path``, to blame when something there turns out to be wrong."""
        return Place(self.name, self.line(path), dotted(path))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a file, as an error names it."""

    file: str
    line: int
    field: str


@dataclass(slots=True)
class Problems:
    """Collects mistakes over all files, so that one look shows them all."""

    found: list[tuple[Place, str]] = field(default_factory=list)

    def add(self, place: Place, message: str) -> None:
        """Note one mistake: ``message`` says what is wrong and what would be right."""
        self.found.append((place, message))

    def raise_if_any(self) -> None:
        """Raise MappingError with a line ``file:line: field: message`` for each mistake, in the order of the files."""
        if self.found:
            unique = sorted(set(self.found))
            raise MappingError("\n".join(f"{p.file}:{p.line}: {p.field}: {message}" for p, message in unique))


def dotted(path: Path) -> str:
    """``("person", "email", "transforms", 0)`` as ``person.email.transforms[0]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "file"


def known(word: str, words: Iterable[str]) -> str:
    """Say which words would be right, and the likeliest of them: ``did you mean trim? Known are lower, trim``."""
    choices = sorted(set(words))
    close = get_close_matches(word, choices, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}Known are {', '.join(choices)}" if choices else f"{hint}None is known"
