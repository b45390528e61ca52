"""Training records of a former system: into the facts, out again, and never those of somebody erased."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from connector.cli import command
from connector.domain.errors import FeedRefused, SettingsError
from connector.domain.facts import Extent
from connector.domain.gates import Gates
from connector.domain.importing import ImportTotals
from connector.domain.my_learning import Happening
from connector.settings.parts import PrivacySettings, RetentionSettings
from connector.store.staff import StaffTables
from connector.sync.importing import Imported
from tests.integration.certified import RECERTIFY, team
from tests.integration.mirrored import Learning, history
from tests.support import House, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]

TAIPEI = ZoneInfo("Asia/Taipei")
IMPORTS = """\
version: 1
imports:
  - name: old-lms
    encoding: cp950
    timezone: Asia/Taipei
    dates: ["%Y/%m/%d", "%d.%m.%Y"]
    columns: {person: 員工編號, email: 信箱, course: 課程, date: 完成日期, score: 分數}
    courses: {工安講習: SAFETY-14, 實驗室: LABS, 舊課程: ""}
    gates: {max_rejected_share: 0.5}
  - name: old-papers
    kind: certificates
    delimiter: ";"
    dates: [iso, "%d.%m.%Y"]
    columns: {person: Personalnummer, certificate: Zertifikat, number: Nummer, date: Ausgestellt, expires: Bis}
    gates: {max_rejected_share: 0.5}
"""

PAPERS = """\
Personalnummer;Zertifikat;Nummer;Ausgestellt;Bis
E2;Ersthelfer;EH-1;04.05.2025;2027-05-04
E4;Ersthelfer;EH-2;2025-05-04;
E4;Ersthelfer;;2025-05-04;
E4;Stapler;EH-1;2025-05-04;
E3;Ersthelfer;EH-1;2025-05-04;
"""


async def imports(house: House) -> None:
    """The team has settled in, and its company had a learning system before."""
    house.edit("requirements.yaml", "due: {days_after_assignment: 14}", RECERTIFY)
    (house.mapping / "imports.yaml").write_text(IMPORTS, "utf-8")
    await house.settled_in(team())
    house.reopen()


def file(house: House, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = house.folder / name
    path.write_bytes(text.encode(encoding))
    return path


def take(house: House, path: Path, source: str | None = "old-lms", **more: Any) -> Imported:
    records, reading, gates = house.connector.records_of(path, source, None)
    return house.connector.importing.take(records, reading, gates, "anna", **more)


def completions(house: House) -> list[tuple[Any, ...]]:
    found = house.sql(
        "SELECT p.hr_key, c.idnumber, to_char(f.completed_at AT TIME ZONE 'Asia/Taipei', 'YYYY-MM-DD HH24:MI') AS at, "
        "f.attempt, f.score FROM facts.fact_completion f "
        "JOIN facts.dim_person p ON p.person_id = f.person_id AND p.valid_to = 'infinity' "
        "JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity' "
        "WHERE f.source = 'import' ORDER BY 1, 2, 3"
    )
    return [tuple(one.values()) for one in found]


def certificates(house: House) -> list[tuple[Any, ...]]:
    """Those that hold: whose, number, what, from and until when."""
    found = house.sql(
        "SELECT p.hr_key, c.code, c.template, c.issued_at::date::text AS issued, c.expires_at::date::text AS expires "
        "FROM facts.fact_certificate c "
        "JOIN facts.dim_person p ON p.person_id = c.person_id AND p.valid_to = 'infinity' "
        "WHERE c.source = 'import' AND c.valid_to = 'infinity' ORDER BY 1, 2"
    )
    return [tuple(one.values()) for one in found]


def requirement(house: House, key: str) -> list[dict[str, Any]]:
    return house.sql(
        "SELECT a.cycle, a.satisfied_at, a.expires_on FROM facts.fact_assignment a "
        "JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity' "
        "WHERE a.valid_to = 'infinity' AND p.hr_key = %s AND a.requirement = 'SAFETY-14' ORDER BY a.cycle",
        key,
    )


LEGACY = """\
員工編號,信箱,課程,完成日期,分數
E2,,工安講習,{lately},
E2,,工安講習,2019/3/5,77
,E3@example.test,實驗室,05.03.2019,"88,5"
OLD7,,實驗室,2018/1/1,
E4,,舊課程,2018/1/1,
E4,,沒有這個,2018/1/1,
E4,,實驗室,2999/1/1,
"""


def legacy(house: House) -> tuple[Path, date]:
    """Seven rows in Big5, and the day on which E2 was trained last."""
    day = (house.clock.now.astimezone(TAIPEI) - timedelta(days=60)).date()
    lately = day.replace(day=min(day.day, 28))
    return file(house, "legacy.csv", LEGACY.format(lately=f"{lately:%Y}/{lately.month}/{lately.day}"), "cp950"), lately


async def test_whoever_did_it_before_has_done_it(house: House, moodle: Seen, learning: Learning) -> None:
    """Courses in Big5 satisfy a requirement, for a year from then; what Moodle tells of the same day is believed."""
    await imports(house)
    await house.make_reports()  # by which Moodle tells when
    await house.mirror()
    assert requirement(house, "E2")[0]["satisfied_at"] is None
    path, lately = legacy(house)
    records, reading, gates = house.connector.records_of(path, "old-lms", None)
    looked = house.connector.importing.look(records, reading, gates)
    assert (looked.number, house.connector.imports.batches(9)) == (None, [])
    came = take(house, path)
    assert (came.totals, came.number) == (looked.totals, 1)
    assert came.totals == ImportTotals(rows=7, kept=4, rejected=2, set_aside=1, left_out=1)
    assert [(one.line, one.field) for one in came.rejections] == [(7, "course"), (8, "date")]
    assert house.connector.imports.set_aside(1, 9) == [(5, "OLD7")]
    assert take(house, path).unchanged
    await house.mirror(Extent.CHANGES)
    last, first = f"{lately} 12:00", "2019-03-05 12:00"
    done = [(course, *rest) for course in ("FIRE", "SAFE") for rest in ((first, 1, 77.0), (last, 2, None))]
    assert completions(house) == [("E2", *one) for one in done] + [("E3", "LABS", first, 1, 88.5)]
    [cycle] = requirement(house, "E2")
    assert cycle["satisfied_at"].astimezone(TAIPEI).date() == lately
    assert cycle["expires_on"] == lately.replace(year=lately.year + 1)
    assert not any(house.connector.broken_facts().values())
    held = history(house)
    await house.mirror()
    assert history(house) == held, "nothing comes of reading it all again"

    at = datetime(lately.year, lately.month, lately.day, 9, tzinfo=TAIPEI)
    learning.life.complete("e2", "SAFE", int(at.timestamp()))
    await house.mirror()
    assert [one[2] for one in completions(house) if one[:2] == ("E2", "SAFE")] == [first]


async def test_undone_it_was_never_done(house: House, moodle: Seen) -> None:
    """Records and facts are gone, the requirement is open again, and the file may come once more."""
    await imports(house)
    path, _ = legacy(house)
    took = take(house, path)
    papers = file(house, "papers.csv", PAPERS, "utf-8-sig")
    certified = take(house, papers, "old-papers")
    assert certified.totals == ImportTotals(rows=5, kept=3, rejected=2)
    await house.mirror()
    assert requirement(house, "E2")[0]["satisfied_at"] is not None
    assert certificates(house) == [
        ("E2", "old-papers / Ersthelfer / EH-1", "Ersthelfer", "2025-05-04", "2027-05-05"),
        ("E4", "old-papers / Ersthelfer / EH-2", "Ersthelfer", "2025-05-04", None),
        ("E4", "old-papers / Stapler / EH-1", "Stapler", "2025-05-04", None),
    ]
    [who] = house.sql("SELECT person_id FROM connector.person WHERE key = 'E2'")
    mine = house.connector.my_learning.look.of(who["person_id"], ZoneInfo("Pacific/Auckland"))
    assert [(one.issued_on, one.until) for one in mine.earned] == [(date(2025, 5, 4), date(2027, 5, 4))]
    assert [one.on for one in mine.recent if one.what is Happening.EARNED] == [date(2025, 5, 4)]
    assert house.sql("SELECT FROM facts.fact_completion WHERE source = 'import' AND valid_to = 'infinity'") == [], (
        "they are earlier attempts, of which no page tells the day"
    )
    for number in (took.number, certified.number):
        assert number is not None
        house.connector.importing.undo(number, "anna")
        with pytest.raises(SettingsError, match="undone already"):
            house.connector.importing.undo(number, "anna")
    await house.mirror(Extent.CHANGES)
    assert (completions(house), certificates(house)) == ([], [])
    assert requirement(house, "E2")[0]["satisfied_at"] is None
    assert not any(house.connector.broken_facts().values())
    assert house.sql("SELECT FROM connector.import_record UNION ALL SELECT FROM connector.import_rejection") == []
    assert [one.status for one in house.connector.imports.batches(9)] == ["undone", "undone"]
    assert take(house, path).number == 3


async def test_one_human_under_several_keys(house: House, moodle: Seen, learning: Learning) -> None:
    """A record counts once: for the account of the key of today, however often that moved, and once for each day."""
    await imports(house)
    head = "員工編號,信箱,課程,完成日期,分數\n"
    take(house, file(house, "1.csv", head + "E2,,實驗室,2020/1/1,80\nOLD7,,實驗室,2020/1/5,\n", "cp950"))
    take(house, file(house, "2.csv", head + "E2,,實驗室,2020/1/1,\nE2,,實驗室,2020/1/2,\n", "cp950"))
    house.sql(
        "UPDATE connector.import_record SET done_at = '2020-01-01 15:30+08', precision = 'minute' "
        "WHERE score IS NULL AND done_at < '2020-01-02'"
    )
    house.sql(
        "UPDATE connector.person SET moved_to = CASE key WHEN 'E2' THEN 'E3' WHEN 'E3' THEN 'E4' ELSE 'E2' END "
        "WHERE key IN ('E2', 'E3')"
    )
    await house.mirror()
    assert completions(house) == [
        ("E4", "LABS", "2020-01-01 15:30", 1, None), ("E4", "LABS", "2020-01-02 12:00", 2, None),
    ]  # fmt: skip
    house.sql("UPDATE connector.person SET moved_to = 'E2' WHERE key = 'E4'")
    staff = StaffTables(house.connector.database, house.connector.site)
    assert {one.moodle_id for some in staff.imports() for one in some} == {moodle.id("E4")}, "they go round in a ring"


async def test_whoever_was_erased_does_not_come_back(house: House, moodle: Seen) -> None:
    """Neither by key nor by address; what was brought over before goes with the rest, and is still counted."""
    house.settings = house.settings.model_copy(update={"privacy": PrivacySettings(secret=SecretStr("x" * 40))})
    await imports(house)
    path, _ = legacy(house)
    take(house, path)
    await house.mirror()
    exported = house.connector.exporting.export("E2")
    assert any(len(one["rows"]) == 2 for one in exported["sections"] if "former systems" in one["heading"])
    await house.sync([{**one, "status": "left"} if one["id"] == "E2" else one for one in team()])
    shown = house.connector.erasing.preview("E2")
    house.connector.erasing.erase("E2", "asked for it", "anna", shown.hash)
    assert house.sql("SELECT FROM connector.import_record WHERE courses @> '{SAFE}'") == []
    await house.mirror()
    erased = house.sql("SELECT moodle_id FROM facts.fact_completion WHERE source = 'import' AND moodle_id < 0")
    assert len(erased) == 4
    text = "員工編號,信箱,課程,完成日期,分數\nE2,,實驗室,2020/1/1,\n,e2@example.test,實驗室,2020/1/2,\n"
    records, reading, _ = house.connector.records_of(file(house, "again.csv", text, "cp950"), "old-lms", None)
    again = house.connector.importing.take(records, reading, Gates(min_share=0), "anna")
    assert again.totals == ImportTotals(rows=2, erased=2)


STRANGERS = """\
員工編號,信箱,課程,完成日期,分數
OLD7,seven@old.example,實驗室,2020/1/1,
OLD7,,實驗室,2020/13/1,
OLD8,shared@old.example,實驗室,2020/1/1,
OLD9,shared@old.example,實驗室,2020/1/1,
E9,e2@example.test,實驗室,2020/1/1,
,nine@old.example,實驗室,2020/1/1,
E3,,實驗室,2020/1/1,
"""


async def test_somebody_whom_hr_never_named(house: House, moodle: Seen) -> None:
    """Is told what is set aside of them, and erased, once more from an older backup, and by the clock; what is
    another's by the key stays, though somebody with the same address is erased."""
    privacy = {"privacy": PrivacySettings(secret=SecretStr("x" * 40)), "retention": RetentionSettings(imports_days=30)}
    house.settings = house.settings.model_copy(update=privacy)
    await imports(house)
    take(house, file(house, "old.csv", STRANGERS, "cp950"))
    await house.sync([*team(), row("E9")])
    erasing, exporting = house.connector.erasing, house.connector.exporting

    def kept() -> set[tuple[str, str]]:
        rows = house.sql("SELECT key, email FROM connector.import_record UNION ALL "
                         "SELECT key, 'bad' FROM connector.import_rejection")  # fmt: skip
        return {(one["key"], one["email"]) for one in rows}

    before = kept()
    assert [len(one["rows"]) for one in exporting.export("old7")["sections"]] == [1, 1]
    assert exporting.export("nine@old.example")["about"] == ["nine@old.example"]
    for nobody in ("shared@old.example", "E77", "e2@example.test"):
        with pytest.raises(SettingsError, match="neither HR's data nor"):
            exporting.export(nobody)
    copies = [
        house.sql(f"SELECT * FROM connector.import_{name} WHERE key ILIKE 'old7'") for name in ("record", "rejection")
    ]
    for person in ("old7", "OLD8"):
        erasing.erase(person, "asked for it", "anna", erasing.preview(person).hash)
    gone = {("OLD7", "seven@old.example"), ("OLD7", "bad"), ("OLD8", "shared@old.example")}
    assert kept() == before - gone
    with pytest.raises(SettingsError, match="erased already"):
        erasing.preview("OLD7")

    [record], [rejection] = copies
    restored = Jsonb({**record, "key": "other", "done_at": str(record["done_at"])})
    house.sql(
        "INSERT INTO connector.import_record "
        "SELECT r.* FROM jsonb_populate_record(NULL::connector.import_record, %s) r",
        restored,
    )
    house.sql("INSERT INTO connector.import_rejection VALUES (%s, %s, %s, %s, %s)", *rejection.values())
    [again] = erasing.again()
    assert {name: again.counts[name] for name in again.counts if "import" in name} == {
        "connector.import_record": 1, "connector.import_rejection": 1,
    }  # fmt: skip
    assert kept() == before - gone and erasing.again() == []

    erasing.erase("E2", "asked for it", "anna", erasing.preview("E2").hash)
    assert ("E9", "") in kept() and ("E9", "e2@example.test") not in kept()
    house.clock.forward(days=31)
    assert house.connector.retaining.run() == {"imports_days": 2}
    assert kept() == {("", ""), ("E9", "")}


async def test_what_is_refused_leaves_nothing(
    house: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Many bad rows, far fewer than before, another encoding, a process that is killed: all of a file or nothing."""
    await imports(house)
    good = "".join(f"E2,,實驗室,2020/1/{day},\n" for day in range(1, 21))
    head = "員工編號,信箱,課程,完成日期,分數\n"
    take(house, file(house, "1.csv", head + good, "cp950"))
    few = file(house, "2.csv", head + "".join(good.splitlines(keepends=True)[:10]), "cp950")
    with pytest.raises(FeedRefused, match="import take FILE --accept") as refused:
        take(house, few)
    with pytest.raises(FeedRefused, match="cannot be used"):
        take(house, file(house, "3.csv", head + good + "E2,,x,x,\n" * 25, "cp950"))
    with pytest.raises(FeedRefused, match="is UTF-8"):
        take(house, file(house, "4.csv", head + good))
    with pytest.raises(FeedRefused, match="column is missing"):
        take(house, file(house, "5.csv", good + good, "cp950"))
    records, reading, gates = house.connector.records_of(
        file(house, "6.csv", head + good + good, "cp950"), "old-lms", None
    )

    class Killed(BaseException):
        pass

    def kill(_rows: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        house.connector.importing.take(records, reading, gates, "anna", progress=kill)
    assert [one.status for one in house.connector.imports.batches(9)] == ["refused"] * 4 + ["taken"]
    assert house.sql("SELECT count(*) AS n FROM connector.import_record")[0]["n"] == 20
    assert len(house.connector.imports.rejections(3, 100)) == 50, "bad rows are kept with line and reason"
    monkeypatch.setattr("connector.cli.importing.installation", lambda _where: nullcontext(house.connector))
    assert command(["import", "take", str(few), "--by", "anna", "--source", "old-lms", "--dry-run"]) == 1
    assert command(["import", "show", "3"]) == 0
    assert command(["import", "list"]) == 0
    told = capsys.readouterr().out
    assert "Would be refused: The feed has 10 rows" in told and "line 22: course: is no course" in told
    assert command(["import", "undo", "77", "--by", "anna"]) == 2
    digest = str(refused.value).rpartition("--accept ")[2][:12]
    assert take(house, few, accepted=digest).totals.kept == 10
