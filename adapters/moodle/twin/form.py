"""PHP's reading of a form: nested keys, and silence about what is over ``max_input_vars``."""

from __future__ import annotations

from urllib.parse import parse_qsl

Nested = dict[str, "str | Nested"]


def parse_form(body: bytes, max_input_vars: int) -> Nested:
    """``users[0][email]=e`` → ``{"users": {"0": {"email": "e"}}}``; variables over the limit are dropped."""
    form: Nested = {}
    for key, value in parse_qsl(body.decode(errors="replace"), keep_blank_values=True)[:max_input_vars]:
        name, _, rest = key.partition("[")
        path = [name, *rest.removesuffix("]").split("][")] if rest else [name]
        place = form
        for part in path[:-1]:
            inner = place.setdefault(part, {})
            if isinstance(inner, str):
                inner = place[part] = {}
            place = inner
        place[path[-1] or str(len(place))] = value
    return form
