"""Parameters of functions, described as Moodle describes them, and their validation.

Moodle cleans each value by its type and refuses the whole call where cleaning changes it, where a key is missing or
where one is unknown (``external_api::validate_parameters``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.moodle.twin.refusals import invalid_parameter

REQUIRED = object()
OPTIONAL = object()
Cleaner = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Value:
    """A text, or with ``number`` an int; ``default`` may be REQUIRED, OPTIONAL or a value."""

    clean: Cleaner
    default: object = REQUIRED
    number: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with these keys and no others."""

    keys: Mapping[str, Spec]
    default: object = REQUIRED


@dataclass(frozen=True, slots=True)
class Many:
    """A list of ``one``."""

    one: Spec
    default: object = REQUIRED


Spec = Value | Record | Many


def validate(spec: Spec, data: Any) -> Any:
    """``data`` cleaned by ``spec``. Raises Refusal ``invalidparameter``."""
    if isinstance(spec, Value):
        return _value(spec, data)
    if isinstance(spec, Many):
        if not isinstance(data, (dict, list)):
            raise invalid_parameter()
        return [validate(spec.one, item) for item in (data.values() if isinstance(data, dict) else data)]
    if not isinstance(data, dict) or data.keys() - spec.keys.keys():
        raise invalid_parameter()
    result = {}
    for key, inner in spec.keys.items():
        if data.get(key) is not None:
            result[key] = validate(inner, data[key])
        elif inner.default is REQUIRED:
            raise invalid_parameter()
        elif inner.default is not OPTIONAL:
            result[key] = inner.default
    return result


def _value(spec: Value, data: Any) -> Any:
    if isinstance(data, (dict, list)):
        raise invalid_parameter()
    text = str(int(data)) if isinstance(data, bool) else str(data)
    if spec.clean(text) != text:
        raise invalid_parameter()
    return int(text or 0) if spec.number else text


# ---------------------------------------------------------------- Moodle's PARAM_… types
def raw(text: str) -> str:
    return text


def trimmed(text: str) -> str:
    return text.strip()


def no_tags(text: str) -> str:
    return re.sub(r"<(?!\s)[^>]*(>|$)", "", text)


_MULTILANG = re.compile(r'</?(lang|span)(\s+(lang="[a-zA-Z0-9_-]+"|class="multilang"))*\s*>')


def text(value: str) -> str:
    """PARAM_TEXT: no tags but those that say the language of a part."""
    return value if no_tags(_MULTILANG.sub("", value)) == _MULTILANG.sub("", value) else no_tags(value)


def _only(pattern: str, flags: int = 0) -> Cleaner:
    unwanted = re.compile(pattern, flags)
    return lambda text: unwanted.sub("", text)


def user_name(text: str) -> str:
    return re.sub(r"[^-.@_a-z0-9]", "", text.strip().lower())


def whole_number(text: str) -> str:
    return text if re.fullmatch(r"-?\d+", text) else "0" if text != "0" else text


def zone(text: str) -> str:
    return text if re.fullmatch(r"99|[+-]?\d{1,2}(\.[05])?|\w+(/?[A-Za-z_-]+)*", text) else ""


def whole_numbers(text: str) -> str:
    """PARAM_SEQUENCE: whole numbers with commas between."""
    return ",".join(re.findall(r"-?\d+", text))


letters = _only(r"[^a-zA-Z]")
alphanumext = _only(r"[^a-zA-Z0-9_-]")
yes_no_pattern = re.compile(r"0|1|")


def yes_no(text: str) -> str:
    return text if yes_no_pattern.fullmatch(text) else "0"


def one_of(allowed: frozenset[str]) -> Cleaner:
    """A value that must be one of those installed: a language pack, an authentication plugin."""
    return lambda text: text if text in allowed else ""


def integer(default: object = REQUIRED) -> Value:
    return Value(whole_number, default, number=True)


def boolean(default: object = OPTIONAL) -> Value:
    return Value(yes_no, default, number=True)
