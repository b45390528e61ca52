"""Telling people, as a job: what is worth telling goes out by each channel that has not told it yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from connector.domain.errors import ConnectorError, Unavailable
from connector.domain.notices import (
    Channel,
    Limits,
    NoticeStore,
    Situation,
    to_tell,
    worth_telling,
)
from jobs.times import Times

log = structlog.get_logger("jobs")


def second_missed(times: Times | None, last: datetime | None) -> datetime | None:
    """The second time at which something was or is to happen since ``last``: one that is missed may be made up for."""
    return times.after(times.after(last)) if times and last else None


@dataclass(frozen=True, slots=True)
class Noticing:
    """Everything that telling needs, handed in by the composition root."""

    look: Callable[[], Situation]
    limits: Limits
    remind: timedelta | None
    channels: Sequence[Channel]
    store: NoticeStore

    async def tell(self) -> Mapping[str, object]:
        """Look, and tell what is new, still so or over; gives what to log.

        What a channel did not deliver is tried again the next time, and keeps no other channel from its own. Raises
        Unavailable where one did not deliver.
        """
        situation = self.look()
        notices = worth_telling(situation, self.limits)
        told, failed = 0, []
        for channel in self.channels:
            telling = to_tell(notices, self.store.told(channel.name), situation.now, self.remind)
            if not telling:
                continue
            try:
                await channel.tell(telling, situation.now)
            except ConnectorError as error:
                log.error("not delivered", channel=channel.name, error=type(error).__name__, message=str(error))
                failed.append(channel.name)
                continue
            self.store.delivered(channel.name, telling, situation.now)
            told += telling.size
        if failed:
            raise Unavailable(f"Notices were not delivered by {', '.join(failed)}; they are tried again.")
        return {"notices": len(notices), "told": told}
