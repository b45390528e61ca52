"""Reads a YAML file as data that remembers its lines: every scalar is a string, nothing is expanded or constructed."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from typing import Any

import yaml

from mappings.problems import Document, Path, Place, Problems

LARGEST = 2_000_000
"""Bytes that a mapping file may have."""


class _Refused(yaml.MarkedYAMLError):
    """Valid YAML that the mapping language does not take."""


class _Reader(yaml.BaseLoader):
    """Composes nodes, and refuses what makes YAML more than data: aliases (bombs) and tags."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _refused("aliases (*name) are refused: write the value out", event.start_mark)
        if getattr(event, "tag", None) not in (None, "!"):
            raise _refused("tags (!name) are refused: write a plain value", event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def read(file: Traversable, problems: Problems) -> Document | None:
    """Read one file. Mistakes go to ``problems``; None where the file cannot be used at all."""
    name = str(file)
    start = Place(name, 1, "file")
    try:
        content = file.read_bytes()
    except OSError as error:
        problems.add(start, f"cannot be read: {error.strerror or error}")
        return None
    if len(content) > LARGEST:
        problems.add(start, f"is larger than {LARGEST} bytes, which no mapping needs")
        return None
    try:
        return _document(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.add(Place(name, line, "file"), "is not UTF-8: save it in that encoding")
    except RecursionError:
        problems.add(start, "is nested too deeply")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Place(name, mark.line + 1 if mark else 1, "file")
        problems.add(
            where, str(error.problem) if isinstance(error, _Refused) else f"is not valid YAML: {error.problem}"
        )
    except yaml.YAMLError as error:
        problems.add(start, f"is not valid YAML: {' '.join(str(error).split())}")
    return None


def _document(name: str, text: str) -> Document:
    loader = _Reader(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    if not isinstance(node, yaml.MappingNode):
        mark = node.start_mark if node is not None else yaml.Mark(name, 0, 0, 0, "", 0)
        raise _refused('must be a mapping of names to values, such as "version: 1"', mark)
    lines: dict[Path, int] = {}
    data = _plain(node, (), lines)
    assert isinstance(data, dict)  # noqa: S101 - a mapping node gives a dict
    return Document(name, data, lines)


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int]) -> object:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        data: dict[str, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refused("a name must be plain text", key.start_mark)
            if key.value in data:
                raise _refused(f"{key.value} stands here twice: keep one of them", key.start_mark)
            below = (*path, key.value)
            lines[below] = key.start_mark.line + 1
            data[key.value] = _plain(value, below, lines)
        return data
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, position), lines) for position, item in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 - the third and last kind of node
    if node.value == "" and node.style is None:
        raise _refused('has no value: give it one, remove it, or write "" for an empty text', node.start_mark)
    if node.style == "|":  # the text of a literal block begins on the next line
        lines[(*path, "|")] = node.start_mark.line + 2
    return node.value


def _refused(message: str, mark: Any) -> _Refused:
    return _Refused(None, None, message, mark)
