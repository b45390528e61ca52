"""Reports: in the terminal, as JSON and as a page, for a company or one unit, in each language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from importlib.resources import files
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from babel.messages.pofile import read_po

from connector.cli import command
from connector.domain.errors import SettingsError
from connector.reports.charts import columns, line, share
from connector.reports.page import HOPS, Language, render
from connector.reports.picture import Picture, gather
from connector.store.database import Database
from connector.store.reports import ReportViews
from tests.integration.facts import fill, summarise

NOW = datetime.now(UTC)
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Balanced(HTMLParser):
    """Every element ends, in order; ``links`` are addresses that something would be loaded from."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Balanced:
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    return parser


@pytest.fixture
def reports(database_url: str) -> Iterator[ReportViews]:
    fill(database_url, NOW)
    with Database(database_url) as database:
        yield ReportViews(database)


@pytest.fixture
def picture(reports: ReportViews) -> Picture:
    return gather(reports)


@pytest.mark.parametrize("language", Language)
def test_the_page_stands_alone(picture: Picture, language: Language) -> None:
    """Well formed, in its language, with charts, and nothing is loaded or run: it can be mailed."""
    page = render(picture, language, NOW)
    told = read(page)
    assert "svg" in told.tags
    assert not told.tags & {"script", "link", "img", "iframe", "form"}
    assert told.links == []
    assert not re.search(r"https?://|url\(|@import", page)
    assert f'<html lang="{language.value}">' in page
    title = {"en": "Training report", "fr": "Rapport de formation", "vi": "Báo cáo đào tạo", "zh-TW": "訓練報告"}
    assert title[language.value] in told.text
    assert "Nordwerk" in told.text and "Südwerk" in told.text


def test_names_are_written_as_their_readers_do(picture: Picture) -> None:
    """Chinese without a space and the family first; what somebody wrote into a name does nothing."""
    rows = [
        {**picture.managers[0], "manager_key": "1", "firstname": "小明", "lastname": "北川"},
        {**picture.managers[0], "manager_key": "2", "firstname": "Hoa", "lastname": "Nguyễn Thị"},
        {**picture.managers[0], "manager_key": "3", "firstname": "<script>alert(1)</script>", "lastname": '"&'},
    ]
    page = render(replace(picture, managers=rows), Language.VI, NOW)
    assert "北川小明" in page
    assert "Nguyễn Thị Hoa" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_requirements_are_named_in_the_language_of_the_page(picture: Picture) -> None:
    """Also where they end soon; without a name in this language in English."""
    names = {"en": "Safety", "zh_tw": "作業安全", "fr": "Sécurité"}
    rows = [{**picture.compliance[0], "requirement": "S", "requirement_name": names}]
    ends = [{"kind": "requirement", "code": "S", "name": "Safety", "in_30": 1, "in_60": 1, "in_90": 1}]
    for language, name in {"zh-TW": "作業安全", "fr": "Sécurité", "vi": "Safety", "en": "Safety"}.items():
        told = read(render(replace(picture, compliance=rows, expiring=ends), Language(language), NOW)).text
        assert told.count(name) == 2, language
        assert [other for other in names.values() if other != name and other in told] == []


def test_numbers_are_written_as_the_language_does(picture: Picture) -> None:
    """Percent signs, decimals and times; what no course has gets no column."""
    rows = [{**picture.courses[0], "pass_rate": None, "average_grade": 66.49, "average_days": 2.0}]
    assert picture.overview is not None
    part = replace(picture, overview={**picture.overview, "compliance_rate": 61.7}, courses=rows)
    told = {
        language: read(render(part, language, datetime(2026, 2, 3, 16, 5, tzinfo=UTC))).text for language in Language
    }
    for language, texts in {
        Language.EN: ("61.7%", "66.5", "Feb 3, 2026 4:05\u202fPM UTC", "average days"),
        Language.FR: ("61,7\xa0%", "66,5", "3 févr. 2026 16:05 UTC", "durée moyenne"),
        Language.VI: ("61,7%", "66,5", "3 thg 2, 2026 16:05 UTC", "số ngày trung bình"),
        Language.ZH_TW: ("61.7%", "66.5", "2026年2月3日 下午4:05 UTC", "平均天數"),
    }.items():
        assert [text for text in texts if text not in told[language]] == [], language
    assert "passed" not in told[Language.EN]


def test_every_text_is_in_every_language() -> None:
    """Each catalogue has what the page says, each placeholder too, and nothing that it does not say."""
    template = (files("connector.reports") / "page.html").read_text("utf-8")
    said = set(re.findall(r'_\("([^"]+)"', template)) | set(HOPS.values())
    for language in Language:
        if language is Language.EN:
            continue
        content = (files("connector.reports") / "catalogues" / f"{language.value}.po").read_bytes()
        texts = {str(one.id): str(one.string) for one in read_po(BytesIO(content)) if one.id}
        assert set(texts) == said
        for text, told in texts.items():
            assert told, text
            assert sorted(re.findall(r"{\w+}", told)) == sorted(re.findall(r"{\w+}", text))


def test_a_company_without_facts(database_url: str) -> None:
    """The page says so, and nothing fails."""
    with Database(database_url) as database:
        page = render(gather(ReportViews(database)), Language.EN, NOW)
    assert "Nothing has been mirrored yet." in read(page).text


def test_one_unit_alone(reports: ReportViews) -> None:
    """A report of a unit has that unit and those below it, and says who is not of it by no name."""
    whole, part = gather(reports), gather(reports.of_unit("North"))
    assert part.overview is not None and whole.overview is not None
    assert (whole.overview["people"], part.overview["people"]) == (10, 5)
    assert {row["unit"] for row in part.units} == {"North", "North-1"}
    page = render(part, Language.EN, NOW, "North")
    assert "<title>Training report: Nordwerk</title>" in page, "whom it is about"
    assert "managers of other units" in page
    for stranger in ("Südwerk", "S-boss", "Nguyễn-Nam", "T-boss"):
        assert stranger not in page
    with pytest.raises(SettingsError, match="no unit 'Nowhere'"):
        reports.of_unit("Nowhere")


def test_the_trend_keeps_its_days(database_url: str, reports: ReportViews) -> None:
    """Full readings on two days are two days, and two on one day are one."""
    summarise(database_url, NOW - timedelta(days=40))
    summarise(database_url, NOW)
    summarise(database_url, NOW)
    days = [row for row in reports.trend("day", 400) if row["compliance_rate"] is not None]
    assert [row["starts_on"] for row in days] == [(NOW - timedelta(days=40)).date(), NOW.date()]
    assert {row["compliance_rate"] for row in days} == {50.0}
    starts = [row["starts_on"] for row in reports.trend("day", 400)]
    assert {(after - before).days for before, after in pairwise(starts)} == {1}, "no day is left out"
    completions = sum(row["completions"] for row in reports.trend("month", 100))
    assert completions == sum(row["completions"] for row in reports.trend("week", 100)) == 10


def test_charts_draw_what_they_are_given() -> None:
    """Shares add up to the whole width, columns are in proportion, unknown values are gaps, labels are escaped."""
    bar = share(("done", 3), ("late-part", 1), label='"<b>')
    assert re.findall(r'class="(?:done|late-part)" x="([\d.]+)" y="0" width="([\d.]+)"', bar) == [
        ("0.00", "75.00"), ("75.00", "25.00"),
    ]  # fmt: skip
    assert "<b>" not in bar
    assert "width" not in share(("done", 0), label="").replace('width="100"', "")
    heights = [float(h) for h in re.findall(r'class="done"[^>]* height="([\d.]+)"', columns([10, 20, 0], "abc", ""))]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert heights[2] == 0
    drawn = line([50, None, 60, 70], "abcd", "")
    [path] = re.findall(r' d="([^"]*)"', drawn)
    assert [letter for letter in path if letter.isalpha()] == ["M", "M", "L"]
    assert "nan" not in columns([], [], "")


def test_the_command(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Tables at 80 columns, JSON, a page of one unit in one's language; wrong words end with 2."""
    fill(database_url, NOW)
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)
    assert command(["report", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["requirement"]: row["satisfied"] for row in found["compliance"]} == {"FIRE-R": 0, "SAFE-R": 10}
    assert date.fromisoformat(found["overdue_by_manager"][0]["oldest_due_on"]) < NOW.date()
    assert command(["report", "--html", "r.html", "--lang", "zh-TW", "--unit", "South"]) == 0
    assert "訓練報告：Südwerk" in (tmp_path / "r.html").read_text("utf-8")
    assert command(["report", "--html", str(tmp_path / "no" / "r.html")]) == 1
    assert command(["report", "--unit", "Nowhere"]) == 2
    capsys.readouterr()
    assert command(["report"]) == 0
    told = capsys.readouterr().out
    for text in ("Compliance now", "Overdue by manager", "Completions by week", "Ends within 90 days", "北川小明"):
        assert text in told
    assert "\x1b" not in told
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM facts.dim_course")
    assert command(["report"]) == 0
    titles = re.compile("^Courses *$", re.MULTILINE)
    assert (len(titles.findall(told)), titles.findall(capsys.readouterr().out)) == (1, []), "no table without rows"
