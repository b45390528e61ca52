"""Several calls of Moodle at once; the first that fails ends them all."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import anyio

from connector.domain.errors import Stop, TryAgain


async def at_once(works: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Do all of this concurrently. Raises the one error that says most, by itself."""
    try:
        async with anyio.create_task_group() as group:
            for work in works:
                group.start_soon(work)
    except ExceptionGroup as errors:
        raise _first(errors) from errors


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error that says most about what to do: a Stop before a TryAgain before anything else."""
    flat = list(_flattened(errors))
    for kind in (Stop, TryAgain):
        for error in flat:
            if isinstance(error, kind):
                return error
    return flat[0]


def _flattened(errors: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _flattened(error)
        else:
            yield error
