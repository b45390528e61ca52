"""``python -m tests.bench.child PIECE``: one piece of work in a process of its own, so that its memory is its own.

Parameters come as JSON on standard input (tokens stay off the command line), what was measured goes as JSON to
standard output. ``seconds`` counts from the first line of the work to its last; the caller adds the time of the whole
process, its start included. So a process loads what its piece needs, and nothing besides.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

PIECES: Mapping[str, str] = {
    "answer": "answering.answer",
    "ask-api": "asking.ask_api",
    "ask-scale": "atscale.ask_scale",
    "ask-views": "views.ask_views",
    "bind-all": "mirroring.bind_all",
    "examined": "answering.examined",
    "fill-facts": "views.fill_facts",
    "fill-scale": "atscale.fill_scale",
    "identity": "pushing.identity",
    "known": "pieces.known",
    "learn": "learning.learn",
    "launch": "launching.launch",
    "lesson": "watching.lesson",
    "load": "pieces.load",
    "make-courses": "pieces.make_courses",
    "make-feeds": "pieces.make_feeds",
    "map": "pieces.map_rows",
    "migrate": "pieces.migrate",
    "mirror": "mirroring.mirror",
    "mirrored": "telling.mirrored",
    "on-demand": "ondemand.on_demand",
    "participants": "pieces.participants",
    "people-there": "mirroring.people_there",
    "plan": "pieces.plan",
    "platform": "launching.platform",
    "push": "pushing.push",
    "read": "pieces.read",
    "remove-people": "pieces.remove_people",
    "replan": "pieces.replan",
    "score": "launching.score",
    "serve": "serving.serve",
    "stored": "answering.stored",
    "sync": "pieces.sync",
    "take": "pieces.take",
    "tell": "telling.tell",
    "watch": "watching.watch",
}
"""Where each piece is."""


def carry_out(piece: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Do a piece of work in this process, and give what was measured."""
    module, _, name = PIECES[piece].partition(".")
    measured: dict[str, Any] = getattr(import_module(f"tests.bench.{module}"), name)(given)
    return measured


def told(piece: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same, with what is to be known of the process that did it."""
    measured = carry_out(piece, given)
    from tests.bench.opened import peak_megabytes  # loaded by the piece already

    return {**measured, "megabytes": peak_megabytes(), "ended": datetime.now(UTC).isoformat()}


def main() -> None:
    print(json.dumps(told(sys.argv[1], json.loads(sys.stdin.readline()))))


if __name__ == "__main__":
    main()
