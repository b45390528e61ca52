"""The service in a process of its own: it answers, works by the clock, and stops when it is told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx
from websocket import ABNF, create_connection

from adapters.moodle.twin import Fault
from connector.cli.service import MESSAGE_BYTES
from connector.store.database import Database
from connector.store.facts import Facts
from connector.store.jobs import Jobs
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
def serving(house: House, **settings: str) -> Iterator[Service]:
    """Served on a free port, often enough to see the clock at work; other settings of the service by name."""
    often = {"PORT": "0", "SYNC": "every second", "MIRROR": "every second"}
    for name, value in (often | settings).items():
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
    """A file that is dropped becomes accounts and facts; health needs nothing; TERM ends it with status 0.

    Pages that hear are not waited for, and of them no message is taken that is longer than any has to be.
    """
    file = house.drop(people(first_name="Xiaoming"))
    house.set("CONNECTOR_LTI__URL", "http://127.0.0.1:8080")
    house.set("CONNECTOR_LTI__SECRET", "s" * 32)
    with serving(house) as service, ExitStack() as opened:
        url = service.until(lambda event: event["event"] == "serving")["url"]
        first = service.done("sync")
        while not first["feeds"]:
            first = service.done("sync")
        assert (first["feeds"], first["refused"]) == (["people-1.csv"], 0)
        assert service.done("sync")["changes"] == 0, "the clock starts it again"
        while service.done("mirror")["enrolments"] != 12:
            pass
        assert httpx.get(f"{url}/health").json() == {"status": "alive"}
        ready = httpx.get(f"{url}/ready")
        assert (ready.status_code, ready.json()) == (200, {"status": "ready", "database": True, "moodle": True})
        assert httpx.get(f"{url}/docs").status_code == 404
        hears = url.replace("http", "ws") + "/lti/live/?EIO=4&transport=websocket"
        lines = [create_connection(hears, suppress_origin=True) for _ in range(2)]
        for line in lines:
            opened.callback(line.shutdown)
            assert line.recv().startswith("0")
        lines[0].send("40" + "x" * MESSAGE_BYTES)
        assert lines[0].recv_data()[0] == ABNF.OPCODE_CLOSE
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


# ---------------------------------------------------------------- what it logs
FAULTS = (
    Fault("error500", times=2),
    Fault("cut_after", times=3, function="core_user_create_users"),
    Fault("error502", times=2, function="core_cohort_add_cohort_members", written=True),
    Fault("maintenance", times=5),
    Fault("revoked", times=2),
)


def test_logs_name_nobody_whatever_goes_wrong(house: House) -> None:
    """Feeds good, bad and refused, a Moodle that fails in many ways, addresses somebody types: no name, no secret."""
    names = ("Xiaoming", "Wang-Quibble", "secret-mail.example")
    rows = people(60, first_name=names[0], last_name=names[1], email=f"xiaoming@{names[2]}")
    rows[7] |= {"email": f"xiaoming@{names[2]}"}
    rows[8] |= {"email": f"not an address of {names[0]}"}
    house.twin.life.make_course("SPARE")
    house.drop(rows)
    with serving(house) as service:
        url = service.until(lambda event: event["event"] == "serving")["url"]
        for fault in FAULTS:
            house.twin.faults.add(fault)
        first = service.done("sync")
        while not first["feeds"]:
            first = service.done("sync")
        house.drop(rows[:3], "people-2.csv")
        service.until(lambda event: event["event"] == "failed" and event["error"] == "FeedRefused")
        house.drop([{**one, "first_name": f"{names[0]}{n}"} for n, one in enumerate(rows)], "people-3.csv")
        for fault in FAULTS:
            house.twin.faults.add(fault)
        for address in (f"/people/{names[0]}", f"/health?name={names[1]}", "/metrics"):
            httpx.get(url + address, headers={"X-Request-ID": f"{names[0]} {names[1]}", "User-Agent": names[0]})
        while service.done("sync")["feeds"] != ["people-3.csv"]:
            pass
        service.done("mirror")
        service.process.send_signal(signal.SIGTERM)
        service.until(lambda event: event["event"] == "stopped")
        assert service.process.wait() == 0
    said = "".join(service.log)
    assert [word for word in (*names, house.twin.token) if word.lower() in said.lower()] == []
    events = [json.loads(line) for line in service.log]
    assert {"done", "failed", "request", "serving", "stopped"} <= {event["event"] for event in events}
    for event in events:
        assert list(event)[:3] == ["time", "level", "event"]
        assert datetime.fromisoformat(event["time"]).tzinfo is not None
        assert ("run" in event) == (event["event"] in ("done", "failed", "stopped early")), event
    runs = [event["run"] for event in events if event["event"] in ("done", "failed")]
    assert len(runs) == len(set(runs)), "each run has an id of its own"


# ---------------------------------------------------------------- how it ends, and several of them
def test_told_to_stop_in_the_middle_it_goes_on_at_the_next_start(house: House) -> None:
    """TERM while accounts are being made: status 0 soon, no call in doubt, and the next service does the rest."""
    house.drop(people(200))
    house.twin.faults.add(Fault("slow", times=50, function="core_user_create_users", seconds=1.0))
    with serving(house, MIRROR="", STOP_SECONDS="20") as service:
        service.until(lambda event: event["event"] == "serving")
        while not house.twin.state.calls["core_user_create_users"]:
            sleep(0.01)
        begun = monotonic()
        service.process.send_signal(signal.SIGTERM)
        service.until(lambda event: event["event"] == "stopped early" and event["job"] == "sync")
        assert service.process.wait() == 0
        assert monotonic() - begun < 15
    house.twin.faults.clear()
    done = [line for line in house.database()["operations"] if "'done'" in line]
    assert 0 < len(done) == len(house.database()["operations"])
    with serving(house, SYNC="0 0 1 1 *", MIRROR="") as service:
        again = service.done("sync")  # not its time: what was left unfinished is done at once
        assert (again["refused"], again["waiting"]) == (0, 0)
    assert len(house.moodle()["cohorts"]) > 0
    assert house.run("plan", "--json").json["changes"] == []
    keys = [user[0]["idnumber"] for user in house.moodle()["users"].values() if user[0].get("idnumber")]
    assert sorted(keys) == sorted({f"E{n:03}" for n in range(1, 201)})


def test_two_services_share_the_work_quietly(house: House) -> None:
    """Both by the same clock on one database: each run is done by one of them, and neither complains."""
    house.drop(people(30))
    with serving(house, SYNC="every 2 seconds") as one, serving(house, SYNC="every 2 seconds") as other:
        for service in (one, other):
            service.until(lambda event: event["event"] == "serving")
        sleep(9)
        for service in (one, other):
            service.process.send_signal(signal.SIGTERM)
            service.until(lambda event: event["event"] == "stopped")
            assert service.process.wait() == 0
    events = [json.loads(line) for line in [*one.log, *other.log]]
    assert {event["event"] for event in events} <= {"serving", "done", "stopped", "stopped early"}
    assert len([event for event in events if event.get("feeds") == ["people-1.csv"]]) == 1
    syncs = sorted(event["time"] for event in events if event["event"] == "done" and event["job"] == "sync")
    assert 3 <= len(syncs) <= 6, "one run in two seconds, and not two"


# ---------------------------------------------------------------- telling people
@contextmanager
def receiving() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Somebody's program that takes notices: its address, and what came."""
    came: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["notices"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name is given
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hooked(house: House, url: str) -> None:
    house.set("CONNECTOR_NOTICES__WEBHOOK__URL", url)
    house.set("CONNECTOR_NOTICES__WEBHOOK__SECRET", "open sesame")
    house.set("CONNECTOR_NOTICES__WEBHOOK__ALLOW", "127.0.0.1")
    house.set("CONNECTOR_CONSOLE__URL", "https://connector.example.com")
    house.set("CONNECTOR_CONSOLE__SECRET", "s" * 40)
    house.secrets.add("open sesame")


def test_a_hold_is_told_at_once_and_settled(settled: House) -> None:
    """After the sync that holds, not minutes later; by hash and link; and over once it was approved."""
    with receiving() as (url, came):
        hooked(settled, url)
        rows = people()
        assert settled.call("sync", settled.feed([*rows, *people_more(26)])).status == 3
        with serving(settled, SYNC="every hour", MIRROR="", NOTICES="") as service:
            assert service.until(lambda event: event.get("job") == "notices")["told"] == 1
            [notice] = came
            plan = notice["link"].removeprefix("https://connector.example.com/holds/")
            assert (notice["status"], notice["kind"], notice["facts"]["count"]) == ("new", "hold_waiting", 26)
        assert settled.run("hold", "approve", plan, "--by", "Ada").status == 0
        with serving(settled, SYNC="", MIRROR="", NOTICES="every second") as service:
            service.until(lambda event: event.get("job") == "notices" and event.get("told"))
            assert [one["status"] for one in came] == ["new", "settled"]


def people_more(number: int) -> list[dict[str, str]]:
    """Joiners."""
    return [{**one, "employee_id": f"N{one['employee_id']}", "email": f"n{one['email']}"} for one in people(number)]


def test_notice_test_sends_one(house: House) -> None:
    """So that whoever sets notices up sees them arrive; without a channel it says what to set."""
    done = house.call("notice", "test")
    assert done.status == 2
    assert "no channel is set up; set notices.mail.to" in done.plain
    with receiving() as (url, came):
        hooked(house, url)
        done = house.call("notice", "test", "--json")
        assert (done.status, done.json) == (0, {"sent": ["webhook"]})
        assert [one["kind"] for one in came] == ["test"]
        done = house.call("notice", "test", "--channel", "mail")
        assert (done.status, "mail is not set up" in done.plain) == (2, True)


def test_half_a_channel_is_told_before_anything_runs(house: House) -> None:
    """An address without a secret, or somebody to tell without a server, would fail in the night."""
    house.set("CONNECTOR_NOTICES__WEBHOOK__URL", "https://hooks.example.com/")
    assert "notices.webhook" in house.call("serve").err
    house.set("CONNECTOR_NOTICES__WEBHOOK__URL", None)
    house.set("CONNECTOR_NOTICES__MAIL__TO", "it@example.com")
    done = house.call("serve")
    assert (done.status, "notices.mail" in done.err) == (2, True)


# ---------------------------------------------------------------- one reading at a time
@contextmanager
def read_elsewhere() -> Iterator[None]:
    """While it lasts another process reads Moodle into the facts."""
    with Database(os.environ["CONNECTOR_DATABASE_URL"]) as database, Facts(database, "elsewhere").lock() as free:
        assert free
        yield


def test_a_mirror_steps_aside_while_somebody_else_reads(house: House) -> None:
    """The service says so, counts no failure, and reads again at its next time; a command ends with 1 and says why."""
    with serving(house, SYNC="", RECONCILE="") as service:
        with read_elsewhere():
            aside = [service.until(lambda event: event["event"] == "stepped aside") for _ in range(2)]
            done = house.call("mirror")
            assert done.status == 3
            assert "Another process is mirroring this Moodle; try again" in done.err
            assert house.call("reconcile").status == 3
        assert {(event["job"], event["level"]) for event in aside} == {("mirror", "info")}
        with Database(os.environ["CONNECTOR_DATABASE_URL"]) as database:
            state = Jobs(database, house.twin.url.removeprefix("http://")).states()["mirror"]
        assert (state.failures, state.error) == (0, "")
        service.done("mirror")
    assert not [line for line in service.log if '"failed"' in line or '"error"' in line]
