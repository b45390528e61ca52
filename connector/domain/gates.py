"""Feed gates: whether a feed that could be read is to be trusted as a whole. Pure; nothing is written otherwise.

What a gate refuses may be true all the same: a smaller company, an old file, a doubled key. A person releases that
by the feed's digest. A feed that is empty or that cannot be understood is never released.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.domain.errors import SettingsError

FEW = 10
"""So many rows of a delta may be bad whatever their share: one among two is no bad feed, and would come every time."""


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """What a feed held. ``rows`` are all data rows, rejected ones too: a bad row still counts as present.

    ``rejected``: rows that could not be used. ``keyless``: those of them whose person could not even be told.
    ``duplicate_keys``: rows beyond the first of their key.
    """

    rows: int
    rejected: int = 0
    keyless: int = 0
    duplicate_keys: int = 0


@dataclass(frozen=True, slots=True)
class LastGoodFeed:
    """The last feed of the same source that passed or was released. ``received_at`` knows its time zone."""

    rows: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Gates:
    """The limits. Shares are from 0 to 1 and are themselves allowed; ``max_age`` None means that age does not matter.

    Raises SettingsError where a limit makes no sense.
    """

    min_share: float = 0.9
    max_duplicate_share: float = 0.005
    max_rejected_share: float = 0.1
    max_age: timedelta | None = None
    min_rows: int = 1

    def __post_init__(self) -> None:
        for name in ("min_share", "max_duplicate_share", "max_rejected_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"gates.{name}: give a share from 0 to 1, for example 0.9 for 90 %.")
        if self.min_rows < 0 or (self.max_age is not None and self.max_age <= timedelta()):
            raise SettingsError("gates: min_rows has to be 0 or more, and max_age longer than nothing.")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a feed is refused: a sentence with the figures and what to do, and whether a person may release it."""

    text: str
    releasable: bool


def verdict(
    counts: FeedCounts,
    last: LastGoodFeed | None,
    gates: Gates,
    modified: datetime,
    now: datetime,
    *,
    complete: bool = True,
    digest: str = "<hash>",
    release: str = "hold approve",
) -> list[Reason]:
    """Give every reason to refuse the feed; none means that it is good.

    ``modified`` is when the file was last written, ``now`` the time of the run, both with a time zone. A delta
    (``complete`` False) may be small or empty: absence means nothing there, nor do shares for ``FEW`` rows. ``digest``
    is the feed's own, for the command that releases it (``release``), which is told where that would do.
    """
    few = 0 if complete else FEW
    reasons = [
        _too_few(counts, gates) if complete else None,
        _shrunk(counts, last, gates) if complete else None,
        _doubled(counts, gates) if counts.duplicate_keys > few else None,
        _rejected(counts, gates) if counts.rejected > few else None,
        _stale(gates, modified, now),
    ]
    found = [reason for reason in reasons if reason is not None]
    if not all(reason.releasable for reason in found):
        return found
    advice = f" If that is right, release it with: {release} {digest}"
    return [replace(reason, text=reason.text + advice) for reason in found]


def _too_few(counts: FeedCounts, gates: Gates) -> Reason | None:
    if counts.rows >= gates.min_rows:
        return None
    held = f"only {counts.rows:,} rows" if counts.rows else "no rows"
    text = f"The feed has {held}, at least {gates.min_rows:,} are expected. Ask the sender for a whole feed."
    return Reason(text, releasable=False)


def _shrunk(counts: FeedCounts, last: LastGoodFeed | None, gates: Gates) -> Reason | None:
    # Dividing once and rounding once compares exactly with the share as written: 63 of 70 is 0.9.
    if last is None or not last.rows or not counts.rows or counts.rows / last.rows >= gates.min_share:
        return None
    text = (
        f"The feed has {counts.rows:,} rows, {_percent(counts.rows, last.rows)} of the {last.rows:,} of the last good "
        f"feed of {last.received_at:%Y-%m-%d %H:%M %Z}; fewer than {100 * gates.min_share:.4g} % of them is held."
    )
    return Reason(text, releasable=True)


def _doubled(counts: FeedCounts, gates: Gates) -> Reason | None:
    if not counts.rows or counts.duplicate_keys / counts.rows <= gates.max_duplicate_share:
        return None
    text = (
        f"{counts.duplicate_keys:,} of {counts.rows:,} rows ({_percent(counts.duplicate_keys, counts.rows)}) repeat a "
        f"key that came before; more than {100 * gates.max_duplicate_share:.4g} % of them is held."
    )
    return Reason(text, releasable=True)


def _rejected(counts: FeedCounts, gates: Gates) -> Reason | None:
    if not counts.rows or counts.rejected / counts.rows <= gates.max_rejected_share:
        return None
    keyless = f", {counts.keyless:,} of them have no key" if counts.keyless else ""
    text = (
        f"{counts.rejected:,} of {counts.rows:,} rows ({_percent(counts.rejected, counts.rows)}) cannot be used"
        f"{keyless}; the feed or its mapping has changed. Correct either and deliver again."
    )
    return Reason(text, releasable=False)


def _stale(gates: Gates, modified: datetime, now: datetime) -> Reason | None:
    if gates.max_age is None or now - modified <= gates.max_age:
        return None
    text = (
        f"The feed was written {modified:%Y-%m-%d %H:%M %Z}, {_hours(now - modified)} ago; "
        f"more than {_hours(gates.max_age)} is stale. Ask the sender for today's."
    )
    return Reason(text, releasable=True)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.4g} %"


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:,.1f} hours"
