"""Certificates are issued once for each deed, by rule or by hand, renewed, revoked, and seen by reports."""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from itertools import pairwise
from threading import Event

import anyio.to_thread
import psycopg
import pytest

from connector.bootstrap import Connector
from connector.cli.service import jobs_of
from connector.doctor.own import certificates as doctors_certificates
from connector.domain.certificates import CODE_BITS, read_code
from connector.domain.certifying import FileState
from connector.domain.errors import SettingsError
from connector.domain.facts import Extent
from tests.integration.certified import CERTIFICATES, certifying, complete, issue, issued, of, team
from tests.integration.mirrored import Learning
from tests.support import House, Seen, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]


async def test_whoever_has_earned_one_gets_it_once(house: House, moodle: Seen, learning: Learning) -> None:
    """By a requirement once all its courses are done, by a course once it is; again and again nothing more."""
    await certifying(house)
    moodle.user("E3").fields["lang"] = "zh_tw"
    complete(house, learning, "E2", "SAFE", "FIRE")
    complete(house, learning, "E3", "SAFE")
    complete(house, learning, "E4", "LABS")
    await house.mirror()
    year = house.clock.now.year
    assert issue(house) == {"SAFETY": 1, "LAB": 1}
    assert issue(house) == {"SAFETY": 0, "LAB": 0}
    assert issued(house) == [("E2", f"SAFE-{year}-000001"), ("E4", f"LAB-{year}-1")]
    complete(house, learning, "E3", "FIRE")
    await house.mirror()
    assert issue(house) == {"SAFETY": 1, "LAB": 0}
    first, second = of(house, f"SAFE-{year}-000001"), of(house, f"SAFE-{year}-000002")
    assert (first.name, first.title, first.issuer, first.language) == (
        "FirstE2 LastE2",
        "Safety at work",
        "Example Works",
        "en",
    )
    assert (second.person, second.language, second.title) == ("E3", "zh-TW", "職業安全")
    assert first.expires_on is not None
    assert (first.expires_on - first.issued_on).days in (365, 366)
    assert of(house, f"LAB-{year}-1").expires_at is None
    assert (first.file, first.by_hand, first.reason) == (FileState.WAITING, False, "")
    assert read_code(first.code) == first.code != second.code


async def test_recertification_gives_a_new_one(house: House, moodle: Seen, learning: Learning) -> None:
    """The old one stays and expires by itself."""
    await certifying(house)
    complete(house, learning, "E2", "SAFE", "FIRE")
    await house.mirror()
    issue(house)
    [(_, old)] = issued(house)
    house.clock.forward(days=340)
    for course in ("SAFE", "FIRE"):
        learning.act("reset", "E2", course)
    await house.mirror()
    assert issue(house)["SAFETY"] == 0, "a reset earns nothing"
    complete(house, learning, "E2", "SAFE", "FIRE")
    await house.mirror()
    assert issue(house)["SAFETY"] == 1
    assert [who for who, _ in issued(house)] == ["E2", "E2"]
    new = of(house, issued(house)[1][1])
    assert of(house, old).revoked_at is None
    assert new.expires_at is not None and (of(house, old).expires_at or new.expires_at) < new.expires_at


async def test_old_deeds(house: House, moodle: Seen, learning: Learning) -> None:
    """What would be expired already is not issued, nor what was earned before `since`, nor to who has left."""
    since = f"    since: {house.clock.day(-30)}\n"
    await certifying(house, CERTIFICATES + since)
    await house.make_reports()  # by which Moodle tells when
    long_ago = house.clock.now - timedelta(days=400)
    complete(house, learning, "E4", "LABS", at=house.clock.now - timedelta(days=31))
    complete(house, learning, "E2", "SAFE", "FIRE", at=long_ago)
    complete(house, learning, "E3", "SAFE", "FIRE")
    await house.mirror()
    await house.sync([{**one, "status": "left"} if one["id"] == "E3" else one for one in team()])
    await house.mirror()
    assert issue(house) == {"SAFETY": 0, "LAB": 0}


async def test_by_hand(house: House, moodle: Seen, learning: Learning) -> None:
    """A manager above the person, or HR, with a reason, which stands on record; nobody else."""
    await certifying(house)
    issuing = house.connector.issuing()
    given = issuing.by_hand("E2", "SAFETY", "E1", "  shown on\n paper ", hr=False)
    assert (given.by_hand, given.by_hr, given.issued_by, given.reason) == (True, False, "E1", "shown on paper")
    assert issuing.by_hand("E4", "LAB", "anna", "trainer", hr=True).by_hr
    for person, code, by, reason, hr in (
        ("E2", "SAFETY", "E3", "why", False),
        ("E2", "SAFETY", "E2", "why", False),
        ("E2", "SAFETY", "E1", " ", False),
        ("E2", "NOWHERE", "E1", "why", False),
        ("E9", "SAFETY", "anna", "why", True),
        ("E2", "SAFETY", "E1", "x" * 501, False),
    ):
        with pytest.raises(SettingsError):
            issuing.by_hand(person, code, by, reason, hr=hr)
    assert len(issued(house)) == 2
    trail = house.sql("SELECT actor, action, detail ->> 'as_hr' AS hr FROM connector.audit_trail ORDER BY at")
    assert [tuple(one.values()) for one in trail if one["action"].startswith("certificate")] == [
        ("E1", "certificate_issued", "false"),
        ("anna", "certificate_issued", "true"),
    ]
    complete(house, learning, "E2", "SAFE", "FIRE")
    await house.mirror()
    assert issue(house)["SAFETY"] == 0, "what was issued by hand for it is enough"


async def test_revoking(house: House, moodle: Seen, learning: Learning) -> None:
    """Once, with a reason; a manager not what HR has issued. What a rule issued does not come back."""
    await certifying(house)
    complete(house, learning, "E2", "SAFE", "FIRE")
    await house.mirror()
    issue(house)
    [(_, number)] = issued(house)
    issuing = house.connector.issuing()
    with pytest.raises(SettingsError, match="only somebody above"):
        issuing.revoke(number, "E3", "cheated", hr=False)
    revoked = issuing.revoke(number, "E1", "cheated", hr=False)
    assert (revoked.revoked_by, revoked.revoked_why) == ("E1", "cheated")
    with pytest.raises(SettingsError, match="revoked already"):
        issuing.revoke(number, "E1", "cheated", hr=False)
    with pytest.raises(SettingsError, match="no number NOPE"):
        issuing.revoke("NOPE", "E1", "cheated", hr=False)
    assert issue(house)["SAFETY"] == 0
    of_hr = issuing.by_hand("E2", "LAB", "anna", "trainer", hr=True)
    with pytest.raises(SettingsError, match="only HR revokes"):
        issuing.revoke(of_hr.number, "E1", "no", hr=False)


async def test_reports_see_them(house: House, moodle: Seen, learning: Learning) -> None:
    """As certificates of the source `connector` under their number, never their code; a revocation too."""
    await certifying(house)
    complete(house, learning, "E2", "SAFE", "FIRE")
    await house.mirror()
    issue(house)
    await house.mirror(Extent.CHANGES)
    [(_, number)] = issued(house)
    seen = "SELECT hr_key, source, code, template, template_name, state FROM reporting.certificates"
    assert [tuple(one.values()) for one in house.sql(seen)] == [
        ("E2", "connector", number, "SAFETY", "Safety at work", "valid")
    ]
    await house.mirror()
    house.clock.forward(days=2)
    await house.mirror(Extent.CHANGES)
    assert house.sql("SELECT count(*) AS n FROM facts.fact_certificate") == [{"n": 1}], "nothing new, no new version"
    house.connector.issuing().revoke(number, "anna", "by mistake", hr=True)
    await house.mirror(Extent.CHANGES)
    assert [one["state"] for one in house.sql(seen)] == ["revoked"]
    assert house.connector.broken_facts() == {}


async def test_numbers_of_a_template_that_is_gone(house: House) -> None:
    """Another template with its pattern is refused with what to do, and uses no number up."""
    await certifying(house)
    house.connector.issuing().by_hand("E2", "LAB", "anna", "trainer", hr=True)
    house.edit("certificates.yaml", "code: LAB", "code: LABORATORY")
    for _ in range(2):
        with pytest.raises(SettingsError, match="Give it another pattern"):
            house.connector.issuing().by_hand("E2", "LABORATORY", "anna", "trainer", hr=True)
    assert house.sql("SELECT last FROM connector.certificate_serial WHERE template = 'LABORATORY'") == []


def _issue_all(settings: object, barrier: object) -> None:
    with Connector(settings) as connector:  # type: ignore[arg-type]
        _ = connector.mapping, connector.database
        barrier.wait()  # type: ignore[attr-defined]
        connector.issuing().by_rule()


async def test_two_processes_at_once(house: House, moodle: Seen, learning: Learning) -> None:
    """Each deed once, each number once, and no number is left out."""
    people = rows(40, unit="Field")
    await certifying(house, people=people)
    for one in people:
        complete(house, learning, one["id"], "SAFE", "FIRE")
    await house.mirror()
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    both = [spawn.Process(target=_issue_all, args=(house.settings, barrier)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    found = issued(house)
    year = house.clock.now.year
    assert sorted(number for _, number in found) == [f"SAFE-{year}-{n:06}" for n in range(1, 41)]
    assert sorted(who for who, _ in found) == sorted(one["id"] for one in people)
    codes = {int.from_bytes(one.code.encode()) for one in house.connector.certificates.listed(None, 100)}
    assert len(codes) == 40
    assert CODE_BITS >= 80


async def test_a_process_that_is_killed_uses_no_number_up(house: House) -> None:
    """A transaction that ends before it is committed leaves its number to the next one."""
    await certifying(house)
    first = house.connector.issuing().by_hand("E2", "LAB", "anna", "one", hr=True)
    with psycopg.connect(house.settings.database_url.get_secret_value()) as connection:
        connection.execute("UPDATE connector.certificate_serial SET last = last + 1 WHERE template = 'LAB'")
        connection.rollback()
    second = house.connector.issuing().by_hand("E3", "LAB", "anna", "two", hr=True)
    serials = [int(one.number.rpartition("-")[2]) for one in (first, second)]
    assert [b - a for a, b in pairwise(serials)] == [1]


async def test_after_restoring_a_backup(house: House, moodle: Seen, learning: Learning) -> None:
    """The doctor notices that numbers would be given again, by files and reports; caught up, the next one is new."""
    told = house.settings.certificates.model_copy(update={"folder": house.folder / "files"})
    house.settings = house.settings.model_copy(update={"certificates": told})
    await certifying(house)
    given = [house.connector.issuing().by_hand(who, "LAB", "anna", "trainer", hr=True) for who in ("E2", "E3")]
    await house.connector.certifying().work()
    await house.mirror()
    [two] = house.folder.glob(f"files/LAB/*/{given[1].number}.pdf")
    seven = two.rename(two.with_name(given[1].number.removesuffix("2") + "7.pdf"))
    assert house.connector.serials.behind()[0].known == 7
    house.sql("DELETE FROM connector.certificate")
    house.sql("DELETE FROM connector.certificate_serial")
    with pytest.raises(SettingsError, match=r"LAB-\d{4}-7 was given.*catch-up"):
        await doctors_certificates(house.connector)
    seven.unlink()
    [behind] = house.connector.serials.catch_up()
    assert (behind.template, behind.last, behind.known) == ("LAB", 0, 2), "the reports know them too"
    assert house.connector.serials.catch_up() == []
    third = house.connector.issuing().by_hand("E4", "LAB", "anna", "trainer", hr=True)
    assert third.number == given[1].number.removesuffix("2") + "3"


async def test_the_service_issues_them(house: House, moodle: Seen, learning: Learning) -> None:
    """After each mirror, where the mapping has templates; without them there is no such job."""
    await house.settled_in(team())
    assert "certificates" not in jobs_of(house.connector, Event())
    (house.mapping / "certificates.yaml").write_text(CERTIFICATES, "utf-8")
    house.reopen()
    complete(house, learning, "E4", "LABS")
    await house.mirror()
    jobs = jobs_of(house.connector, Event())
    assert all("certificates" in jobs[name].then for name in ("mirror", "reconcile"))
    came = await anyio.to_thread.run_sync(jobs["certificates"].run)
    assert came["issued"] == 1
