"""Keeping something in Moodle as it should be: what is sent may be sent again, so that a lost answer does no harm."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol, TypeVar

from connector.domain.errors import ConnectorError, Missing, SetAside


class Step(Protocol):
    """One thing to put into Moodle, or to remove there."""

    @property
    def puts(self) -> bool: ...


S = TypeVar("S", bound=Step)


class Kept(Protocol[S]):
    """What was sent, bound to one site."""

    def steps(self, now: datetime) -> Iterator[S]:
        """What has to be done, in this order."""
        ...

    def sending(self, steps: Collection[S], now: datetime) -> None:
        """They are about to be sent: from here on nobody knows whether they are there, until it is settled."""
        ...

    def settle(self, came: Collection[tuple[S, ConnectorError | None]], now: datetime) -> None: ...


def outcome(step: Step, error: ConnectorError | None) -> str:
    """What became of a step: put, gone, refused; sent where Moodle is to be asked again.

    A removal that was refused is done only where what it is about is gone: else it may still be there.
    """
    if error is None:
        return "put" if step.puts else "gone"
    if not isinstance(error, SetAside):
        return "sent"
    return "gone" if isinstance(error, Missing) and not step.puts else "refused"
