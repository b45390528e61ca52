"""Conditions in CEL, type-checked when loaded and evaluated once for each combination of what they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from cel_expr_python import cel

from mappings.problems import known

Value = str | int | bool | None
"""What a condition sees: dates are ISO text, "" where there is none; None is an unknown number or truth value."""

LONGEST = 4_000
MEMO = 20_000
"""Combinations remembered for each condition; beyond that the memory starts afresh."""

_RESERVED_TEXT = (
    "as break const continue else false for function if import in let loop namespace null package return true "
    "var void while bool bytes double duration dyn int list map string timestamp type uint size has all "
    "exists exists_one filter matches contains"
)
RESERVED = frozenset(_RESERVED_TEXT.split())
"""Names that mean something in CEL already."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_TYPES: dict[type, Any] = {str: cel.Type.STRING, int: cel.Type.INT, bool: cel.Type.BOOL}
_SAMPLES: dict[type, tuple[Value, Value]] = {str: ("", "a"), int: (0, 1), bool: (False, True)}


class ConditionError(ValueError):
    """A condition is wrong at ``line`` (0 is its first)."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class Condition:
    """One checked expression; ``names`` are the variables that it depends on."""

    __slots__ = ("_expression", "_memo", "names", "text")

    def __init__(self, text: str, names: tuple[str, ...], expression: Any) -> None:
        self.text = text
        self.names = names
        self._expression = expression
        self._memo: dict[tuple[Value, ...], bool | str] = {}

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether it is true. What cannot be decided (see ``decide``) is not."""
        return self.decide(values) is True

    def decide(self, values: Mapping[str, Value]) -> bool | str:
        """True or false; or why it cannot be decided, for example because a number that it names is unknown."""
        key = tuple([values[name] for name in self.names])
        known_result = self._memo.get(key)
        if known_result is not None:
            return known_result
        if len(self._memo) >= MEMO:
            self._memo.clear()
        self._memo[key] = result = self._evaluate(dict(zip(self.names, key, strict=True)))
        return result

    def _evaluate(self, named: Mapping[str, Value]) -> bool | str:
        unknown = [name for name, value in named.items() if value is None]
        # An unknown value is left out: CEL then decides where it can, as in `true || level > 3`.
        result = self._expression.eval(data={name: value for name, value in named.items() if value is not None})
        if result.type() == cel.Type.BOOL:
            return bool(result.value())
        return f"{', '.join(unknown)} unknown" if unknown else str(result.value()).removeprefix("INVALID_ARGUMENT: ")


class Conditions:
    """Compiles conditions over declared variables: ``types`` gives str, int or bool for each name."""

    def __init__(self, types: Mapping[str, type]) -> None:
        self._types = dict(types)
        self._env = self._declare(types)

    def compile(self, text: str) -> Condition:
        """Check and compile. Raises ConditionError: not CEL, an unknown name, a wrong type, or no truth value."""
        if len(text) > LONGEST:
            raise ConditionError(f"is longer than {LONGEST} characters: use a lookup table or an attribute")
        expression = self._compile(text)
        if expression.return_type() != cel.Type.BOOL:
            found = expression.return_type().name().lower()
            raise ConditionError(f'gives {found}, but a condition must be true or false, such as unit == "A"')
        condition = Condition(text, self._names(text), expression)
        self._try(condition)
        return condition

    def _compile(self, text: str) -> Any:
        try:
            return self._env.compile(text)
        except RuntimeError as error:
            raise self._explain(str(error)) from None

    def _names(self, text: str) -> tuple[str, ...]:
        """The variables that the expression depends on.

        Every word of the text that is a variable is a candidate, which cannot miss one. Those without which the
        expression still compiles stand only inside a text or as a name of its own in ``exists(x, …)``.
        """
        needed = sorted(self._types.keys() & set(_IDENTIFIER.findall(text)))
        for name in list(needed):
            fewer = [other for other in needed if other != name]
            try:
                self._declare({other: self._types[other] for other in fewer}).compile(text)
            except RuntimeError:
                continue
            needed = fewer
        return tuple(needed)

    def _try(self, condition: Condition) -> None:
        """Find now what would fail for everybody, such as a wrong regular expression."""
        for side in (0, 1):
            result = condition.decide({name: _SAMPLES[self._types[name]][side] for name in condition.names})
            if isinstance(result, str) and "regular expression" in result:
                raise ConditionError(result)

    def _explain(self, error: str) -> ConditionError:
        match = _ERROR.search(error)
        line, message = (int(match[1]) - 1, match[3]) if match else (0, error)
        message = message.replace(" (in container '')", "").replace(" [INVALID_ARGUMENT]", "")
        if name := re.search(r"undeclared reference to '(\w+)'", message):
            message = f"unknown name {name[1]}; {known(name[1], self._types)}"
        elif "Syntax error" in message:
            message = f"is not CEL: {message.removeprefix('Syntax error: ').split(' expecting ')[0]}"
        else:
            message = f"does not fit: {message}"
        return ConditionError(message, line)

    @staticmethod
    def _declare(types: Mapping[str, type]) -> Any:
        return cel.NewEnv(variables={name: _TYPES[kind] for name, kind in types.items()})


def seen(value: object) -> Value:
    """A person's value as a condition sees it."""
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int):
        return value
    return str(value)
