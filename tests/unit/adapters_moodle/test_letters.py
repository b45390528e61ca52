"""What learners read, in four languages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args

import pytest

from adapters.moodle.letters import TEXTS, write
from adapters.moodle.twin.messages import LONGEST
from connector.domain.learners import DueLetter, day_to_tell, language_of, name_in
from connector.domain.notices import Language

URL = "https://learn.example.com/course/view.php?id=7"
DAY = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("language", "new", "changed", "now"),
    [
        (
            "en",
            "Please complete the learning path Fire by December 31, 2026.",
            "The learning path Fire is now due on December 31, 2026.",
            "Please complete the learning path Fire as soon as you can.",
        ),
        (
            "fr",
            "Veuillez terminer le parcours Fire au plus tard le 31 décembre 2026.",
            "La nouvelle échéance du parcours Fire est le 31 décembre 2026.",
            "Veuillez terminer le parcours Fire dès que possible.",
        ),
        (
            "vi",
            "Vui lòng hoàn thành lộ trình học Fire chậm nhất vào ngày 31 tháng 12, 2026.",
            "Hạn hoàn thành mới của lộ trình học Fire là ngày 31 tháng 12, 2026.",
            "Vui lòng hoàn thành lộ trình học Fire trong thời gian sớm nhất.",
        ),
        (
            "zh-TW",
            "請於 2026年12月31日 前（含當日）完成學習地圖：Fire。",
            "學習地圖 Fire 的完成期限已改為 2026年12月31日。",
            "請儘快完成學習地圖：Fire。",
        ),
    ],
)
def test_path_and_day_are_named(language: Language, new: str, changed: str, now: str) -> None:
    """The day as the language writes it, unless it is to be done now, and a link to the course."""
    link = f'<p><a href="{URL}">{TEXTS[language].begin}</a></p>'
    assert write(DueLetter(language, "Fire", DAY, changed=False, url=URL)) == f"<p>{new}</p>{link}"
    assert write(DueLetter(language, "Fire", DAY, changed=True, url=URL)) == f"<p>{changed}</p>{link}"
    for before in (False, True):
        assert write(DueLetter(language, "Fire", None, changed=before, url=URL)) == f"<p>{now}</p>{link}"


def test_every_language_has_its_texts() -> None:
    """And no sentence leaves path or day out."""
    assert set(TEXTS) == set(get_args(Language))
    assert all("{path}" in text and "{due}" in text for one in TEXTS.values() for text in (one.new, one.changed))
    assert all("{path}" in one.now for one in TEXTS.values())


@pytest.mark.parametrize(
    ("timezone", "told"),
    [("UTC", DAY), ("Asia/Taipei", None), ("America/New_York", DAY), ("Pacific/Kiritimati", None)],
)
def test_a_day_that_is_over_is_not_told(timezone: str, told: date | None) -> None:
    """Where the person is: the due date itself still counts, the day after it does not."""
    assert day_to_tell(DAY, datetime(2026, 12, 31, 20, tzinfo=UTC), timezone) == told


def test_names_are_no_markup() -> None:
    """A path may be called whatever the mapping says; the letter stays one that Moodle takes."""
    text = write(DueLetter("en", "<script>&{path}", DAY, changed=False, url='https://a.example/"x'))
    assert "&lt;script&gt;&amp;{path}" in text
    assert 'href="https://a.example/&quot;x"' in text
    assert len(text.encode()) < LONGEST


@pytest.mark.parametrize(
    ("pack", "language"),
    [("zh_tw", "zh-TW"), ("fr", "fr"), ("fr_ca", "fr"), ("en_us", "en"), ("vi", "vi"), ("de", "vi"), ("", "vi"),
     ("zh_cn", "vi"), ("english", "vi")],
)  # fmt: skip
def test_the_language_is_the_persons(pack: str, language: str) -> None:
    """By the pack in the account; where it is none of ours, the installation's."""
    assert language_of(pack, "vi") == language


def test_the_name_is_the_languages() -> None:
    """Else English, else whatever there is, else the code."""
    names = {"en": "Fire", "zh_tw": "消防"}
    assert [name_in(names, "zh-TW", "F"), name_in(names, "fr", "F")] == ["消防", "Fire"]
    assert [name_in({"fr": "Feu"}, "vi", "F"), name_in({}, "vi", "F")] == ["Feu", "F"]
