"""A process that applies plans and mirrors Moodle, each in a child of its own, which a test may kill at any instant.

Run as a module: a line of JSON on standard input is an order, answered by how the child ended (negative: killed by
that signal). Everything is imported before the first child, so that a child starts in milliseconds.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

import anyio
from pydantic import SecretStr

from adapters.moodle.site import MoodleSite
from connector.bootstrap import Connector
from connector.domain.errors import HoldClass, TryAgain
from connector.domain.facts import Extent
from connector.settings.parts import MoodleSettings
from connector.settings.whole import Settings
from connector.sync.apply import Pace
from tests.support import moodle_client

DONE, AGAIN, BUSY, BROKEN = 0, 75, 3, 70
PATIENT = Pace(workers=3, waits=(0.02, 0.05, 0.1, 0.2, 0.4, 0.8))


def carry_out(order: dict[str, Any], begun: int) -> int:
    """Apply the plan, or read so much of Moodle; a byte goes to ``begun`` when all is ready and it begins."""
    settings = Settings(
        database_url=SecretStr(order["database"]),
        mapping=Path(order["mapping"]),
        moodle=MoodleSettings(url=order["url"], token=SecretStr(order["token"])),
    )

    async def work(connector: Connector) -> None:
        async with moodle_client(order["url"], order["token"]) as client:
            moodle = MoodleSite(client)
            if "extent" in order:
                back = connector.way_back(await connector.reader(moodle))
                os.write(begun, b"!")
                await back.read(Extent(order["extent"]))
                return
            plan = connector.plans.find(order["plan"])
            assert plan is not None
            way = connector.way_in(moodle)
            os.write(begun, b"!")
            await way.apply(plan)

    with Connector(settings, pace=PATIENT) as connector:
        try:
            anyio.run(work, connector)
        except TryAgain:
            return AGAIN
        except HoldClass:
            return BUSY
    return DONE


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        begins, begun = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(begins)
            status = BROKEN
            try:
                status = carry_out(order, begun)
            finally:
                sys.stderr.flush()
                os._exit(status)
        os.close(begun)
        if os.read(begins, 1):
            select.select([begins], [], [], order["killed_after"])  # it can be read from where the child has ended
            os.kill(child, signal.SIGKILL)  # where it has ended it is a zombie still: no other process has its number
        os.close(begins)
        _, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)


if __name__ == "__main__":
    main()
