"""The way back, as jobs: Moodle is read into the facts, often what is new, and at night it is compared as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.errors import Stopped
from connector.domain.facts import Extent
from connector.mirror.mirroring import Mirror, Progress
from connector.mirror.reconciling import Reconciling
from connector.sync.apply import Stopping


async def mirror(way: Mirror, stopping: Stopping) -> Mapping[str, object]:
    """Read what is new, with nobody looking on; gives what to log: the rows of each fact."""
    return {one.fact: one.rows for one in await way.read(Extent.CHANGES, _heeding(stopping))}


async def reconcile(way: Mirror, stopping: Stopping) -> Mapping[str, object]:
    """Prove that the facts equal Moodle, or read everything where the reader cannot count.

    Gives what to log: what began or ended, how many differences were found, and whether all is equal.
    """
    done = await Reconciling(way).reconcile(_heeding(stopping))
    told: dict[str, object] = {one.fact: one.begun + one.ended for one in done.loaded}
    if done.equal is None:
        return told
    return {**told, "differences": len(done.differences), "equal": done.equal}


def _heeding(stopping: Stopping) -> Progress:
    def heed(_fact: str, _rows: int) -> None:
        if stopping():
            raise Stopped("Told to stop before everything was read: the facts are as they were.")

    return heed
