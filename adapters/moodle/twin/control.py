"""Routes that order the twin about, for a demo or a test in another process; not there unless asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.moodle.twin.faults import Fault, Faults
from adapters.moodle.twin.life import Life
from adapters.moodle.twin.state import TwinState
from adapters.moodle.twin.webhook import Teller


def control_routes(state: TwinState, faults: Faults, life: Life) -> list[Route]:
    """POST and DELETE /twin/faults; POST /twin/course, /twin/complete, /twin/grade, /twin/report, /twin/webhook,
    /twin/custom; GET /twin/calls, /twin/scores.

    Bodies are JSON with the parameters of ``Fault``, ``Life.make_course``, ``Life.complete``, ``Life.grade``,
    ``Life.make_report`` and ``Teller``, and ``cmid`` with the ``custom`` parameters that this activity has from now
    on; what these do not accept is answered with 400 and a sentence.
    """

    def order(fields: dict[str, Any]) -> None:
        faults.add(Fault(**fields))

    def tell(fields: dict[str, Any]) -> None:
        Teller(state, **fields)

    def customise(fields: dict[str, Any]) -> None:
        with state.lock:
            state.tools.links[fields["cmid"]].custom = fields["custom"]

    async def forget(_: Request) -> Response:
        faults.clear()
        return JSONResponse(None)

    async def calls(_: Request) -> Response:
        with state.lock:
            return JSONResponse(dict(state.calls))

    async def scores(_: Request) -> Response:
        """Scores of tools that were taken, in their order: line item, person and points."""
        with state.lock:
            return JSONResponse(state.tools.received)

    return [
        Route("/twin/faults", _post(order), methods=["POST"]),
        Route("/twin/faults", forget, methods=["DELETE"]),
        Route("/twin/course", _post(lambda fields: life.make_course(**fields)), methods=["POST"]),
        Route("/twin/complete", _post(lambda fields: life.complete(**fields)), methods=["POST"]),
        Route("/twin/grade", _post(lambda fields: life.grade(**fields)), methods=["POST"]),
        Route("/twin/report", _post(lambda fields: life.make_report(**fields)), methods=["POST"]),
        Route("/twin/webhook", _post(tell), methods=["POST"]),
        Route("/twin/custom", _post(customise), methods=["POST"]),
        Route("/twin/calls", calls, methods=["GET"]),
        Route("/twin/scores", scores, methods=["GET"]),
    ]


def _post(act: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(act(await request.json()))
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    return endpoint
