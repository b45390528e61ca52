"""The service in a process of its own: it answers, works by the clock, and stops when it is told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from adapters.moodle.twin import Fault
from tests.acceptance.house import COMMAND, House, people

Event = dict[str, Any]


class Service:
    """A running service; its log is read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.log: list[str] = []

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """The next event of the log that is wanted."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log.append(line)
            event = json.loads(line)
            if wanted(event):
                return dict(event)
        raise AssertionError(f"the service ended: {self.log}")

    def done(self, job: str) -> Event:
        return self.until(lambda event: event.get("job") == job and event["event"] == "done")


@contextmanager
def serving(house: House, port: str = "0") -> Iterator[Service]:
    """Served on a free port, often enough to see the clock at work."""
    for name, value in {"PORT": port, "SYNC_MINUTES": "0.02", "MIRROR_MINUTES": "0.02"}.items():
        house.set(f"CONNECTOR_SERVICE__{name}", value)
    house.set("CONNECTOR_LOG", "json")
    process = subprocess.Popen(
        [COMMAND, "serve"], cwd=house.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    service = Service(process)
    try:
        yield service
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        service.log += process.stdout.readlines()
        process.stdout.close()


def test_serve_syncs_and_mirrors_by_the_clock_and_stops_cleanly(house: House) -> None:
    """A file that is dropped becomes accounts and facts; health needs nothing; TERM ends it with status 0."""
    file = house.drop(people(first_name="Xiaoming"))
    with serving(house) as service:
        url = service.until(lambda event: event["event"] == "serving")["url"]
        first = service.done("sync")
        while first["feed"] is None:
            first = service.done("sync")
        assert (first["feed"], first["refused"]) == ("people-1.csv", 0)
        assert service.done("sync")["changes"] == 0, "the clock starts it again"
        while service.done("mirror")["enrolments"] != 12:
            pass
        assert httpx.get(f"{url}/health").json() == {"status": "alive"}
        ready = httpx.get(f"{url}/ready")
        assert (ready.status_code, ready.json()) == (200, {"status": "ready", "database": True, "moodle": True})
        assert httpx.get(f"{url}/docs").status_code == 404
        service.process.send_signal(signal.SIGTERM)
        service.until(lambda event: event["event"] == "stopped")
        assert service.process.wait() == 0
    assert (file.parent / "done/people-1.csv").is_file()
    assert house.account("E005")[0]["firstname"] == "Xiaoming"
    said = "".join(service.log)
    assert house.twin.token not in said
    assert "Xiaoming" not in said, "no names in logs"


def test_serve_survives_a_moodle_that_refuses_and_tells_it_in_ready(house: House) -> None:
    """A failed job is logged by its error's type and tried again by the clock; ready says 503 meanwhile."""
    house.drop()
    house.twin.faults.add(Fault("revoked", times=1_000_000))
    with serving(house) as service:
        url = service.until(lambda event: event["event"] == "serving")["url"]
        failed = service.until(lambda event: event["event"] == "failed" and event["job"] == "sync")
        assert failed["error"] == "AccessRefused"
        answer = httpx.get(f"{url}/ready", timeout=60)
        assert (answer.status_code, answer.json()["moodle"], answer.json()["database"]) == (503, False, True)
        assert httpx.get(f"{url}/health").status_code == 200
        house.twin.faults.clear()
        service.done("sync")
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait() == 0


def test_a_second_service_on_one_port_does_nothing(house: House) -> None:
    """The port is taken before any job runs: one sentence, status 2, and the dropped file is still there."""
    file = house.drop()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        house.set("CONNECTOR_SERVICE__PORT", str(taken.getsockname()[1]))
        done = house.run("serve")
    assert done.status == 2
    assert "cannot serve on 127.0.0.1:" in done.err
    assert file.is_file()


def test_serve_does_not_start_with_a_mapping_that_is_wrong(house: House) -> None:
    """It says so at once instead of failing by the clock."""
    house.edit("mapping/mapping.yaml", "transforms: [lower]", "transforms: [lowr]")
    done = house.call("serve")
    assert done.status == 2
    assert "unknown transform" in done.err
