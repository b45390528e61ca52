"""What is older than the settings want goes, and nothing else; by default nothing does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from psycopg.errors import CheckViolation
from pydantic import SecretStr

from adapters.drops.old_files import PutAway
from connector.cli.service import jobs_of
from connector.content.assessment import bodies
from connector.domain.assessments import Bank, Kind, Option, Picture, Question
from connector.domain.attempting import Newest
from connector.domain.certifying import FileState, Issue, file_name
from connector.domain.contents import ContentKind, Maker
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Digests, Launch, Message, Platform
from connector.domain.lti_scores import Answer, Progress, Scored
from connector.domain.videos import Media, MediaState, Viewer
from connector.settings.parts import ContentSettings, DropSettings, LtiSettings, PrivacySettings, RetentionSettings
from connector.store import retention
from connector.store.retention import Retention
from tests.integration.certified import certifying, of
from tests.integration.launched import Launched
from tests.support import House, row

pytestmark = pytest.mark.anyio
SECRET = PrivacySettings(secret=SecretStr("a secret of the tests that is long enough"))


def keeping(house: House, **days: int) -> None:
    """Set retention, as a service that starts anew."""
    folder = house.folder / "drop"
    update = {"retention": RetentionSettings(**days), "privacy": SECRET, "drop": DropSettings(folder=folder)}
    house.settings = house.settings.model_copy(update={**update, "data_dir": house.folder / "data"})
    house.reopen()


async def lived(house: House) -> None:
    """Two people, one of whom has left; HR said something new, and Moodle was written to."""
    await house.settled_in([row("STAYS"), row("LEAVES")])
    house.clock.forward(days=1)
    await house.sync([row("STAYS", city="Lyon"), row("LEAVES", status="left")])


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def counted(house: House, table: str, where: str = "true") -> int:
    return int(house.sql(f"SELECT count(*) AS rows FROM connector.{table} WHERE {where}")[0]["rows"])


async def test_nothing_goes_until_it_is_set(house: House) -> None:
    """Without settings the job is not there and the command removes nothing, however old things are."""
    keeping(house)
    await lived(house)
    house.clock.forward(days=10_000)
    assert "retention" not in jobs_of(house.connector, Event())
    assert house.connector.retaining.run() == {}
    assert counted(house, "person_event") == 2


async def test_each_rule_by_its_days(house: House) -> None:
    """Before-images, history and failed sign-ins go on their day and not before; a dry run changes nothing."""
    keeping(house, history_days=30, journal_days=60, sign_in_days=90)
    await lived(house)
    failed = "INSERT INTO connector.console_try (name_digest, failures, failed_at) VALUES ('x', 1, %s)"
    house.sql(failed, house.clock())
    assert "retention" in jobs_of(house.connector, Event())
    assert house.connector.retaining.run() == {"history_days": 0, "journal_days": 0, "sign_in_days": 0}
    house.clock.forward(days=31)
    assert house.connector.retaining.preview()["history_days"] == 2
    assert counted(house, "person_event") == 2
    assert house.connector.retaining.run() == {"history_days": 2, "journal_days": 0, "sign_in_days": 0}
    assert counted(house, "person_event") == 0
    house.clock.forward(days=60)
    found = house.connector.retaining.run()
    assert found["journal_days"] > 0
    assert found["sign_in_days"] == 1
    assert counted(house, "change", "before <> '{}' OR after <> '{}'") == 0
    assert counted(house, "operation") == counted(house, "change"), "that it was done stays on record"
    assert house.connector.retaining.run() == {"history_days": 0, "journal_days": 0, "sign_in_days": 0}
    assert house.changes(await house.plan()) == [], "planning does not need what went"


def test_what_was_handed_in_goes_with_its_file(house: House) -> None:
    """Once it is marked, with the comment, or was discarded; the mark stays, what waits to be marked stays, and a kill
    is no matter."""
    files = house.folder / "files"
    told = house.settings.content.model_copy(update={"folder": files})
    house.settings = house.settings.model_copy(update={"content": told})
    keeping(house, evidence_days=30)
    connector = house.connector
    launched = Launched(connector.database, connector.reporting, connector.site, at=house.clock())
    exam, actor, store = launched.exam(), launched.actor("", 1), connector.content_files
    assert store is not None
    for number, name in enumerate(("discarded.jpg", "marked.jpg", "waiting.jpg"), start=1):
        attempt = launched.start(exam, actor, number)
        if name == "discarded.jpg":
            launched.discard(attempt, actor)
        else:
            launched.submit(attempt, actor, None)
        launched.hand_in(attempt, "p1", name)
        store.put(f"evidence/{name}", b"a photo")
        if name == "marked.jpg":
            launched.mark(attempt, "p1", 1, actor, 80, "well held")
    house.clock.forward(days=29)
    assert connector.retaining.run() == {"evidence_days": 0}
    house.clock.forward(days=2)
    assert connector.retaining.preview() == {"evidence_days": 4}
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Retention, "handed_in_is_gone", killed)
        connector.retaining.run()
    assert connector.retaining.run() == {"evidence_days": 2}
    why = house.sql("SELECT discarded_why FROM connector.attempt WHERE discarded_at IS NOT NULL")
    assert why == [{"discarded_why": ""}], "that it was discarded stays"
    assert [one.name for one in files.glob("evidence/*")] == ["waiting.jpg"]
    assert house.sql("SELECT name FROM connector.evidence") == [{"name": "waiting.jpg"}]
    assert house.sql("SELECT share, comment FROM connector.mark") == [{"share": 1, "comment": ""}]


async def test_attempts_and_viewings_are_archived(house: House) -> None:
    """What was answered goes, and which pieces were watched; results, marks and how much it was stay, and so do
    answers of what waits to be marked, and of what a certificate rests on that holds."""
    keeping(house, attempts_days=365, viewings_days=365)
    await house.settled_in([row("E1")])
    connector = house.connector
    launched = Launched(connector.database, connector.reporting, connector.site, at=house.clock())
    [person] = house.sql("SELECT person_id FROM connector.person")
    exam = launched.exam()
    actor = launched.actor(str(exam), person["person_id"])

    def tried(number: int, percent: float | None) -> int:
        attempt = launched.start(exam, actor, number)
        launched.answer(attempt, "q1", actor, "a")
        launched.submit(attempt, actor, percent)
        return attempt

    old, waits, certified, trial = tried(1, 80), tried(2, None), tried(3, 90), tried(4, 10)
    house.sql("UPDATE connector.attempt SET trial = true WHERE attempt_id = %s", trial)
    discarded = launched.start(exam, actor, 5)
    launched.answer(discarded, "q1", actor, "a")
    launched.discard(discarded, actor)
    today = house.clock().date()
    wish = Issue(person["person_id"], "GAS", "GAS-{serial}", 2026, "code", "en", "E", "Gas", "Works",
                 f"attempt {certified}", house.clock(), house.clock(), today, None, None)  # fmt: skip
    connector.certificates.issue(wish)
    media = Media(uuid4(), launched.platform_id, actor.course, "clip.mp4", 1, MediaState.UPLOADING)
    connector.media.begin(media, "2", house.clock())
    for is_trial in (False, True):
        viewer = Viewer(actor, "Eva", "", exam, 1, media.media_id, is_trial)
        connector.viewings.open(viewer, house.clock())
        seen = {"watched": [(0.0, 5.0)], "heat": [1.0], "share": 0.5}
        answers = {"q": {"text": "gas", "chosen": ["a"], "share": 1.0}}
        connector.viewings.alter(viewer, partial(replace, answers=answers, **seen))
    house.sql("UPDATE connector.viewing SET untold = false")
    house.clock.forward(days=364)
    assert connector.retaining.run() == {"attempts_days": 0, "viewings_days": 0}
    house.clock.forward(days=2)
    assert connector.retaining.preview()["attempts_days"] == 0, "what was answered is no fact yet"
    house.sql("DELETE FROM connector.learning_event")
    assert connector.retaining.preview() == connector.retaining.run() == {"attempts_days": 3, "viewings_days": 2}
    assert [one["attempt_id"] for one in house.sql("SELECT attempt_id FROM connector.answer ORDER BY 1")] == [
        waits,
        certified,
    ]
    archived = connector.attempts.one(old)
    assert archived is not None and (archived.archived, archived.percent, archived.passed) == (True, 80, True)
    with pytest.raises(LaunchRefused):
        connector.attempting.mark(archived, "p1", 1.0, "", "teacher")
    assert connector.regrades.old(Newest(exam, 99, {}), launched.platform_id, actor.course) == len({waits, certified})
    [left] = house.sql("SELECT watched, heat, share, answers, name FROM connector.viewing")
    assert left == {"watched": [], "heat": [], "share": 0.5, "answers": {"q": {"share": 1.0}}, "name": "Eva"}
    assert connector.retaining.run() == {"attempts_days": 0, "viewings_days": 0}
    ended = house.clock() - timedelta(days=366)
    house.sql("UPDATE connector.certificate SET expires_at = %s, expires_on = %s", ended, ended.date())
    assert connector.retaining.run()["attempts_days"] == 1


async def test_attempts_go_in_portions(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a transaction: nobody waits for all of them, and what was done stays where a later one fails."""
    monkeypatch.setattr(retention, "MANY", 2)
    connector = house.connector
    launched = Launched(connector.database, connector.reporting, connector.site, at=house.clock())
    exam = launched.exam()
    actor = launched.actor(str(exam), None)
    tried = []
    for number in range(1, 6):
        tried.append(attempt := launched.start(exam, actor, number))
        launched.answer(attempt, "q1", actor, "a")
        launched.submit(attempt, actor, 80)
    house.sql("DELETE FROM connector.learning_event")
    house.sql(f"ALTER TABLE connector.attempt ADD CONSTRAINT kept CHECK (attempt_id <> {tried[3]} OR NOT archived)")
    kept, before = Retention(connector.database, connector.site, []), house.clock() + timedelta(days=1)
    with pytest.raises(CheckViolation):
        kept.remove("attempts", before)
    assert counted(house, "attempt", "archived") == counted(house, "attempt") - counted(house, "answer") == 2
    house.sql("ALTER TABLE connector.attempt DROP CONSTRAINT kept")
    assert kept.count("attempts", before) == kept.remove("attempts", before) == 3
    assert counted(house, "answer") == 0


def test_what_is_launched_is_kept_for_a_year_if_nothing_else_is_said(house: House) -> None:
    """Where nothing is launched no default counts, and what was said counts everywhere."""
    house.reopen()
    assert not any(house.connector.kept_days.values())
    house.settings = house.settings.model_copy(update={"lti": LtiSettings(url="https://tool.example")})
    keeping(house, attempts_days=30)
    told = {name: days for name, days in house.connector.kept_days.items() if days is not None}
    assert told == {"evidence_days": 365, "attempts_days": 30, "viewings_days": 365}


async def test_pictures_go_some_time_after_no_question_has_them(house: House) -> None:
    """Those of content as it is now stay, and of versions that were used; one that is used again in the last moment,
    too."""
    house.settings = house.settings.model_copy(update={"content": ContentSettings(folder=house.folder / "content")})
    keeping(house, pictures_days=30)
    connector, clock = house.connector, house.clock
    picturing, contents = connector.picturing, connector.contents
    launched = Launched(connector.database, connector.reporting, connector.site)
    assert picturing is not None
    pictures = {name: Picture(name * 64, "image/png", {}) for name in "abcd"}

    def asking(*names: str) -> dict[str, Any]:
        shown = [Option("1", {"en": "This"}, pictures=[pictures[one] for one in names])]
        return bodies.body(Bank({"en": "Pool"}, [Question("q", Kind.SINGLE, {"en": "Which?"}, options=shown)]))

    files = {one.picture_id: b"..." for one in pictures.values()}
    maker = Maker(launched.platform_id, "7", "teacher")
    make = partial(contents.make, ContentKind.BANK, asking("a", "b", "c"), maker, clock())
    bank = picturing.keep([*pictures.values()], files, make)
    there = partial(picturing.files.names, "pictures")
    assert connector.retaining.run() == {"pictures_days": 0}
    house.sql("UPDATE connector.content_version SET used = true")
    assert contents.change(bank, asking("a"), "teacher", clock())
    for days, goes in ((29, 0), (2, 1)):
        clock.forward(days=days)
        assert connector.retaining.preview() == connector.retaining.run() == {"pictures_days": goes}
    assert sorted(there()) == [pictures[one].place for one in "abc"]
    contents.end(bank.content_id, clock())
    house.sql("UPDATE connector.content_version SET used = false")
    connector.retaining.run()
    clock.forward(days=31)
    with pytest.MonkeyPatch.context() as just_then:
        real, look, looked = type(picturing.files).delete, type(picturing.pictures).unused, list[int]()

        def used_again(self: Any, name: str) -> None:
            real(self, name)
            if name == pictures["b"].place:
                contents.make(ContentKind.BANK, asking("b"), maker, clock())

        def unused(self: Any, picture_ids: Sequence[str]) -> Sequence[str]:
            looked.append(len(picture_ids))
            return look(self, picture_ids)

        just_then.setattr(type(picturing.files), "delete", used_again)
        just_then.setattr(type(picturing.pictures), "unused", unused)
        assert connector.retaining.run() == {"pictures_days": 2}
    assert looked == [3, 3], "a walk through all content for many files, and not for each"
    assert [*there()] == [pictures["b"].place]


async def test_an_erasure_killed_before_a_file_is_gone_goes_on(house: House) -> None:
    """What was handed in goes with the next run of the job, and then nothing leads to the file any more."""
    told = house.settings.content.model_copy(update={"folder": house.folder / "files"})
    house.settings = house.settings.model_copy(update={"content": told})
    keeping(house)
    await house.settled_in([row("GOES"), row("E2")])
    connector = house.connector
    [person] = house.sql("SELECT person_id FROM connector.person WHERE key = 'GOES'")
    launched = Launched(connector.database, connector.reporting, connector.site, at=house.clock())
    actor, store = launched.actor("", person["person_id"]), connector.content_files
    launched.hand_in(launched.start(launched.exam(), actor), "p1", "photo.jpg")
    assert store is not None
    store.put("evidence/photo.jpg", b"a photo")
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(type(store), "delete", killed)
        connector.erasing.erase("GOES", "asked for", "dpo", connector.erasing.preview("GOES").hash)
    assert house.sql("SELECT name, place FROM connector.evidence") == [{"name": "", "place": "evidence/photo.jpg"}]
    connector.retaining.run()
    assert (house.sql("SELECT 1 FROM connector.evidence"), store.get("evidence/photo.jpg")) == ([], None)
    [record] = connector.erasures.records()
    assert record.facts_erased_at is not None and record.counts["files that were handed in"] == 1


def test_launches_and_scores_go_without_a_setting(house: House) -> None:
    """A launch that is over goes with the next login and with the job; of scores that arrived 90 days ago the last of
    each person and line item stays, and so does what still waits."""
    logins, scores, now = house.connector.launch_logins, house.connector.launch_scores, house.clock()
    moodle = Platform(0, "Moodle", "https://moodle.example", "client", "", "", "", ("1",))
    number = house.connector.platforms.add(moodle, "tester", now)
    assert number is not None
    launch = Launch(number, "1", Message.RESOURCE, "7", "", frozenset(), name="Somebody", email="some@example.test")

    def opened(name: bytes) -> None:
        logins.begin(number, Digests(name, name, name), "", "", house.clock())
        logins.open_session(launch, name, None, house.clock())

    def scored(subject: str, many: int) -> list[int]:
        told = Scored(number, "item", subject, 7, 10, Progress.COMPLETED)
        return [scores.put(told, house.clock()).score_id for _ in range(many)]

    def left() -> list[int]:
        return [one["score_id"] for one in house.sql("SELECT score_id FROM connector.lti_score ORDER BY score_id")]

    opened(b"first")
    house.clock.forward(hours=4)
    opened(b"second")
    assert (counted(house, "lti_login"), counted(house, "lti_session")) == (1, 1)
    first, parked, last = scored("7", 3)
    [only] = scored("8", 1)
    waiting, later = scored("9", 2)
    scores.park(parked, Answer.NOT_ENROLLED, "", house.clock())
    for one in (first, last, only):
        scores.sent(one, house.clock())
    house.clock.forward(days=89)
    assert house.connector.retaining.run() == {}
    assert (counted(house, "lti_login"), counted(house, "lti_session")) == (0, 0)
    assert left() == [first, parked, last, only, waiting, later]
    house.clock.forward(days=2)
    house.connector.retaining.run()
    assert left() == [last, only, waiting, later]


async def test_certificates_that_are_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, code and file go; number and state stay, and one that is valid stays as it is. Killed in between, nobody
    is offered a file that has gone, and the next run ends it."""
    update = {"folder": house.folder / "files", "url": "https://certificates.example.com"}
    told = house.settings.certificates.model_copy(update=update)
    house.settings = house.settings.model_copy(update={"certificates": told})
    keeping(house, certificates_days=30)
    await certifying(house)
    issuing, store, files = house.connector.issuing(), house.connector.certificates, house.connector.file_store
    assert files is not None
    over, valid = (issuing.by_hand(key, "LAB", "hr", "trainer", hr=True) for key in ("E2", "E3"))
    for one in (over, valid):
        files.put(file_name(one), b"%PDF")
        store.made(one.certificate_id, "digest", house.clock())
    issuing.revoke(over.number, "hr", "by mistake", hr=True)
    house.sql("UPDATE connector.certificate SET evidence = '{}'")
    assert house.connector.retaining.run() == {"certificates_days": 0}
    house.clock.forward(days=31)
    assert house.connector.retaining.preview() == {"certificates_days": 1}
    with monkeypatch.context() as patched:
        patched.setattr(Retention, "blank_papers", killed)
        with pytest.raises(KeyboardInterrupt):
            house.connector.retaining.run()
    assert files.get(file_name(over)) is None
    assert (half := store.by_code(over.code)) is not None and half.file is FileState.REFUSED
    assert house.connector.retaining.run() == {"certificates_days": 1}
    found = store.by_code(over.code)
    assert found is not None and (found.number, found.name, found.code) == (over.number, "", "")
    assert (found.evidence, of(house, valid.number).evidence) == (None, {}), "what it rests on goes with the name"
    assert (files.get(file_name(over)), files.get(file_name(valid))) == (None, b"%PDF")
    assert of(house, valid.number).name == valid.name
    assert house.connector.retaining.run() == {"certificates_days": 0}


async def test_leavers_are_erased_after_their_days(house: House) -> None:
    """Who left so long ago is erased as if somebody had done it by hand; whoever stays is not."""
    keeping(house, leavers_days=365)
    await lived(house)
    house.clock.forward(days=364)
    assert house.connector.retaining.run() == {"leavers_days": 0}
    house.clock.forward(days=3)
    assert house.connector.retaining.preview() == {"leavers_days": 1}
    assert house.connector.retaining.run() == {"leavers_days": 1}
    [record] = house.connector.erasures.records()
    assert (record.erased_by, record.reason) == ("retention", "retention.leavers_days")
    assert {one["key"] for one in house.sql("SELECT key FROM connector.person")} == {"STAYS", record.pseudonym}
    assert house.connector.retaining.run() == {"leavers_days": 0}


def test_files_that_were_put_away(tmp_path: Path) -> None:
    """Old files in done and refused go, with the reasons beside them; new ones, folders and links stay."""
    done, refused = tmp_path / "done", tmp_path / "refused"
    for folder in (done, refused):
        folder.mkdir()
    for path in (done / "a.csv", refused / "b.csv", refused / "b.csv.reason.txt"):
        path.write_text("x", "utf-8")
    (done / "deeper").mkdir()
    (done / "link.csv").symlink_to(tmp_path)
    put_away = PutAway((done, refused, tmp_path / "nowhere"))
    moved = (done / "a.csv").stat().st_ctime
    at = datetime.fromtimestamp(moved, UTC)
    assert put_away.remove(at - timedelta(days=1)) == 0
    assert put_away.count(at + timedelta(days=1)) == 3
    assert put_away.remove(at + timedelta(days=1)) == 3
    assert sorted(path.name for path in (*done.iterdir(), *refused.iterdir())) == ["deeper", "link.csv"]
    (tmp_path / "waiting.csv").write_text("x", "utf-8")
    assert put_away.count(at + timedelta(days=1)) == 0


async def test_files_of_the_drop_folder(house: House) -> None:
    """The rule looks where the drop folder puts files away, and never at those that wait."""
    keeping(house, files_days=1)
    for name in ("done", "refused", ""):
        folder = house.folder / "drop" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "people.csv").write_text("x", "utf-8")
    house.clock.forward(days=2)
    assert house.connector.retaining.run() == {"files_days": 2}
    assert (house.folder / "drop" / "people.csv").exists()
