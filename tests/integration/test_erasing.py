"""A person is erased: nothing of the person is left in either database, and what is counted stays as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from scim2_models import ForbiddenException

from adapters.storage.folder import FolderStore
from connector.certificates.making import Making
from connector.domain.certifying import Issue, file_name
from connector.domain.erasing import Erased, Erasure, Marker, written
from connector.domain.erasing import Kind as By
from connector.domain.errors import SettingsError, StorageError
from connector.domain.facts import Extent
from connector.domain.feeds import StagedRow, StagedSaying
from connector.domain.people import Rejection, Removed
from connector.domain.plan import Action
from connector.domain.privacy import INVENTORY, Fate, differences
from connector.domain.scim import Kind
from connector.settings.parts import PrivacySettings, ReportingSettings
from connector.settings.sources import ScimSettings
from connector.store.checks import checks
from connector.store.embedded import EmbeddedServer, create_database, drop_database
from connector.store.erased_facts import ErasableFactTables
from connector.sync.setting_aside import set_aside
from jobs.undo import undo
from tests.integration.certified import certifying
from tests.integration.mirrored import Learning
from tests.scim import ENTERPRISE, USER
from tests.support import House, Row, Seen, row, rows
from tests.traces import traces as found

pytestmark = pytest.mark.anyio

SECRET = "a secret of the tests that is long enough"
REASON = "asked for in writing"

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATE = Issue(
    0, "LAB", "L-{serial}", 2026, "A" * 23, "en", "", "Lab", "Works", "late", NOON, NOON, NOON.date(), None, None
)  # fmt: skip

COUNTED = (
    "SELECT requirement, assigned, satisfied, open, overdue, rate FROM reporting.compliance_by_requirement ORDER BY 1",
    "SELECT unit, requirement, assigned, satisfied, overdue FROM reporting.compliance_by_unit ORDER BY 1, 2",
    "SELECT course_id, enrolled, completed, graded, average_grade FROM reporting.course_performance ORDER BY 1",
    "SELECT people, left_people, with_account, active_30d, enrolled, completed, average_score, certificates, "
    "assigned, satisfied, overdue FROM reporting.executive_overview",
    "SELECT unit, count(*) AS people FROM facts.dim_person WHERE valid_to = 'infinity' GROUP BY unit ORDER BY 1",
    "SELECT person_id, requirement, cycle, due_on, satisfied_at FROM facts.fact_assignment "
    "WHERE valid_to = 'infinity' ORDER BY 1, 2, 3",
)


@pytest.fixture(autouse=True)
def secret(house: House) -> None:
    """Erasing needs a secret."""
    house.settings = house.settings.model_copy(update={"privacy": PrivacySettings(secret=SecretStr(SECRET))})
    house.reopen()


def erase(house: House, key: str) -> str:
    """Look, approve what is shown, and give the pseudonym."""
    erasing = house.connector.erasing
    house.clock.forward(minutes=1)
    return erasing.erase(key, REASON, "dpo", erasing.preview(key).hash[:12]).pseudonym


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def traces(house: House, *values: str) -> list[str]:
    """Rows in which one of the values stands, in whatever case."""
    return found(house.connector.database.url, *values)


def counted(house: House) -> list[list[dict[str, Any]]]:
    return [house.sql(text) for text in COUNTED]


def test_every_column_has_a_decision(house: House) -> None:
    """The inventory has every column of both databases, each once, and none that is not there."""
    real: dict[str, set[str]] = {}
    for one in house.sql(
        "SELECT table_schema || '.' || table_name AS name, column_name FROM information_schema.columns "
        "JOIN pg_tables ON schemaname = table_schema AND tablename = table_name "
        "JOIN pg_class k ON k.oid = format('%%I.%%I', schemaname, tablename)::regclass AND NOT k.relispartition "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'public')"
    ):
        real.setdefault(one["name"], set()).add(one["column_name"])
    assert differences(real) == []
    for held in INVENTORY:
        names = " ".join(held.fates.values()).split()
        assert len(names) == len(set(names)), held.table
        assert held.why or not held.fates.keys() & {Fate.KEEP, Fate.BLANK, Fate.PSEUDONYM}, held.table
    real["connector.person"].add("shoe_size")
    assert differences(real) == ["connector.person.shoe_size"]


async def test_what_happened_within_courses_is_of_nobody(house: House, moodle: Seen, learning: Learning) -> None:
    """Activities, grades and their history go on under numbers that lead nowhere, not in Moodle either. What Moodle
    still has of the account is held by number, without codes, and is no way back."""
    house.twin.state.plugin = True
    people = [row("LEAVER", unit="Field"), *rows(2, unit="Field")]
    await house.settled_in(people)
    quiz = learning.life.make_activity("SAFE", "Quiz")
    item, account = learning.life.item_of(quiz), moodle.id("LEAVER")
    learning.act("enrol", "LEAVER", "SAFE")
    learning.act("complete", "LEAVER", "SAFE")
    learning.act("grade", "LEAVER", "SAFE", 70)
    learning.life.finish("leaver", quiz)
    learning.life.grade_item("leaver", item, 50)
    learning.life.grade_item("leaver", item, 70)
    learning.life.certify("leaver", "Template", "QXZ-77-C0DE")
    await house.sync([row("LEAVER", unit="Field", status="left"), *people[1:]])
    await house.mirror()
    figures = "SELECT old_grade, new_grade, cause FROM facts.fact_grade_history WHERE item_id = %s ORDER BY history_id"
    before = house.sql(figures, item)
    erase(house, "LEAVER")
    assert (await house.reconcile()).differences == []
    with learning.state.lock:
        learning.state.note("courses", "again", 0, learning.course("SAFE").id)
    await house.mirror(Extent.CHANGES)
    await house.mirror()
    kept = "facts.fact_completion WHERE moodle_id < 0 AND completed AND valid_to = 'infinity'"
    assert house.sql(f"SELECT count(*) AS n FROM {kept}") == [{"n": 1}], (
        "what was completed stays, though the course is read as a whole"
    )
    mine = {
        table: house.sql(f"SELECT count(*) AS n FROM {table} WHERE moodle_id = %s", account)[0]["n"]
        for table in ("facts.fact_activity_completion", "facts.fact_item_grade", "facts.fact_grade_history",
                      "facts.history_read", "facts.reconciliation_difference")
    }  # fmt: skip
    assert set(mine.values()) == {0}, mine
    assert house.sql("SELECT FROM landing.held WHERE moodle_id = %s", account), "Moodle still has the account"
    assert traces(house, "qxz-77-c0de") == []
    assert house.sql(figures, item) == before
    assert house.sql("SELECT FROM facts.fact_grade_history WHERE moodle_id < 0 AND history_id < 1000") == []
    assert house.sql("SELECT FROM facts.fact_item_grade WHERE moodle_id < 0 AND valid_to = 'infinity'")
    assert checks(house.connector.reporting) == {}


async def test_nothing_is_left_and_figures_stay(house: House, moodle: Seen, learning: Learning) -> None:
    """Before-images, plans and names go; what is counted is as before, now and after the next reading."""
    people = [row("LEAVER", unit="Field"), *rows(4, unit="Field", manager="LEAVER")]
    await house.settled_in(people)
    for course in ("SAFE", "FIRE"):
        learning.act("enrol", "LEAVER", course)
        learning.act("complete", "LEAVER", course)
        learning.act("grade", "LEAVER", course, 70)
    await house.sync([row("LEAVER", unit="Field", email="other.name@example.test", last="Oldname"), *people[1:]])
    await house.sync([row("LEAVER", unit="Field", status="left"), *people[1:]])
    await house.mirror()
    before = counted(house)
    assert traces(house, "other.name@example.test", "oldname")

    pseudonym = erase(house, "LEAVER")

    assert traces(house, "leaver", "other.name", "oldname") == []
    assert traces(house, pseudonym)
    assert counted(house) == before
    house.clock.forward(hours=1)
    await house.mirror()
    assert counted(house) == before
    assert {name: many for name, many in checks(house.connector.reporting).items() if many} == {}
    assert traces(house, "leaver", "other.name", "oldname") == []
    assert moodle.fields("LEAVER", "firstname") == ("FirstLEAVER",), "the account is Moodle's, and stays"


async def test_nothing_is_planned_any_more(house: House, moodle: Seen) -> None:
    """The account is let alone, and so are those below; a later feed that still names the person is no bad feed."""
    people = [row("GONE", job="clerk"), *rows(3, job="clerk", manager="GONE")]
    await house.settled_in(people)
    pseudonym = erase(house, "GONE")
    assert house.changes(await house.plan()) == []
    intake = await house.take(people)
    [rejection] = intake.rejections
    assert (rejection.key, rejection.field) == (pseudonym, "key")
    assert f"person readmit {pseudonym}" in rejection.reason
    assert intake.totals.rejected == 0
    assert house.changes(await house.plan()) == []
    assert traces(house, "firstgone", "gone@example.test") == []
    assert not moodle.suspended("GONE")


async def test_known_again_by_the_address_alone(house: House) -> None:
    """A new key with the erased address is set aside, until somebody says that the address is another's now."""
    await house.settled_in([row("OLD1"), row("E1")])
    pseudonym = erase(house, "OLD1")
    newcomer = row("NEW1", email="OLD1@example.test")
    [rejection] = (await house.take([newcomer, row("E1")])).rejections
    assert (rejection.field, rejection.key) == ("email", "NEW1")
    assert house.changes(await house.plan()) == []
    house.clock.forward(minutes=1)
    house.connector.erasing.readmit(pseudonym, "hr", "another person's address", "email")
    await house.plan([newcomer, row("E1"), row("OLD1")])
    assert {subject for _, subject in house.cases()} == {"NEW1"}, "the old account in Moodle has that address still"


async def test_a_rehire_is_readmitted_by_a_person(house: House) -> None:
    """After that the key is a new person, and the record of the erasure stays."""
    await house.settled_in([row("BACK"), row("E1")])
    pseudonym = erase(house, "BACK")
    house.connector.erasing.readmit(pseudonym, "hr", "rehired")
    plan = await house.plan([row("BACK"), row("E1")])
    assert {change.subject for change in house.changes(plan)} == {"BACK"}
    [record] = house.connector.erasures.records()
    assert (record.readmitted_by, record.readmitted_because) == ("hr", "rehired")
    with pytest.raises(SettingsError):
        house.connector.erasing.readmit(pseudonym, "hr", "again")


async def test_a_username_that_rules_made_stays_reserved(house: House) -> None:
    """Nobody else gets it, though only a keyed hash of it is kept."""
    house.edit("mapping.yaml", "username: {column: username, transforms: [lower]}",
               "username: {column: username, transforms: [lower], unique: suffix}")  # fmt: skip
    await house.settled_in([row("U1", username="jsmith")])
    erase(house, "U1")
    assert traces(house, "jsmith") == []
    plan = await house.plan([row("U2", username="jsmith")])
    [made] = [one.after["username"] for one in house.changes(plan) if one.action is Action.CREATE_ACCOUNT]
    assert made == "jsmith2"


async def test_killed_between_the_two_databases(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way in has forgotten the person, the facts have not: the same command ends it, and so does the job."""
    await house.settled_in([row("HALF"), row("E1")])
    await house.mirror()
    approved = house.connector.erasing.preview("HALF").hash
    with monkeypatch.context() as patched:
        patched.setattr(ErasableFactTables, "erase", killed)
        with pytest.raises(KeyboardInterrupt):
            house.connector.erasing.erase("HALF", REASON, "dpo", approved)
    assert {line.split(" ")[0].split(".")[0] for line in traces(house, "firsthalf")} == {"facts"}
    done = house.connector.erasing.erase("HALF", REASON, "dpo", approved)
    assert done.facts_erased_at is not None
    assert traces(house, "half") == []
    assert house.connector.erasing.finish() == 0


async def test_approval_is_of_what_is_there_now(house: House) -> None:
    """Who approved something else, or too little of a hash, erases nothing; nor does who names the person."""
    await house.settled_in([row("SAME"), row("E1")])
    erasing = house.connector.erasing
    approved = erasing.preview("SAME").hash
    await house.sync([row("SAME", last="Changed"), row("E1")])
    for given_hash in (approved, "", approved[:4]):
        with pytest.raises(SettingsError, match="hash"):
            erasing.erase("SAME", REASON, "dpo", given_hash)
    with pytest.raises(SettingsError, match="names the person"):
        erasing.erase("SAME", "Mr. Changed wants it", "dpo", erasing.preview("SAME").hash)
    assert house.connector.erasures.records() == []
    erase(house, "SAME")
    with pytest.raises(SettingsError, match="erased already"):
        erasing.preview("same")


async def test_an_older_backup_is_erased_again(house: House, postgres: EmbeddedServer) -> None:
    """The records, which are kept elsewhere and name nobody, do it without anybody's key."""
    await house.settled_in([row("REST"), row("E1")])
    await house.mirror()
    backup = house.sql("SELECT pg_catalog.current_database() AS name")[0]["name"]
    copy = f"{backup}_backup"
    house.close()
    create_database(postgres.url(), copy, template=backup)
    house.reopen()
    pseudonym = erase(house, "REST")
    text = json.dumps([written(one) for one in house.connector.erasures.records()])
    assert not [word for word in ("REST", "rest@example.test", "FirstREST") if f'"{word}' in text]
    house.settings = house.settings.model_copy(update={"database_url": SecretStr(postgres.url(copy))})
    house.reopen()
    try:
        assert traces(house, "firstrest")
        [done] = house.connector.erasing.again([Erasure.read(one) for one in json.loads(text)])
        assert done.pseudonym == pseudonym
        assert traces(house, "firstrest", "rest@example.test") == []
        assert house.connector.erasing.again() == []
    finally:
        house.close()
        drop_database(postgres.url(), copy)


async def test_another_secret_is_noticed(house: House) -> None:
    """With it, or with none, erased people would not be known again: then no feed is read."""
    await house.settled_in([row("S1"), row("E1")])
    erase(house, "S1")
    for given_secret in (None, SecretStr("another secret that is long enough too")):
        house.settings = house.settings.model_copy(update={"privacy": PrivacySettings(secret=given_secret)})
        house.reopen()
        with pytest.raises(SettingsError, match=r"privacy\.secret"):
            await house.take([row("S1"), row("E1")])


async def test_a_file_that_cannot_be_reached_is_not_forgotten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before files went, and gone on with settings that name no place for them: nothing says that all is done,
    until the file is gone."""
    kept = house.settings.certificates
    placed = kept.model_copy(update={"folder": house.folder / "files"})
    house.settings = house.settings.model_copy(update={"certificates": placed})
    house.reopen()
    await certifying(house)
    mine = house.connector.issuing().by_hand("E2", "LAB", "hr", "trainer", hr=True)
    FolderStore(house.folder / "files").put(file_name(mine), b"%PDF with a name")
    house.connector.certificates.made(mine.certificate_id, "digest", house.clock())
    approved = house.connector.erasing.preview("E2").hash
    with monkeypatch.context() as patched:
        patched.setattr(ErasableFactTables, "erase", killed)
        with pytest.raises(KeyboardInterrupt):
            house.connector.erasing.erase("E2", REASON, "dpo", approved)
    for again in ("finish", "again"):
        house.settings = house.settings.model_copy(update={"certificates": kept})
        house.reopen()
        with pytest.raises(SettingsError, match=r"certificates\.folder"):
            getattr(house.connector.erasing, again)()
        [record] = house.connector.erasures.records()
        assert (record.facts_erased_at, record.counts["files of certificates"]) == (None, 1)
    house.settings = house.settings.model_copy(update={"certificates": placed})
    house.reopen()
    assert house.connector.erasing.finish() == 1
    assert [*(house.folder / "files").glob("**/*.pdf")] == []
    assert house.connector.erasures.records()[0].facts_erased_at is not None


async def test_erased_while_a_certificate_is_made(house: House) -> None:
    """Whoever was about to issue one or to make its file does not bring the name back."""
    certificates = house.settings.certificates.model_copy(update={"folder": house.folder / "files"})
    house.settings = house.settings.model_copy(update={"certificates": certificates})
    house.reopen()
    await certifying(house)
    issuing, store = house.connector.issuing(), house.connector.certificates
    mine = issuing.by_hand("E2", "LAB", "hr", "trainer", hr=True)
    [known] = store.recipients([mine.person_id], house.clock())
    files = FolderStore(house.folder / "files")

    def render(_: object) -> bytes:
        erase(house, "E2")
        return b"%PDF with a name"

    assert Making(store, files, render, house.clock).all() == {"made": 0, "refused": 1}
    assert [*(house.folder / "files").glob("**/*.pdf")] == []
    late = replace(LATE, person_id=mine.person_id, name=known.firstname)
    assert store.issue(late) is None
    assert traces(house, "firste2", "e2@example.test") == []
    assert store.unmade(10) == []


async def test_the_account_of_the_console_goes_too(house: House) -> None:
    """By the address or the key, with sessions, and what was done by it stays under the pseudonym; one that may be
    another human's stays, and the preview and the record say so."""
    await house.settled_in([row("DPO7"), row("E1"), row("E2")])
    for name in ("dpo7@example.test", "dpo7", "e1", "e2"):
        account = "INSERT INTO connector.console_account (name, display_name, role) VALUES (%s, 'First' || %s, 'hr')"
        house.sql(account, name, name)
        trail = "INSERT INTO connector.audit_trail (at, actor, action, subject) VALUES (now(), %s, 'signed_in', %s)"
        house.sql(trail, name, name)
    house.sql(
        "INSERT INTO connector.console_session SELECT convert_to(name, 'UTF8'), account_id, now(), now() "
        "FROM connector.console_account"
    )
    copied = "jsonb_build_object('site', 'other', 'person_id', 77, 'manager_id', NULL)"
    house.sql(
        "INSERT INTO connector.person OVERRIDING SYSTEM VALUE SELECT o.* FROM connector.person p, "
        f"jsonb_populate_record(NULL::connector.person, to_jsonb(p) || {copied}) o WHERE p.key = 'E2'"
    )
    told = house.connector.exporting.export("DPO7")["sections"]
    assert [len(one["rows"]) for one in told if "console" in one["heading"]] == [2, 2]
    erasing = house.connector.erasing
    shown = erasing.preview("DPO7")
    assert shown.console == {"dpo7": True, "dpo7@example.test": True}
    done = erasing.erase("DPO7", REASON, "dpo", shown.hash)
    assert (done.counts["connector.console_account"], done.counts["connector.audit_trail"]) == (2, 4)
    assert traces(house, "dpo7", "firstdpo7@") == []
    names = {one["name"] for one in house.sql("SELECT name FROM connector.console_account")}
    assert names == {"e1", "e2"} and len(house.sql("SELECT FROM connector.console_session")) == 2
    assert erasing.preview("E2").console == {"e2": False}
    erase(house, "E2")
    stays = {"accounts in Moodle": 1, "accounts of the console that may be another's": 1}
    assert house.connector.erasures.records()[-1].standing == stays
    assert house.sql("SELECT FROM connector.audit_trail WHERE actor = 'e2' AND subject = 'e2'")
    with pytest.raises(StorageError):
        house.sql("UPDATE connector.audit_trail SET subject = 'somebody'")


ODD = st.text(alphabet="aZß'\"\\{}%éÅå中Ｋ -_.,:;0", min_size=4, max_size=9).map(lambda text: f"q{text.strip()}x")
_drawn = iter(range(1_000_000))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=ODD, first=ODD, last=ODD)
def test_odd_names_leave_no_trace(house: House, key: str, first: str, last: str) -> None:
    """Whatever people are called: with their names, keys, address and username gone, nothing tells who they were."""
    anyio.run(_leaves_no_trace, house, key, first, last)


async def _leaves_no_trace(house: House, key: str, first: str, last: str) -> None:
    number = next(_drawn)
    mine: Row = row(
        f"{key}{number}", first=first, last=last, username=f"uq{number}z", email=f"mq{number}z@example.test"
    )
    others = [row(f"E{number}", manager=mine["id"])]
    await house.sync([mine, *others])
    await house.sync([{**mine, "city": "Lyon"}, *others])
    await house.mirror()
    erase(house, mine["id"])
    await house.take([mine, *others])
    await house.mirror()
    assert traces(house, mine["id"], f"uq{number}z", f"mq{number}z") == []
    named = [line for line in traces(house, first, last) if len(first) > 5 and len(last) > 5]
    assert named == []


async def test_explaining_somebody_erased(house: House) -> None:
    """By the key of then or the pseudonym it says that the person was erased, and nothing else; undo plans nothing."""
    await house.settled_in([row("ASK"), row("E1")])
    applied = await house.sync([row("ASK", city="Lyon"), row("E1")])
    pseudonym = erase(house, "ASK")
    for asked in ("ASK", "ask", pseudonym):
        told = house.connector.explaining.explain(asked)
        assert (told.key, told.grants, told.events) == (pseudonym, (), ())
        assert [str(one) for one in told.now] == [f"this person was erased on {house.clock.day()}; no data are kept"]
    async with house.way() as way:
        undone = await undo(way, house.connector.undos, applied.run, "tester", lambda _part: None)
    assert undone.plan.size == 0


async def test_pushed_by_an_identity_system(house: House) -> None:
    """The user goes out of the directory with the person, and is refused when pushed again; others are not."""
    [made] = house.sql(
        "INSERT INTO connector.scim_client (name, created_at, changed_at) VALUES ('entra', now(), now()) "
        "RETURNING client_id"
    )
    client = made["client_id"]
    house.settings = house.settings.model_copy(update={"sources": {"hr": ScimSettings(kind="scim", client="entra")}})
    house.reopen()
    directory = house.connector.scim_directory(client, "http://x")

    def user(name: str, **more: object) -> dict[str, object]:
        mail = [{"value": f"{name}@example.test"}]
        return {"schemas": [USER], "userName": name, "externalId": f"id-{name}", "emails": mail, **more}

    boss = directory.create(Kind.USER, user("pushed"), {}).body
    directory.create(Kind.USER, user("other", **{ENTERPRISE: {"manager": {"value": boss["id"]}}}), {})
    await house.settled_in([row("PUSHED"), row("OTHER")])
    erase(house, "PUSHED")
    assert traces(house, "pushed", boss["id"]) == []
    for again in (user("pushed"), user("new", emails=[{"value": "Pushed@example.test"}])):
        with pytest.raises(ForbiddenException, match="was erased as"):
            directory.create(Kind.USER, again, {})
    assert traces(house, "pushed") == []
    assert directory.create(Kind.USER, user("somebody"), {}).status == 201


def test_rows_of_several_sources_and_deltas() -> None:
    """Whatever kind of row names somebody erased, nothing of the person is in what goes on to be kept."""
    marker = Marker(SECRET)
    marks = {("key", marker.mark(By.KEY, "K1")), ("email", marker.mark(By.EMAIL, "a@b.c"))}
    erased = Erased(marker, dict.fromkeys(marks, "erased-1"))
    given: list[StagedRow] = [
        StagedSaying(1, b"", {"key": "K1", "email": "new@b.c"}),
        StagedSaying(2, b"", {"key": "K2", "email": "A@B.C"}),
        StagedSaying(3, b"", {"key": "K3", "manager": "k1"}),
        Removed(4, "K1"),
        [Rejection(5, "K1", "email", "no address")],
        [Rejection(6, None, "", "torn")],
        [],
        Removed(7, "K2"),
    ]
    came = list(set_aside(given, erased))
    assert "'K1'" not in str(came).upper()
    assert [getattr(one, "key", None) for one in came[:2]] == ["erased-1", "K2"]
    assert came[2] == StagedSaying(3, b"", {"key": "K3", "manager": "erased-1"})
    assert came[3:5] == [Removed(4, "erased-1"), [Rejection(5, "erased-1", "email", "no address")]]
    assert came[5:] == given[5:]


async def test_reports_in_a_database_of_their_own(
    house: House, postgres: EmbeddedServer, template_database: str
) -> None:
    """The facts follow where they are, and nothing is left in either database."""
    create_database(postgres.url(), "own_reports", template=template_database)
    url = postgres.url("own_reports")
    house.settings = house.settings.model_copy(update={"reporting": ReportingSettings(url=SecretStr(url))})
    house.reopen()
    try:
        await house.settled_in([row("APART", unit="Field"), row("E1")])
        await house.mirror()
        assert found(url, "apart@example.test")
        pseudonym = erase(house, "APART")
        assert traces(house, "apart") == []
        assert found(url, "apart") == []
        assert found(url, pseudonym)
    finally:
        house.close()
        drop_database(postgres.url(), "own_reports")
