"""What comes back of a batch that was sent: an outcome for each change, or why Moodle refuses this one alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from connector.domain.errors import ConnectorError
from connector.domain.journal import Outcome, Pending

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Moodle did not carry out this change of a batch. What becomes of it the error's type says."""

    one: Pending
    error: ConnectorError


def came(
    batch: Sequence[Pending], answers: Sequence[T | ConnectorError], outcome: Callable[[Pending, T], Outcome]
) -> list[Outcome | Refusal]:
    """The answers of a writer, in the order of the batch; ``outcome`` says what a good one means."""
    return [
        Refusal(one, answer) if isinstance(answer, ConnectorError) else outcome(one, answer)
        for one, answer in zip(batch, answers, strict=True)
    ]
