"""Do a handful of things at once and give their results in order; the first error ends them all, unwrapped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

from connector.domain.errors import ConnectorError

T = TypeVar("T")


async def together(jobs: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """Run all jobs concurrently. Raises the first ConnectorError by itself, not in an ExceptionGroup."""
    results: dict[int, T] = {}
    failed: list[ConnectorError] = []

    async with anyio.create_task_group() as group:

        async def run(index: int) -> None:
            try:
                results[index] = await jobs[index]()
            except ConnectorError as error:
                failed.append(error)
                group.cancel_scope.cancel()

        for index in range(len(jobs)):
            group.start_soon(run, index)
    if failed:
        raise failed[0]
    return [results[index] for index in range(len(jobs))]
