"""Rows of datasets, a page at a time: Moodle makes the next page while one is worked with."""

from __future__ import annotations

import gc
from collections.abc import AsyncGenerator
from typing import cast

import anyio
import orjson
import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers.datasets import Asked, Dataset, Rows, pages
from connector.domain.errors import Unavailable

pytestmark = pytest.mark.anyio
COHORTS = Asked(Dataset("cohorts", ("id", "idnumber")))


class Moodle:
    """Tells four pages of one row. ``asked``: the keys after which it was asked to go on."""

    def __init__(self, broken_after: int | None = None) -> None:
        self.asked: list[int] = []
        self._broken_after = broken_after

    async def call(self, _function: str, params: dict[str, int], *, reading: bool) -> dict[str, str]:
        assert reading
        after = params["after"]
        self.asked.append(after)
        await anyio.sleep(0.001)
        if after == self._broken_after:
            raise Unavailable("Moodle is gone")
        told = {"time": 1, "columns": ["id", "idnumber"], "next": after + 1 if after < 3 else None}
        return {"json": orjson.dumps({**told, "rows": [[after + 1, ""]]}).decode()}


def told_by(moodle: Moodle) -> AsyncGenerator[Rows]:
    return cast(AsyncGenerator[Rows], pages(cast(MoodleClient, moodle), COHORTS))


async def test_the_next_rows_are_asked_for_while_some_are_worked_with() -> None:
    """One page ahead and no more, in order; the error of a page comes after the pages before it."""
    moodle, came = Moodle(), []
    async for rows in told_by(moodle):
        await anyio.sleep(0.01)
        came.append((rows.rows, len(moodle.asked)))
    assert came == [([(1, "")], 2), ([(2, "")], 3), ([(3, "")], 4), ([(4, "")], 4)]

    some = []
    with pytest.raises(Unavailable):
        async for rows in told_by(Moodle(broken_after=2)):
            some += rows.rows
    assert some == [(1, ""), (2, "")]


async def test_whoever_stops_early_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    """Neither a request that goes on nor a complaint of an error that nobody waits for."""
    moodle = Moodle(broken_after=1)
    rows = told_by(moodle)
    await anext(rows)
    await anyio.sleep(0.01)
    await rows.aclose()
    gc.collect()
    assert moodle.asked == [0, 1]
    assert not caplog.records
