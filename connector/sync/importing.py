"""Bringing training records over from a former system: a file is read, judged as feeds are, and kept or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connector.domain.errors import Busy, FeedRefused, SettingsError
from connector.domain.gates import Gates, Reason, verdict
from connector.domain.importing import Batch, Delivered, ImportStore, ImportTotals, JudgedRow, Judging, Reading
from connector.domain.people import Rejection
from connector.domain.ports import Source

SHOWN = 20
"""Bad rows that are shown."""
STEP = 1000
"""Rows after which progress is told."""
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file. ``number``: None where nothing was kept, because it was only looked at.

    ``unchanged``: it had been taken before. ``reasons``: why it would be refused.
    """

    name: str
    totals: ImportTotals
    number: int | None = None
    rejections: tuple[Rejection, ...] = ()
    reasons: tuple[str, ...] = ()
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Importing:
    """``gates`` are of the source. ``accepted``: the digest, or its beginning, of what somebody lets pass."""

    store: ImportStore
    clock: Callable[[], datetime]

    def look(
        self, source: Source, reading: Reading, gates: Gates, *, accepted: str = "", progress: Progress | None = None
    ) -> Imported:
        """What would come of a file. Nothing is kept. Raises FeedRefused where it cannot be read."""
        if known := self.store.taken(source.identity.source, source.identity.digest):
            return self._known(known)
        totals, bad = ImportTotals(), list[Rejection]()
        for row in self._rows(source, reading, progress):
            totals = totals.plus(row)
            if isinstance(row, list) and len(bad) < SHOWN:
                bad += row
        reasons = self._refusal(source, reading, gates, accepted)(totals)
        return Imported(source.identity.name, totals, None, tuple(bad), tuple(reasons))

    def take(
        self,
        source: Source,
        reading: Reading,
        gates: Gates,
        by: str,
        *,
        accepted: str = "",
        progress: Progress | None = None,
    ) -> Imported:
        """Keep what a file says, all of it or nothing. Raises FeedRefused with every reason."""
        with self.store.lock() as free:
            if not free:
                raise Busy("Another process is reading a feed or erasing somebody; try again when it has ended.")
            identity = source.identity
            if known := self.store.taken(identity.source, identity.digest):
                return self._known(known)
            file = Delivered(identity, reading.kind, by, self.clock())
            try:
                rows = self._rows(source, reading, progress)
                batch = self.store.keep(file, rows, self._refusal(source, reading, gates, accepted))
            except FeedRefused as refused:
                self.store.refuse_unread(file, str(refused))
                raise
        bad = tuple(self.store.rejections(batch.number, SHOWN))
        if batch.reasons:
            each = "".join(f"\n  {row}" for row in bad[:3])
            raise FeedRefused(f"{identity.name}: refused, nothing was kept. {' '.join(batch.reasons)}{each}")
        return Imported(identity.name, batch.totals, batch.number, bad)

    def undo(self, number: int, by: str) -> None:
        """Take an import back. Raises SettingsError where there is none with this number."""
        with self.store.lock() as free:
            if not free:
                raise Busy("Another process is reading a feed or erasing somebody; try again when it has ended.")
            if not self.store.undo(number, by, self.clock()):
                raise SettingsError(
                    f"NUMBER: no import {number} was taken, or it is undone already; `import list` shows all."
                )

    def _known(self, batch: Batch) -> Imported:
        bad = tuple(self.store.rejections(batch.number, SHOWN))
        return Imported(batch.name, batch.totals, batch.number, bad, unchanged=True)

    def _rows(self, source: Source, reading: Reading, progress: Progress | None) -> Iterator[JudgedRow]:
        erased, seen = self.store.erased(), 0
        judging = Judging.of(self.store.roster(), erased, self.store.issued(source.identity.source))
        for seen, record in enumerate(source.records(), start=1):
            row = [record] if isinstance(record, Rejection) else reading.row(record)
            # of somebody erased no key is written down, of a bad row neither
            if isinstance(row, list) and erased.find([one.key for one in row if one.key]):
                row = [Rejection(one.line, None, one.field, one.reason) for one in row]
            yield judging.row(row)
            if progress and not seen % STEP:
                progress(STEP)
        if progress:
            progress(seen % STEP)

    def _refusal(
        self, source: Source, reading: Reading, gates: Gates, accepted: str
    ) -> Callable[[ImportTotals], Sequence[str]]:
        identity = source.identity
        last = self.store.last(identity.source, reading.kind)

        def reasons(totals: ImportTotals) -> list[str]:
            written, now = datetime.fromtimestamp(identity.modified, UTC), self.clock()
            found: list[Reason] = verdict(
                totals.counts,
                last,
                gates,
                written,
                now,
                digest=identity.digest[:12],
                release="import take FILE --accept",
            )
            passes = len(accepted) >= 8 and identity.digest.startswith(accepted.lower())
            if passes and all(reason.releasable for reason in found):
                return []
            return [reason.text for reason in found]

        return reasons
