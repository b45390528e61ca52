"""How a call looks on the wire: PHP's nested form keys, and how many variables one request may carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

MAX_VARIABLES = 4000
"""PHP drops what is over ``max_input_vars`` without a word, and Moodle demands 5,000 only."""

T = TypeVar("T")


def encode(params: object, prefix: str = "") -> list[tuple[str, str]]:
    """Flatten nested mappings and lists into PHP's form keys: ``{"users": [{"email": e}]}`` → ``users[0][email]``.

    Booleans become 0 and 1; None and empty lists have no form and are left out.
    """
    if params is None:
        return []
    if isinstance(params, Mapping):
        items = [(str(key), value) for key, value in params.items()]
    elif isinstance(params, (list, tuple)):
        items = [(str(index), value) for index, value in enumerate(params)]
    else:
        return [(prefix, str(int(params)) if isinstance(params, bool) else str(params))]
    return [pair for key, value in items for pair in encode(value, f"{prefix}[{key}]" if prefix else key)]


def variables(params: object) -> int:
    """How many form variables ``params`` becomes."""
    return len(encode(params, "x"))


def chunks(
    items: Iterable[T], most: int, cost: Callable[[T], int] = lambda _: 1, room: int = MAX_VARIABLES - 20
) -> Iterator[list[T]]:
    """Cut ``items`` into lists of at most ``most`` entries and ``room`` variables, keeping the order.

    ``cost`` says how many variables an item takes. An item that is over ``room`` alone comes alone.
    """
    chunk: list[T] = []
    used = 0
    for item in items:
        price = cost(item)
        if chunk and (len(chunk) >= most or used + price > room):
            yield chunk
            chunk, used = [], 0
        chunk.append(item)
        used += price
    if chunk:
        yield chunk
