"""JSON read strictly: a name that stands twice, NaN, and what is cut off are refused, never read somehow.

Numbers are exact (int and Decimal). Messages say where, and repeat nothing of the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any, TextIO

import ijson

from connector.domain.errors import FeedRefused

LONGEST_LINE = 4 * 1024 * 1024
"""In characters. Longer is no person; the limit keeps memory flat."""
DEEPEST = 64
"""Objects and lists within each other."""
_BLOCK = 64 * 1024
_TWICE = "a name stands twice in one object; which value counts cannot be told"
_DEEP = f"objects and lists are nested deeper than {DEEPEST}"


def lines(text: TextIO, file: str) -> Iterator[tuple[int, object]]:
    """Yield the number and value of each line that is not blank. Raises FeedRefused where one is no JSON."""
    for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), 1):
        if len(line) == LONGEST_LINE:
            raise _refused(file, number, f"the line is longer than {LONGEST_LINE:,} characters; are these JSON lines?")
        if line.strip():
            yield number, parsed(line, file, number)


def parsed(line: str, file: str, number: int) -> object:
    """Read one JSON value that stands on a line. Raises FeedRefused."""
    try:
        return decoded(line)
    except json.JSONDecodeError:
        ended = "" if line.endswith(("\n", "\r")) else " The file ends here: it is probably cut off."
        raise _refused(file, number, f"this is no JSON value on one line.{ended}") from None
    except ValueError as error:
        raise _refused(file, number, str(error)) from None


def decoded(text: str) -> object:
    """Read one JSON value strictly. Raises ValueError; JSONDecodeError quotes the text, others do not."""
    try:
        value = _DECODER.decode(text.strip(" \t\r\n"))
    except RecursionError:
        raise ValueError(_DEEP) from None
    if _depth(value) > DEEPEST:
        raise ValueError(_DEEP)
    return value


def elements(text: TextIO, steps: tuple[str, ...], file: str) -> Iterator[tuple[int, object]]:
    """Yield the line and value of each element of the list to which ``steps`` lead. Raises FeedRefused."""
    events: Any = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events)
    walk = _Walk(steps)
    number = 1
    try:
        for block in iter(partial(text.readline, _BLOCK), ""):
            parser.send(block.encode())
            for kind, value in events:
                yield from walk.take(number, kind, value)
            events.clear()
            number += block.endswith(("\n", "\r"))
        parser.close()
    except UnicodeDecodeError:
        raise  # the file's encoding is told where it was opened
    except (ijson.JSONError, SystemError, UnicodeEncodeError) as error:
        cut = " It ends too early: it is probably cut off." if "EOF" in str(error) else ""
        raise _refused(file, number, f"this is no well-formed JSON.{cut}") from None
    except ValueError as error:
        raise _refused(file, number, str(error)) from None
    if not walk.found:
        where = ".".join(steps) or "@"
        raise FeedRefused(f"{file}: the record path {where} leads to no list. The document has: {walk.top()}.")


class _Frame:
    """An open object or list; ``value`` is None outside the list of people, where nothing is kept."""

    __slots__ = ("key", "line", "seen", "value")

    def __init__(self, line: int, value: dict[str, object] | list[object] | None) -> None:
        self.line, self.value = line, value
        self.key: str | None = None
        self.seen: set[str] = set()


class _Walk:
    """Follows the parser's events and puts together what stands in the wanted list."""

    def __init__(self, steps: tuple[str, ...]) -> None:
        self.steps, self.found = steps, False
        self._open: list[_Frame] = []
        self._base = 0
        self._names: list[str] = []

    def top(self) -> str:
        return ", ".join(self._names[:20]) or "no names"

    def take(self, line: int, kind: str, value: object) -> Iterator[tuple[int, object]]:
        """Give the element that ends with this event, if one does. Raises ValueError with what is wrong."""
        if kind == "map_key":
            self._key(str(value))
        elif kind in ("start_map", "start_array"):
            self._start(line, kind)
        elif kind in ("end_map", "end_array"):
            ended = self._open.pop()
            if len(self._open) + 1 == self._base:
                self._base = 0
            else:
                yield from self._put(ended.line, ended.value)
        else:
            yield from self._put(line, value)

    def _key(self, name: str) -> None:
        frame = self._open[-1]
        if name in frame.seen:
            raise ValueError(_TWICE)
        frame.seen.add(name)
        frame.key = name
        if len(self._open) == 1:
            self._names.append(name)

    def _start(self, line: int, kind: str) -> None:
        if len(self._open) >= DEEPEST:
            raise ValueError(_DEEP)
        wanted = kind == "start_array" and not self._base and tuple(each.key for each in self._open) == self.steps
        empty: dict[str, object] | list[object] = {} if kind == "start_map" else []
        self._open.append(_Frame(line, empty if self._base else None))
        if wanted:
            self.found, self._base = True, len(self._open)

    def _put(self, line: int, value: object) -> Iterator[tuple[int, object]]:
        if not self._base:
            return
        if len(self._open) == self._base:
            yield line, value
            return
        around = self._open[-1]
        if isinstance(around.value, dict):
            around.value[around.key or ""] = value
        elif isinstance(around.value, list):
            around.value.append(value)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError(_TWICE)
    return made


def _constant(_name: str) -> object:
    raise ValueError("NaN and Infinity are no JSON")


def _depth(value: object) -> int:
    deepest, rest = 0, [(value, 1)]
    while rest:
        each, depth = rest.pop()
        if isinstance(each, dict | list):
            deepest = max(deepest, depth)
            rest += [(inner, depth + 1) for inner in (each.values() if isinstance(each, dict) else each)]
    return deepest


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=Decimal)


def _refused(file: str, line: int, why: str) -> FeedRefused:
    return FeedRefused(f"{file}: line {line:,}: {why.rstrip('.')}.")
