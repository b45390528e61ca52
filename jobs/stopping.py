"""Work that ends when the process is told to: at its next border, or when its time is up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from threading import Event
from typing import TypeVar

import anyio

from connector.domain.errors import Stopped

T = TypeVar("T")
LOOK = 0.2
"""Seconds between two looks whether to stop."""
RESERVE = 0.8
"""This share of the time is for work that heeds ``stopping`` by itself; the rest is to end what did not."""


async def heeding(work: Callable[[], Awaitable[T]], stopping: Event, seconds: float) -> T:
    """Do ``work``; ``seconds`` after ``stopping`` was set it is cut off, as if the process were killed there.

    Raises Stopped where it was cut off, and what ``work`` raises.
    """
    result: list[T] = []
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_cut_off, stopping, seconds * RESERVE, group.cancel_scope)
        try:
            result.append(await work())
        except Exception as error:
            failure = error  # raised outside, or the group would wrap it
        finally:
            group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if not result:
        raise Stopped("Told to stop, and cut off when the time was up: the next run looks up what is in doubt.")
    return result[0]


async def _cut_off(stopping: Event, seconds: float, scope: anyio.CancelScope) -> None:
    while not stopping.is_set():  # noqa: ASYNC110 - it is set by a signal or another thread
        await anyio.sleep(LOOK)
    await anyio.sleep(seconds)
    scope.cancel()
