"""Reading ahead: pages are taken, some at once, while the next one is on its way, and errors come as they are."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator

import anyio
import pytest

from connector.domain.errors import StorageError, Unavailable
from connector.mirror.ahead import AT_ONCE, take_ahead

pytestmark = pytest.mark.anyio


async def counting(events: list[str], pages: int, error: Exception | None = None) -> AsyncIterator[int]:
    for page in range(pages):
        events.append(f"read {page}")
        yield page
    if error:
        raise error


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_the_next_page_is_read_while_some_are_taken(at_once: int) -> None:
    """Each page once; so many at a time, and never more than one page ahead of what is taken."""
    events: list[str] = []
    under_way = 0

    async def take(page: int) -> None:
        nonlocal under_way
        under_way += 1
        assert under_way <= at_once
        await anyio.sleep(0.001)
        under_way -= 1
        events.append(f"took {page}")

    await take_ahead(counting(events, 9), take, at_once)
    assert sorted(one for one in events if one.startswith("took")) == [f"took {page}" for page in range(9)]
    for page in range(8):
        assert events.index(f"read {page + 1}") < events.index(f"took {page}")
    for so_far in range(len(events)):
        told = [event.split()[0] for event in events[: so_far + 1]]
        assert told.count("read") <= told.count("took") + at_once + 1


async def test_what_came_before_an_error_is_taken() -> None:
    """The error of who reads is raised as it is, once the pages before it are in."""
    taken: list[int] = []

    async def take(page: int) -> None:
        taken.append(page)

    with pytest.raises(Unavailable, match="busy"):
        await take_ahead(counting([], 3, Unavailable("busy")), take)
    assert sorted(taken) == [0, 1, 2]


async def test_who_cannot_take_ends_the_reading() -> None:
    """The error of the store is raised as it is, and nothing more is asked of Moodle."""
    events: list[str] = []

    async def take(page: int) -> None:
        raise StorageError("full")

    with pytest.raises(StorageError, match="full"):
        await take_ahead(counting(events, 1000), take)
    assert len(events) <= 1 + AT_ONCE


async def test_python_seldom_looks_through_rows_while_they_come() -> None:
    """It looks for lost objects as often as before once all is in, though two readings overlapped or one failed."""
    usual, seen = gc.get_threshold(), []

    async def take(page: int) -> None:
        await anyio.sleep(0.001)
        seen.append(gc.get_threshold()[0])
        if page == 2:
            raise StorageError("full")

    async def failing() -> None:
        with pytest.raises(StorageError):
            await take_ahead(counting([], 4), take)

    async with anyio.create_task_group() as group:
        group.start_soon(failing)
        group.start_soon(take_ahead, counting([], 2), take)
    assert min(seen) > usual[0]
    assert gc.get_threshold() == usual
