"""Somebody who went through all that there is, is erased: no table of either database tells who it was."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr
from scim2_models import ForbiddenException

from connector.domain.allowances import Given
from connector.domain.attempting import Newest
from connector.domain.cases import Case
from connector.domain.contents import ContentKind, Maker
from connector.domain.decisions import DecisionKind
from connector.domain.errors import FeedRefused, SettingsError
from connector.domain.learning_events import Actor, Verb
from connector.domain.lti import Launch, Message, Place, Role
from connector.domain.lti_scores import Progress, Scored
from connector.domain.scim import Kind
from connector.domain.videos import Media, MediaState, Viewer
from connector.settings.parts import ContentSettings, PrivacySettings, ReportingSettings
from connector.settings.sources import ScimSettings
from connector.store.embedded import EmbeddedServer, create_database, drop_database
from connector.store.lti import LtiSubjects
from connector.sync.deciding import Decider
from jobs.undo import undo
from tests.integration.certified import CERTIFICATES, RECERTIFY, complete
from tests.integration.launched import EXAM, Launched
from tests.integration.mirrored import Learning
from tests.scim import ENTERPRISE, GROUP, USER
from tests.support import House, Row, Seen, row
from tests.traces import traces

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]

KEY = "Quill-7"
MINE = ("Quill-7", "quixote", "zenobia", "wyvernhall", "quorra", "marzipan", "qid-77", "tungsten")
"""Key, username, names, the addresses of now and before, the id at an identity system, and the city."""
SECRET = SecretStr("a secret of the tests that is long enough")


WITH_TRACES = {
    f"connector.{name}" for name in (
        "person", "person_event", "account", "reserved_username", "rejection", "staged", "change", "plan", "hold",
        "decision", "certificate", "audit_trail", "scim_user", "feed_release",
        "api_token", "lti_platform", "lti_invitation", "lti_session", "lti_score",
        "linked_login", "viewing", "allowance", "teaching",
        "attempt", "answer", "evidence", "mark", "content", "content_version", "learning_event",
    )
} | {"facts.dim_person", "facts.person_name", "facts.landing_person"}  # fmt: skip


DECIDED_BY_KEY = (
    'INSERT INTO connector.hold (plan, guard_class, count, "limit", digest, state, decided_by, decided_at) '
    "SELECT min(number), 'suspend', 1, 0, 'd', 'rejected', %s, now() FROM connector.plan",
    "INSERT INTO connector.feed_release (site, source, digest, released_by, released_at) "
    "SELECT min(site), 'hr', '', %s, now() FROM connector.person",
    "INSERT INTO connector.api_token (site, name, digest, scopes, unit, created_at, created_by, expires_at) "
    "SELECT min(site), 'bi', '', '{courses}', '', now(), %s, now() FROM connector.person",
    "INSERT INTO connector.lti_invitation (digest, site, created_at, created_by, expires_at) "
    "SELECT '', min(site), now(), %s, now() FROM connector.person",
    "INSERT INTO connector.lti_platform (site, name, issuer, client_id, authorization_url, token_url, keys_url, "
    "deployments, created_at, created_by) "
    "SELECT min(site), 'Moodle', '', '', '', '', '', '{}', now(), %s FROM connector.person",
)
"""Words of the person beside those that managers have, as commands take them from whoever acts."""


def me(**more: str) -> Row:
    told = {"username": "quixote", "first": "Zenobia", "last": "Wyvernhall", "email": "quorra@example.test"}
    return row(KEY, unit="Field", manager="E1", city="Tungsten", **{**told, **more})


def others(**more: str) -> list[Row]:
    return [row("E1", unit="Office"), row("E2", unit="Field", manager=KEY, **more), row("E3"), row("E4"), row("E5")]


@dataclass
class Lived:
    """The installation in which all that happened, and what is known outside of it."""

    house: House
    reporting: str
    client: int
    number: str
    code: str


@pytest.fixture
async def lived(
    house: House, moodle: Seen, learning: Learning, postgres: EmbeddedServer, template_database: str
) -> AsyncIterator[Lived]:
    """All that there is, with reports in a database of their own."""
    create_database(postgres.url(), "lived_reports", template=template_database)
    url = postgres.url("lived_reports")
    [made] = house.sql(
        "INSERT INTO connector.scim_client (name, created_at, changed_at) VALUES ('entra', now(), now()) "
        "RETURNING client_id"
    )
    notices = house.settings.notices.model_copy(
        update={"learners": "moodle", "learners_first_load": True, "welcome": True, "welcome_first_load": True}
    )
    certificates = house.settings.certificates.model_copy(
        update={"folder": house.folder / "files", "url": "https://certificates.example.com"}
    )
    house.settings = house.settings.model_copy(
        update={
            "privacy": PrivacySettings(secret=SECRET), "reporting": ReportingSettings(url=SecretStr(url)),
            "sources": {"hr": ScimSettings(kind="scim", client="entra")}, "notices": notices,
            "certificates": certificates, "content": ContentSettings(folder=house.folder / "files"),
        }
    )  # fmt: skip
    (house.mapping / "certificates.yaml").write_text(CERTIFICATES, "utf-8")
    house.edit("requirements.yaml", "due: {days_after_assignment: 14}", RECERTIFY)
    house.edit("mapping.yaml", "username: {column: username, transforms: [lower]}",
               "username: {column: username, transforms: [lower], unique: suffix}")  # fmt: skip
    house.reopen()
    try:
        yield await live(house, moodle, learning, url, made["client_id"])
    finally:
        house.close()
        drop_database(postgres.url(), "lived_reports")


async def live(house: House, moodle: Seen, learning: Learning, url: str, client: int) -> Lived:
    directory = house.connector.scim_directory(client, "http://x")
    mail = [{"value": "quorra@example.test"}]
    pushed = {"schemas": [USER], "userName": "quixote", "externalId": "qid-77", "emails": mail}
    boss = directory.create(Kind.USER, {**pushed, "name": {"familyName": "Wyvernhall"}}, {}).body
    below = {"schemas": [USER], "userName": "e2", ENTERPRISE: {"manager": {"value": boss["id"]}}}
    directory.create(Kind.USER, below, {})
    crew = {"value": boss["id"], "display": "Zenobia Wyvernhall"}
    directory.create(Kind.GROUP, {"schemas": [GROUP], "displayName": "Crew", "members": [crew]}, {})
    account = moodle.add("quixote", email="marzipan@example.test", lastname="Other")  # somebody must decide
    await house.sync([me(email="marzipan@example.test"), *others()])
    [case] = house.connector.cases.waiting()
    house.connector.cases.settle(case.case_id, {"account": account}, KEY, house.clock())
    await house.sync()
    await house.settled_in([me(), *others()])
    renamed = await house.sync([me(last="Tungsten"), *others(city="Lyon")])
    async with house.way() as way:
        await way.apply((await undo(way, house.connector.undos, renamed.run, KEY, lambda _part: None)).plan)
    decisions(house)
    complete(house, learning, "quixote", "SAFE", "FIRE")
    learning.life.grade("quixote", "SAFE", 70, 1_700_000_000)
    await house.mirror()
    issuing = house.connector.issuing()
    issuing.by_hand("E2", "LAB", KEY, "seen by Quill-7", hr=False)
    mine = issuing.by_hand(KEY, "LAB", "E1", "Zenobia showed it on paper", hr=False)
    issuing.revoke(mine.number, "E1", "Zenobia asked", hr=False)
    await house.connector.certifying().work()
    house.sql("UPDATE connector.certificate SET evidence = jsonb_build_object('title', name)")
    await house.take([me(email="no address"), *others()])
    with pytest.raises(FeedRefused):
        await house.take([me(last="Refused")])
    for made in DECIDED_BY_KEY:
        house.sql(made, KEY)
    launches(house)
    await assessed(house)
    house.sql(
        "INSERT INTO connector.linked_login (site, account_id, issuer_id, username, state, sent_at) "
        "VALUES (%s, %s, 3, 'quorra@example.test', 'put', now())",
        house.connector.site,
        account,
    )
    [rule] = [one for one in house.connector.certificates.listed(KEY, 10) if one.template == "SAFETY"]
    return Lived(house, url, client, rule.number, rule.code)


ZONE = {"timezone": "Asia/Taipei"}


def launches(house: House) -> None:
    """The person and another launched content and have scores; the person once before it was known who that is, the
    other once with the key of the person."""
    house.connector.cases.ask(Case("another_key", f"E3 + {KEY}", "who is it?"), house.clock())
    [platform] = house.sql("SELECT platform_id FROM connector.lti_platform")
    people = house.sql("SELECT person_id, key FROM connector.person WHERE key IN (%s, 'E3')", KEY)
    subjects, now = LtiSubjects(house.connector.database, house.connector.site), house.clock()
    for subject, person in enumerate(people):
        number, email = str(subject), "quorra@example.test" if person["key"] == KEY else "e3@example.test"
        launch = Launch(
            platform["platform_id"], "1", Message.RESOURCE, number, "", frozenset({Role.INSTRUCTOR}),
            Place("quixote's own" if person["key"] == KEY else "of the other"), email=email, custom=ZONE,
        )  # fmt: skip
        early = replace(launch, subject=f"before {number}", roles=frozenset(), for_user="somebody-reviewed")
        subjects.bind(launch.platform_id, number, person["person_id"], now)
        for one, known in ((launch, person["person_id"]), (early, None)):
            house.connector.launch_logins.open_session(one, one.subject.encode(), known, now)
        comment = f"well done, {person['key']}"
        scored = Scored(launch.platform_id, "item", number, 7, 10, Progress.COMPLETED, comment)
        house.connector.launch_scores.put(scored, now)
        watches(house, launch, person["person_id"], "Zenobia Wyvernhall" if person["key"] == KEY else "Somebody else")


def watches(house: House, launch: Launch, person_id: int, name: str) -> None:
    """Somebody uploads a video, and watches it; once before it is known who that is."""
    connector, now = house.connector, house.clock()
    maker = Maker(launch.platform_id, "2", launch.subject)
    media = Media(uuid4(), maker.platform_id, maker.course, "clip.mp4", 1, MediaState.UPLOADING)
    connector.media.begin(media, maker.subject, now)
    content = connector.contents.make(ContentKind.VIDEO, {"title": {}, "description": {}}, maker, now)
    for link, known in (("1", person_id), ("2", None)):
        actor = Actor(maker.platform_id, maker.course, link, launch.subject, known, str(content.content_id))
        viewer = Viewer(actor, name, "", content.content_id, 1, media.media_id)
        connector.viewings.open(viewer, now)
        connector.viewings.alter(viewer, lambda one: replace(one, answers={"q": {"text": f"I am {name}", "share": 1}}))


async def assessed(house: House) -> None:
    """The person made an assessment, tried it with a photo and was marked, and marked another."""
    connector = house.connector
    launched = Launched(connector.database, connector.reporting, connector.site, at=house.clock())
    people = house.sql("SELECT person_id, key FROM connector.person WHERE key IN (%s, 'E3') ORDER BY key", KEY)
    other, mine = (launched.actor("", one["person_id"], "quixote" * (one["key"] == KEY)) for one in people)
    exam = launched.contents.make(
        ContentKind.ASSESSMENT, EXAM, Maker(launched.platform_id, "1", mine.subject), house.clock()
    ).content_id
    for who, text in ((mine, "in the marzipan works"), (other, "the answer of E3")):
        attempt = launched.start(exam, who)
        launched.answer(attempt, "p1", who, text=text, seconds=20.0)
        launched.submit(attempt, who, 70)
        comment = "seen by Quill-7" if who is other else "Zenobia knows it"
        launched.mark(attempt, "p1", 1, who, 80, comment, mine.subject if who is other else "teacher")
        launched.hand_in(attempt, "p1", f"{who.subject}.jpg")
        launched.discard(launched.start(exam, who, 2), who, "nothing to do with it", mine.subject)
        launched.discard(launched.start(exam, who, 3), who, "it was Quill-7" if who is other else "hers, a try")
    for course, subject, reason in (("11", mine.subject, "The key was wrong."), ("12", "teacher", "asked by Quill-7")):
        maker = Maker(launched.platform_id, course, subject)
        assert connector.regrades.ask(Newest(exam, 1, {}), maker, reason, house.clock())
    for whose, by in ((mine, "teacher"), (other, mine.subject)):
        connector.allowances.give(exam, whose, Given(1), by, house.clock())
    await launched.work.work()
    launched.tell(mine, Verb.LAUNCHED)
    assert connector.content_files is not None
    for one in house.sql("SELECT place FROM connector.evidence"):
        connector.content_files.put(one["place"], b"a photo")


def decisions(house: House) -> None:
    """What the person decided about others, and others about the person."""
    decide = house.connector.deciding.decide
    until = house.clock.now.date() + timedelta(days=30)
    decide(DecisionKind.ASSIGN, "E2", "LAB", Decider(KEY, hr=False), "asked Quill-7", ends_on=until)
    decide(DecisionKind.WAIVE, KEY, "LAB-NOW", Decider("E1", hr=False), "Zenobia knows it", ends_on=until)


def tables(url: str, text: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(text.encode()).fetchall()


def left(lived: Lived, *values: str) -> list[str]:
    """Rows of both databases that have one of the values."""
    return [*traces(lived.house.connector.database.url, *values), *traces(lived.reporting, *values)]


async def test_no_table_tells_who_it_was(lived: Lived, moodle: Seen) -> None:
    """Not right after it, nor after the next feed, push, plan and mirror; what is proof stays, and names nobody."""
    house = lived.house
    before = {line.split(" ")[0] for line in left(lived, *MINE)}
    assert before >= WITH_TRACES, "the person has not been through all that there is"
    files = house.folder / "files"
    assert (files / f"SAFETY/{house.clock.now.year}/{lived.number}.pdf").exists()
    others_files = len([*files.glob("**/*.pdf")]) - 2

    document = json.dumps(house.connector.exporting.export(KEY), ensure_ascii=False)
    for mine in (lived.number, lived.code, "Zenobia asked", "certificate_issued", "well done, Quill-7",
                 "platform registered", '"teaches_in": "quixote\'s own"', "before ", "I am Zenobia", "clip.mp4",
                 "marzipan works", "quixote.jpg", '"marked": 1', '"time_zone": "Asia/Taipei"'):  # fmt: skip
        assert mine in document, mine
    for theirs in (
        "FirstE",
        "Somebody else",
        "e2@example.test",
        "e3@example.test",
        "well done, E3",
        "somebody-reviewed",
        "answer of E3",
    ):
        assert theirs not in document, theirs

    erasing = house.connector.erasing
    with pytest.raises(SettingsError, match="--by"):
        erasing.erase(KEY, "asked for in writing", KEY.lower(), erasing.preview(KEY).hash)
    done = erasing.erase(KEY, "asked for in writing", "dpo", erasing.preview(KEY).hash)

    assert left(lived, *MINE, lived.code) == []
    [kept] = house.connector.erasures.records()
    assert kept.counts == done.counts and done.counts["files of certificates"] == 2
    assert [done.counts[f"connector.lti_{of}"] for of in ("session", "score", "person")] == [2, 1, 1]
    assert [done.counts[f"connector.{of}"] for of in ("viewing", "media", "regrade", "allowance", "teaching")] == [
        2, 1, 2, 2, 1,
    ]  # fmt: skip
    assert len([*files.glob("**/*.pdf")]) == others_files
    assert done.counts["files that were handed in"] == 1
    assert [one.name for one in files.glob("evidence/*")] == [
        one["name"] for one in house.sql("SELECT name FROM connector.evidence")
    ]
    first = house.sql("SELECT passed FROM connector.attempt WHERE number = 1")
    assert [one["passed"] for one in first] == [True, True]
    whys = house.sql("SELECT discarded_why AS why FROM connector.attempt WHERE discarded_at IS NOT NULL ORDER BY 1")
    assert [one["why"] for one in whys] == ["", "", "", "nothing to do with it"], "what it says of nobody stays"
    await house.connector.carrying_learning().work()
    [kept_facts] = tables(
        lived.reporting, "SELECT count(*), count(person_id) FROM facts.fact_assessment_attempt WHERE passed"
    )
    assert kept_facts == (2, 2), "what is counted stays"
    paper = house.connector.certificates.by_code(lived.code)
    assert paper is not None and (paper.number, paper.name, paper.person) == (lived.number, "", done.pseudonym)
    with pytest.raises(SettingsError, match="name has gone"):
        house.connector.making().again(lived.number)

    directory = house.connector.scim_directory(lived.client, "http://x")
    pushed = {"schemas": [USER], "userName": "quixote", "emails": [{"value": "quorra@example.test"}]}
    with pytest.raises(ForbiddenException):
        directory.create(Kind.USER, pushed, {})
    house.clock.forward(hours=1)
    await house.sync([me(), *others()])
    await house.mirror()
    await house.connector.certifying().work()
    assert left(lived, *MINE, lived.code) == []
    assert moodle.fields(KEY, "firstname") == ("Zenobia",), "the account is Moodle's, and stays"
