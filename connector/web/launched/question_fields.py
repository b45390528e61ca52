"""A question as the form of an author has it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from connector.content.assessment.editing import TRUTH, Fault
from connector.domain.assessments import CHOICES, Kind, Option, Picture, Question
from connector.web.launched.fields import Fields

SHUFFLED = frozenset({Kind.SINGLE, Kind.MULTIPLE})
"""Kinds whose options can have another order in each attempt."""
FIELD_OF: Mapping[Fault, str] = {Fault.NO_TEXT: "text", Fault.NO_VALUE: "value", Fault.NONE_ACCEPTED: "accepted"}
"""Beside which field a fault is told, where it is of one."""


def question_in(fields: Fields, key: str, before: Question | None) -> Question:
    """What was typed; pictures are those that it had ``before``, but for what was taken away."""
    had = {one.option_id: one.pictures for one in before.options} if before else {}
    kind = fields.pick("kind", Kind.SINGLE)
    weight = fields.number("weight", 0, 1000)
    return Question(
        key,
        kind,
        fields.texts("text"),
        1.0 if weight is None else weight,
        _options(fields, kind, had),
        [line.strip() for line in fields.text("accepted").splitlines() if line.strip()],
        fields.number("value", -1e15, 1e15),
        fields.number("tolerance", 0, 1e15) or 0.0,
        fields.texts_or_none("explanation"),
        _pictures(fields, "picture", before.pictures if before else ()),
        shuffled=kind in SHUFFLED and fields.flag("shuffled"),
    )


def _pictures(fields: Fields, name: str, had: Sequence[Picture]) -> list[Picture]:
    return [
        replace(one, alt=fields.texts(f"{name}-{one.picture_id}-alt"))
        for one in had
        if not fields.flag(f"{name}-{one.picture_id}-drop")
    ]


def _options(fields: Fields, kind: Kind, had: Mapping[str, Sequence[Picture]]) -> list[Option]:
    """All that was typed, texts or not. Of one right option the form has one field for all."""
    if kind not in CHOICES:
        return []
    right = {fields.text("right")}
    found = []
    for place in range(fields.count("option")):
        name = f"option-{place}"
        option_id = fields.text(f"{name}-id") or secrets.token_hex(4)
        text = next((one.text for one in TRUTH if kind is Kind.TRUE_FALSE and one.option_id == option_id), None)
        text = text or fields.texts(f"{name}-text")
        is_right = str(place) in right or fields.flag(f"{name}-right")
        feedback, leads = fields.texts_or_none(f"{name}-feedback"), fields.text(f"{name}-leads")
        pictures = _pictures(fields, f"picture-{option_id}", had.get(option_id, ()))
        if text or is_right or feedback or pictures:
            leads = leads if kind is Kind.SCENARIO else ""
            found.append(Option(option_id, text, is_right, feedback, leads, pictures))
    return found
