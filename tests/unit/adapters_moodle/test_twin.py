"""The twin itself: what it keeps apart, how it fails, and that it is fast and silent."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time

import anyio
import httpx
import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import REAL_PACE, Fault, Pace, ServedTwin, Twin, TwinState, serve_twin
from adapters.moodle.twin.__main__ import populate
from adapters.moodle.twin.pace import Cost
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.errors import AccessRefused, AnswerLost
from connector.domain.writing import ManualEnrolment
from tests.reading import grades
from tests.unit.adapters_moodle.people import account, create

pytestmark = pytest.mark.anyio


async def test_two_twins_share_nothing() -> None:
    """Neither people nor faults nor tokens nor counters of one show in another."""
    with serve_twin("4.5") as one, serve_twin("5.1") as two:
        one.faults.add(Fault("error500", times=99))
        one.faults.clear()
        two_client = MoodleClient(two.url, two.token, attempts=1)
        async with MoodleClient(one.url, one.token) as client, two_client:
            await PlainWriter(client).create_accounts([account("jane")])
            one.faults.add(Fault("error500", times=99))
            assert await MoodleSite(two_client).accounts_by("username", ["jane"]) == []
        async with MoodleClient(two.url, one.token) as stranger:
            with pytest.raises(AccessRefused):
                await MoodleSite(stranger).site_info()
    assert one.state.calls["core_user_create_users"] == 1
    assert two.state.calls["core_user_create_users"] == 0


async def test_it_starts_and_stops_quickly(caplog: pytest.LogCaptureFixture) -> None:
    """Well under a second each, its thread gone, its port closed, and not a word in the log."""
    start = time.monotonic()
    with serve_twin() as twin:
        started = time.monotonic() - start
        async with MoodleClient(twin.url, twin.token) as client:
            await client.call("core_webservice_get_site_info")
            start = time.monotonic()
    assert started < 0.9
    assert time.monotonic() - start < 0.9
    assert "moodle-twin" not in [thread.name for thread in threading.enumerate()]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_cut_closes_the_connection(twin: ServedTwin, caplog: pytest.LogCaptureFixture) -> None:
    """No bytes come back, the server goes on, and nothing is logged."""
    twin.faults.add(Fault("cut_before"))
    host, port = twin.url.removeprefix("http://").split(":")
    async with await anyio.connect_tcp(host, int(port)) as stream:
        await stream.send(b"POST /webservice/rest/server.php HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=b")
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await stream.receive()
    async with MoodleClient(twin.url, twin.token) as client:
        assert await client.call("core_cohort_get_cohorts") == []
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_without_a_server_a_cut_is_an_exception() -> None:
    """In process, through an ASGI transport, there is no connection to close."""
    twin = Twin()
    twin.faults.add(Fault("cut_before"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(twin.app), base_url="http://twin") as http:
        with pytest.raises(ConnectionAbortedError):
            await http.post("/webservice/rest/server.php")


async def test_the_trap_of_max_input_vars(twin: ServedTwin) -> None:
    """1,400 updates of 8 variables in one request: an empty list of warnings, and 150 people untouched."""
    populate(twin.state, 1400)
    first = twin.state.by_username["person1"]
    fields = ("firstname", "lastname", "city", "country", "department", "institution", "idnumber")
    rows = {f"users[{n}][{key}]": "XX" for n in range(1400) for key in fields}
    ids = {f"users[{n}][id]": str(first + n) for n in range(1400)}
    form = {"wstoken": twin.token, "wsfunction": "core_user_update_users"}
    for n in range(1400):  # as PHP reads it: person after person
        form |= {key: value for key in [f"users[{n}][id]"] for value in [ids[key]]}
        form |= {f"users[{n}][{key}]": rows[f"users[{n}][{key}]"] for key in fields}
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{twin.url}/webservice/rest/server.php", data=form)
    assert answer.json() == {"warnings": []}
    assert sum(user.fields.get("city") != "XX" for user in twin.state.users.values()) - 3 == 150


async def test_faults_by_dice_are_repeatable(twin: ServedTwin) -> None:
    """A probability and a seed give the same failures each time."""

    def outcomes(seed: int) -> list[bool]:
        twin.faults.add(Fault("slow", times=50, probability=0.4, seed=seed))
        drawn = [twin.faults.take("f") is not None for _ in range(50)]
        assert twin.faults.take("f") is None
        return drawn

    assert outcomes(7) == outcomes(7)
    assert outcomes(7) != outcomes(8)
    assert 5 < sum(outcomes(7)) < 35


async def test_faults_of_one_function_leave_others_alone(twin: ServedTwin) -> None:
    """Orders are taken in turn, by function."""
    twin.faults.add(Fault("slow", function="a", times=2))
    twin.faults.add(Fault("revoked"))
    assert [getattr(twin.faults.take(name), "kind", None) for name in "abaab"] == [
        "slow", "revoked", "slow", None, None,
    ]  # fmt: skip
    twin.faults.add(Fault("slow", function="a", operation="x"))
    assert [twin.faults.take("a", operation) is not None for operation in ("", "y", "x")] == [False, False, True]
    with pytest.raises(ValueError, match="no such fault"):
        Fault("nonsense")  # type: ignore[arg-type]


async def test_orders_from_another_process(twin: ServedTwin) -> None:
    """The control routes order faults and let learners learn; what they do not know they refuse with a sentence."""
    async with httpx.AsyncClient(base_url=twin.url) as http, MoodleClient(twin.url, twin.token) as client:
        site = MoodleSite(client)
        course = (await http.post("/twin/course", json={"idnumber": "SAFE101"})).json()
        [user] = await create(site, 1)
        await PlainWriter(site.client).enrol([ManualEnrolment(user, course, 5)])
        person = {"username": "p0", "course": "SAFE101"}
        await http.post("/twin/complete", json=person | {"at": 1_700_000_000})
        await http.post("/twin/grade", json=person | {"value": 71})
        assert [row.completed async for page in site.progress([user]) for row in page] == [True]
        assert [row.value for row in await grades(site, course)] == [71]
        await http.post("/twin/faults", json={"kind": "cut_after", "function": "core_user_create_users"})
        with pytest.raises(AnswerLost):
            await create(site, 1, prefix="q")
        assert (await http.post("/twin/faults", json={"kind": "nonsense"})).status_code == 400
        assert (await http.post("/twin/grade", json=person | {"course": "none", "value": 1})).status_code == 400
        await http.post("/twin/faults", json={"kind": "revoked", "times": 99})
        await http.request("DELETE", "/twin/faults")
        await site.site_info()
        assert (await http.get("/twin/calls")).json()["core_user_create_users"] == 2


async def test_no_control_unless_asked_for() -> None:
    """A twin that was not built for it cannot be ordered about."""
    with serve_twin() as twin:
        async with httpx.AsyncClient(base_url=twin.url) as http:
            assert (await http.post("/twin/faults", json={"kind": "revoked"})).status_code == 404


async def test_pace(twin: ServedTwin) -> None:
    """Calls take a real Moodle's time: so much a call, so much a row, so many at once."""
    assert REAL_PACE.seconds("core_user_create_users", {"users": {"0": {}, "1": {}}}, []) == pytest.approx(0.056)
    assert REAL_PACE.seconds("core_user_get_users_by_field", {}, [{}] * 500) == pytest.approx(2.52)
    with serve_twin(pace=Pace({}, Cost(0.05), workers=1)) as slow:
        async with MoodleClient(slow.url, slow.token) as client:
            start = time.monotonic()
            async with anyio.create_task_group() as group:
                for _ in range(4):
                    group.start_soon(client.call, "core_cohort_get_cohorts")
            assert time.monotonic() - start > 0.2


async def test_a_hundred_thousand_people(twin: ServedTwin) -> None:
    """Finding, changing and adding one of them costs no more than in an empty site."""
    populate(twin.state, 100_000)
    async with MoodleClient(twin.url, twin.token) as client:
        site = MoodleSite(client)
        start = time.monotonic()
        for number in range(20):
            [found] = await site.accounts_by("idnumber", [f"P{number * 4999 + 1:06}"])
            await PlainWriter(site.client).update_accounts([{"id": found.id, "city": "Taipei"}])
        await create(site, 20)
        assert time.monotonic() - start < 5


async def test_deleting_takes_everything_along(twin: ServedTwin) -> None:
    """Enrolments, roles, cohorts and grades go; the name and the e-mail are free again."""
    async with MoodleClient(twin.url, twin.token) as client:
        site = MoodleSite(client)
        [user] = await create(site, 1)
        course = twin.life.make_course("SAFE101")
        [cohort] = await PlainWriter(site.client).create_cohorts([("C", "C")])
        await PlainWriter(site.client).enrol([ManualEnrolment(user, course, 5)])
        await PlainWriter(site.client).add_cohort_members([(int(str(cohort)), user)])
        twin.life.grade("p0", "SAFE101", 50)
        await client.call("core_user_delete_users", {"userids": [user]})
        assert await site.cohort_members([int(str(cohort))]) == {cohort: frozenset()}
        assert [page async for page in site.participants(course)] == []
        assert twin.state.courses[course].grades == {}
        [again] = await create(site, 1)
        assert again != user


async def test_the_command() -> None:
    """``python -m adapters.moodle.twin`` says where it is and what the token is."""
    command = [sys.executable, "-u", "-m", "adapters.moodle.twin", "--port", "0", "--version", "4.5", "--people", "5"]
    async with await anyio.open_process(command) as process:
        assert process.stdout is not None
        line = (await process.stdout.receive()).decode()
        url, token = line.split(" at ")[1].split(";")[0].split(", token ")
        async with MoodleClient(url, token) as client:
            assert len(await MoodleSite(client).accounts_by("username", ["person5"])) == 1
        process.terminate()


async def test_arguments_of_nested_calls_are_validated_too(twin: ServedTwin) -> None:
    """What goes in by the batching function meets the same rules as what comes alone."""
    async with MoodleClient(twin.url, twin.token) as client:
        arguments = json.dumps({"field": "username", "values": ["ADMIN"]})
        request = {"function": "core_user_get_users_by_field", "arguments": arguments}
        answer = await client.call("tool_mobile_call_external_functions", {"requests": [request]})
    assert json.loads(answer["responses"][0]["exception"])["errorcode"] == "invalidparameter"


async def test_languages_and_plugins_are_settings() -> None:
    """A site with more language packs accepts them."""
    state = TwinState(languages=frozenset({"en", "zh_tw"}), auths=frozenset({"manual"}))
    with serve_twin(state=state) as twin:
        async with MoodleClient(twin.url, twin.token) as client:
            wanted = account("jane", lang="zh_tw", auth="manual", createpassword=True)
            assert len(await PlainWriter(client).create_accounts([wanted])) == 1


async def test_who_teaches_does_not_learn(twin: ServedTwin) -> None:
    """Both are in the course, and one of them completes it."""
    async with MoodleClient(twin.url, twin.token) as client:
        site = MoodleSite(client)
        student, teacher = await create(site, 2)
        course = twin.life.make_course("SAFE101")
        await PlainWriter(site.client).enrol(
            [ManualEnrolment(student, course, 5), ManualEnrolment(teacher, course, 4)]
        )
        assert twin.life.enrolled() == [("p0", "SAFE101"), ("p1", "SAFE101")]
        assert twin.life.learning() == [("p0", "SAFE101")]


async def test_the_life_of_learners(twin: ServedTwin) -> None:
    """A first completion stays, a grade can be cleared, and the status of a course never tells when it was done."""
    async with MoodleClient(twin.url, twin.token) as client:
        site = MoodleSite(client)
        [user] = await create(site, 1)
        course = twin.life.make_course("SAFE101", grade_max=50)
        await PlainWriter(site.client).enrol([ManualEnrolment(user, course, 5)])
        assert twin.life.enrolled() == [("p0", "SAFE101")]
        for at in (1_700_000_000, 1_800_000_000):
            twin.life.complete("p0", "SAFE101", at)
        for value, wanted in ((40, [40.0]), (None, [None])):
            twin.life.grade("p0", "SAFE101", value)
            assert [row.value for row in await grades(site, course)] == wanted
        params = {"courseid": course, "userid": user}
        status = (await client.call("core_completion_get_course_completion_status", params))["completionstatus"]
        assert status["completed"] is True
        assert status["completions"][0]["timecompleted"] == 1_700_000_000
        assert "timecompleted" not in status
