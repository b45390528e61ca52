"""Reading ahead: while pages are taken in, in threads, Moodle is asked for the next one already."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio

T = TypeVar("T")
AT_ONCE = 2
"""Pages that are taken in at the same time: while PostgreSQL writes one, another is made ready for it."""
SELDOM = 100_000
"""So many objects are made before Python looks for those that only hold each other."""


async def take_ahead(pages: AsyncIterator[T], take: Callable[[T], Awaitable[None]], at_once: int = AT_ONCE) -> None:
    """Take in each page, ``at_once`` of them at a time; the next one is read meanwhile. The first error ends it.

    It is raised as it is, after the tasks have ended: a task group would raise it within a group of its own.
    """
    failed: list[Exception] = []
    sender, receiver = anyio.create_memory_object_stream[T](0)

    async def read() -> None:
        with sender:
            try:
                async for page in pages:
                    await sender.send(page)
            except Exception as error:
                failed.append(error)

    async def take_each() -> None:
        try:
            async for page in receiver:
                await take(page)
        except Exception as error:
            failed.insert(0, error)
            group.cancel_scope.cancel()

    with receiver, seldom_collected():
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            for _ in range(at_once):
                group.start_soon(take_each)
    if failed:
        raise failed[0]


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Rows of pages hold nobody: to look through them time and again took half of the time in which they are read."""
    usual = gc.get_threshold()
    if usual[0] >= SELDOM:  # another reading is under way, and will end this
        yield
        return
    gc.set_threshold(SELDOM, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
