"""``python -m adapters.moodle.twin``: a twin to try things with, until it is interrupted."""

from __future__ import annotations

import argparse
import time

from adapters.moodle.twin.pace import REAL_PACE
from adapters.moodle.twin.server import serve_twin
from adapters.moodle.twin.state import TwinState
from adapters.moodle.twin.versions import VERSIONS


def populate(state: TwinState, people: int) -> None:
    """Make ``people`` invented accounts."""
    with state.lock:
        for number in range(1, people + 1):
            name = f"person{number}"
            fields = {"username": name, "firstname": "Person", "lastname": f"No. {number}", "auth": "oauth2"}
            state.add_user(fields | {"email": f"{name}@example.test", "idnumber": f"P{number:06}"})


def main() -> None:
    """Serve and print the address and the token."""
    parser = argparse.ArgumentParser(prog="python -m adapters.moodle.twin", description=__doc__)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--version", choices=sorted(VERSIONS), default="5.1")
    parser.add_argument("--people", type=int, default=0, help="invented accounts to begin with")
    parser.add_argument("--pace", action="store_true", help="be as slow as a real Moodle")
    options = parser.parse_args()
    state = TwinState(options.version)
    populate(state, options.people)
    pace = REAL_PACE if options.pace else None
    with serve_twin(state=state, port=options.port, control=True, pace=pace) as twin:
        print(f"Moodle twin {options.version} at {twin.url}, token {twin.token}; Ctrl-C ends it")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print("ended")


if __name__ == "__main__":
    main()
