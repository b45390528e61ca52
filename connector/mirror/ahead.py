"""Reading ahead: while a page is taken in, in a thread, Moodle is asked for the next one already."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")


async def take_ahead(pages: AsyncIterator[T], take: Callable[[T], Awaitable[None]]) -> None:
    """Take in each page, in order; the next one is read meanwhile. The first error ends it, as it is.

    Errors are kept until the tasks have ended, because a task group would raise them within a group of its own.
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

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        with receiver:
            try:
                async for page in receiver:
                    await take(page)
            except Exception as error:
                failed.insert(0, error)
                group.cancel_scope.cancel()
    if failed:
        raise failed[0]
