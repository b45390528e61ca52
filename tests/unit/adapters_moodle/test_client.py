"""The client: what it repeats, what it never repeats, and what each way of failing becomes."""

from __future__ import annotations

import logging
import socket
import time
import traceback

import anyio
import httpx
import pytest

from adapters.moodle.client import BATCH, MoodleClient
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import Fault, ServedTwin
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.errors import (
    AccessRefused,
    AlreadyThere,
    AnswerLost,
    BatchRefused,
    ConnectorError,
    Missing,
    SettingsError,
    Unavailable,
)
from tests.unit.adapters_moodle.people import account

pytestmark = pytest.mark.anyio
READ = "core_user_get_users_by_field"
WRITE = "core_user_create_users"


async def find(site: MoodleSite, name: str) -> int:
    return len(await site.accounts_by("username", [name]))


@pytest.mark.parametrize("kind", ["error500", "error502", "cut_before", "cut_after", "maintenance"])
async def test_a_read_survives_two_failures(twin: ServedTwin, site: MoodleSite, kind: str) -> None:
    """Reading functions are repeated, with growing waits."""
    twin.faults.add(Fault(kind, times=2, function=READ))  # type: ignore[arg-type]
    assert await find(site, "admin") == 1


@pytest.mark.parametrize("kind", ["error500", "cut_before", "maintenance"])
async def test_a_read_gives_up(twin: ServedTwin, site: MoodleSite, kind: str) -> None:
    """After its attempts the client says that Moodle is unavailable: a read never ends as "may have happened"."""
    twin.faults.add(Fault(kind, times=9, function=READ))  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        await find(site, "admin")


@pytest.mark.parametrize(
    ("fault", "there"),
    [
        (Fault("error500", function=WRITE), 0),
        (Fault("error502", function=WRITE), 0),
        (Fault("error502", function=WRITE, written=True), 1),
        (Fault("cut_before", function=WRITE), 0),
        (Fault("cut_after", function=WRITE), 1),
    ],
    ids=lambda value: f"{value.kind}-{value.written}" if isinstance(value, Fault) else "",
)
async def test_a_lost_answer_is_not_a_no(twin: ServedTwin, site: MoodleSite, fault: Fault, there: int) -> None:
    """A write whose answer is lost may or may not have happened; the client does not send it again."""
    twin.faults.add(Fault(fault.kind, function=fault.function, written=fault.written))
    with pytest.raises(AnswerLost):
        await PlainWriter(site.client).create_accounts([account("jane")])
    assert await find(site, "jane") == there
    assert twin.state.calls[WRITE] == there


async def test_a_write_that_times_out_may_have_happened(twin: ServedTwin) -> None:
    """A Moodle that is too slow for the client has done the work all the same."""
    twin.faults.add(Fault("slow", function=WRITE, seconds=0.3))
    async with MoodleClient(twin.url, twin.token, timeout=0.1) as client:
        with pytest.raises(AnswerLost):
            await PlainWriter(client).create_accounts([account("jane")])
    async with MoodleClient(twin.url, twin.token) as client:
        until = time.monotonic() + 5
        while not await find(MoodleSite(client), "jane"):
            assert time.monotonic() < until


async def test_maintenance_did_not_write(twin: ServedTwin, site: MoodleSite) -> None:
    """503 is a "no": the caller may send the same write again."""
    twin.faults.add(Fault("maintenance", function=WRITE))
    with pytest.raises(Unavailable):
        await PlainWriter(site.client).create_accounts([account("jane")])
    assert len(await PlainWriter(site.client).create_accounts([account("jane")])) == 1


async def test_the_late_write(twin: ServedTwin, site: MoodleSite) -> None:
    """As measured on real ones: nobody there, then a duplicate error, and two seconds later all are there."""
    twin.faults.add(Fault("write_late", function=WRITE, seconds=0.8))
    batch = [account(f"late{number}") for number in range(40)]
    with pytest.raises(AnswerLost):
        await PlainWriter(site.client).create_accounts(batch)
    assert await find(site, "late7") == 0
    with pytest.raises(AlreadyThere):
        await PlainWriter(site.client).create_accounts(batch)
    until = time.monotonic() + 5
    while len(await site.accounts_by("username", [str(row["username"]) for row in batch])) < 40:
        assert time.monotonic() < until
    with pytest.raises(BatchRefused):
        await PlainWriter(site.client).create_accounts(batch)


async def test_a_revoked_token_ends_the_run(twin: ServedTwin, site: MoodleSite) -> None:
    """No repeating: a person must act."""
    await site.site_info()
    twin.faults.add(Fault("revoked", times=1))
    with pytest.raises(AccessRefused, match="invalidtoken"):
        await find(site, "admin")
    assert await find(site, "admin") == 1


async def test_retry_after_is_honoured(twin: ServedTwin, client: MoodleClient) -> None:
    """Where Moodle says when to come back, the client waits that long."""
    twin.faults.add(Fault("maintenance", seconds=1))
    start = time.monotonic()
    await client.call("core_webservice_get_site_info")
    assert time.monotonic() - start >= 1


async def test_nobody_listens() -> None:
    """A refused connection surely changed nothing, for writes too."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with MoodleClient(f"http://127.0.0.1:{port}", "t", attempts=2, first_wait=0.001) as client:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await client.call(WRITE, {})


@pytest.mark.parametrize("url", ["moodle.example", "ftp://moodle.example", "http://"])
async def test_an_address_that_cannot_be_called(url: str) -> None:
    """A url without a scheme, or with a foreign one, is a matter of settings."""
    async with MoodleClient(url, "t") as client:
        with pytest.raises(SettingsError):
            await client.call(READ, {})


async def test_redirects_are_refused() -> None:
    """The client does not follow: it would send the token elsewhere. It says which url to set."""

    def redirect(request: httpx.Request) -> httpx.Response:
        return httpx.Response(301, headers={"location": f"https://www.{request.url.host}{request.url.path}"})

    async with MoodleClient("http://moodle.example", "t", transport=httpx.MockTransport(redirect)) as client:
        with pytest.raises(SettingsError, match=r"redirects to https://www\.moodle\.example: set that url"):
            await client.call(READ, {})


async def test_too_many_variables_never_leave(twin: ServedTwin, site: MoodleSite) -> None:
    """PHP would drop some without a word: the batch is refused here, to be split."""
    people = [account(f"p{number}") for number in range(700)]
    with pytest.raises(BatchRefused, match="split the batch") as caught:
        await PlainWriter(site.client).create_accounts(people)
    assert caught.value.code == "toomanyvariables"
    assert twin.state.calls[WRITE] == 0


async def test_dropped_variables_are_noticed(twin: ServedTwin, site: MoodleSite) -> None:
    """A site with a low max_input_vars makes fewer accounts than asked: that is no success."""
    twin.faults.add(Fault("drop_variables", function=WRITE, variables=3 + 6 * 10))
    with pytest.raises(AnswerLost, match="10 of 20"):
        await PlainWriter(site.client).create_accounts([account(f"p{number}") for number in range(20)])
    assert await find(site, "p9") == 1
    assert await find(site, "p10") == 0


async def test_call_many_goes_on_after_an_error(twin: ServedTwin, client: MoodleClient, site: MoodleSite) -> None:
    """The first error ends Moodle's list; the client sends the rest again, and gives a result for each call."""
    course = twin.life.make_course("SAFE101", criteria=False)
    ok = ("core_course_get_courses_by_field", {"field": "idnumber", "value": "SAFE101"})
    bad = ("core_completion_get_course_completion_status", {"courseid": course, "userid": 999})
    results = await client.call_many([ok, bad, bad, ok])
    assert [type(result) for result in results] == [dict, Missing, Missing, dict]
    assert twin.state.calls[BATCH] == 3


async def test_call_many_without_the_function() -> None:
    """A site whose service lacks the batching function gets single calls, with the same results."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        function = dict(httpx.QueryParams(request.content.decode()))["wsfunction"]
        seen.append(function)
        if function == "core_webservice_get_site_info":
            return httpx.Response(200, json={"functions": [{"name": "core_user_get_users", "version": "1"}]})
        if function == "core_cohort_get_cohorts":
            return httpx.Response(200, json={"exception": "x", "errorcode": "invalidrecord", "message": "m"})
        return httpx.Response(200, json=[])

    async with MoodleClient("http://moodle.example", "t", transport=httpx.MockTransport(answer)) as client:
        results = await client.call_many([("core_user_get_users", {}), ("core_cohort_get_cohorts", {})])
    assert results[0] == []
    assert isinstance(results[1], Missing)
    assert BATCH not in seen


async def test_requests_at_once_are_bounded() -> None:
    """No more requests are under way than the client was given, however many ask."""
    under_way, most = 0, 0

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await anyio.sleep(0.01)
        under_way -= 1
        return httpx.Response(200, json=[])

    transport = httpx.MockTransport(slow)
    client = MoodleClient("http://moodle.example", "t", transport=transport, concurrency=3)
    async with client, anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(client.call, READ, {})
    assert most == 3


@pytest.mark.parametrize(
    "kind", ["error500", "error502", "cut_before", "cut_after", "write_late", "maintenance", "revoked"]
)
async def test_no_token_in_logs_or_errors(twin: ServedTwin, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    """With every logger at its most talkative and each way of failing, the token and passwords appear nowhere."""
    caplog.set_level(logging.DEBUG)
    secret = "Sup3r-secret!"
    async with MoodleClient(twin.url, twin.token, attempts=2, first_wait=0.001) as client:
        for function in (WRITE, "core_user_get_users"):
            twin.faults.add(Fault(kind, times=2))  # type: ignore[arg-type]
            with pytest.raises(ConnectorError) as caught:
                await client.call(function, {"users": [account("jane", password=secret)], "criteria": []})
            twin.faults.clear()
            told = "".join(traceback.format_exception(caught.value)) + repr(client) + caplog.text
            error: BaseException | None = caught.value
            while error is not None:
                told += repr(error) + repr(getattr(error, "request", ""))
                assert not isinstance(error, httpx.HTTPError)
                error = error.__context__
            assert twin.token not in told
            assert secret not in told


class Counted:
    """Keeps what it is told of requests."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.seconds: list[float] = []

    def called(self, function: str, seconds: float, outcome: str) -> None:
        self.calls.append((function, outcome))
        self.seconds.append(seconds)


async def test_every_request_is_told_to_the_observer(twin: ServedTwin) -> None:
    """Each try by itself, with its time and what came of it; a write whose answer is lost too, and one cut off."""
    counted = Counted()
    twin.faults.add(Fault("error502", function=READ))
    twin.faults.add(Fault("cut_after", function=WRITE))
    async with MoodleClient(twin.url, twin.token, first_wait=0.005, observer=counted) as client:
        site = MoodleSite(client)
        assert await find(site, "admin") == 1
        with pytest.raises(AnswerLost):
            await PlainWriter(site.client).create_accounts([account("jane")])
        twin.faults.add(Fault("slow", function=READ, seconds=5))
        with anyio.move_on_after(0.3):
            await find(site, "jane")
    assert ("core_webservice_get_site_info", "ok") in counted.calls
    assert [one for one in counted.calls if one[0] in (READ, WRITE)] == [
        (READ, "Unavailable"),
        (READ, "ok"),
        (WRITE, "AnswerLost"),
        (READ, "CancelledError"),
    ]
    assert all(0 <= seconds < 5 for seconds in counted.seconds)
    assert counted.seconds[-1] >= 0.25
