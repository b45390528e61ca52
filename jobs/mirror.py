"""The way back, as jobs: Moodle is read into the facts, often what is new and at night all of it."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.facts import Extent
from connector.mirror.mirroring import Mirror


async def mirror(way: Mirror) -> Mapping[str, object]:
    """Read what is new, with nobody looking on; gives what to log."""
    return {one.fact: one.rows for one in await way.read(Extent.CHANGES)}


async def reconcile(way: Mirror) -> Mapping[str, object]:
    """Read everything, so that what no cursor shows is found; gives what began or ended, to log."""
    return {one.fact: one.begun + one.ended for one in await way.read(Extent.EVERYTHING)}
