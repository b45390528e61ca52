"""The paths that a JSON source is told: the one of its records, and a JMESPath for each field within them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import jmespath
from jmespath.exceptions import ArityError, JMESPathError, UnknownFunctionError

from connector.domain.errors import MappingError


class UnusableError(Exception):
    """The value of ``field`` cannot be made text; the message repeats nothing of it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class FieldPath:
    """One field: ``find`` is its compiled path, ``separator`` stands between several values."""

    name: str
    find: Any
    separator: str

    @classmethod
    def compiled(cls, name: str, path: str, separator: str) -> FieldPath:
        """Compile ``path``. Raises MappingError that names the field."""
        try:
            find = jmespath.compile(path)
            find.search({})  # unknown functions and wrong numbers of arguments show only here
        except (UnknownFunctionError, ArityError) as error:
            raise MappingError(f"fields: {name}: {path} is not a JMESPath: {error}.") from error
        except JMESPathError as error:
            if not hasattr(error, "actual_type"):  # nothing is of no type that a function expects
                raise MappingError(f"fields: {name}: {path} is not a JMESPath.") from error
        return cls(name, find, separator)

    def text(self, record: dict[str, object]) -> str:
        """The value as text, "" for none. Raises UnusableError."""
        try:
            value = self.find.search(record)
        except JMESPathError:
            raise UnusableError(self.name, "the path does not fit this object: a value is of another type") from None
        if type(value) is str:
            return self._sound(value)
        if isinstance(value, list):
            return self.separator.join(self._scalar(each) for each in value if each is not None)
        return self._scalar(value)

    def _scalar(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, dict | list):
            raise UnusableError(self.name, "is an object or a list of lists; let the path lead to a value within it")
        return self._sound(str(value))

    def _sound(self, value: str) -> str:
        if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
            raise UnusableError(self.name, "holds half a character (a lone surrogate)")
        return value


def record_steps(path: str) -> tuple[str, ...]:
    """Read ``data.people`` as its names, ``@`` as none. Raises MappingError where it is no plain path."""
    try:
        return _names(cast("dict[str, Any]", jmespath.compile(path).parsed))
    except JMESPathError as error:
        raise MappingError(f"record: {path} is not a JMESPath.") from error
    except ValueError as error:
        raise MappingError(
            f"record: {path} is no plain path such as value or data.people; conditions belong in the mapping."
        ) from error


def _names(node: dict[str, Any]) -> tuple[str, ...]:
    if node["type"] == "current":
        return ()
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] == "subexpression":
        return tuple(name for child in node["children"] for name in _names(child))
    raise ValueError(node["type"])
