"""What learners read, in four languages."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from adapters.moodle.letters import TEXTS, write
from adapters.moodle.twin.messages import LONGEST
from connector.domain.learners import DueLetter, language_of, name_in
from connector.domain.notices import Language

URL = "https://learn.example.com/course/view.php?id=7"
DAY = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("language", "new", "changed"),
    [
        (
            "en",
            "Please complete the learning path Fire by December 31, 2026.",
            "The learning path Fire is now due on December 31, 2026.",
        ),
        (
            "fr",
            "Veuillez terminer le parcours Fire au plus tard le 31 décembre 2026.",
            "La nouvelle échéance du parcours Fire est le 31 décembre 2026.",
        ),
        (
            "vi",
            "Vui lòng hoàn thành lộ trình học Fire trước hết 31 tháng 12, 2026.",
            "Hạn mới của lộ trình học Fire là 31 tháng 12, 2026.",
        ),
        (
            "zh-TW",
            "請於 2026年12月31日 前（含當日）完成學習地圖：Fire。",
            "學習地圖 Fire 的完成期限已改為 2026年12月31日。",
        ),
    ],
)
def test_path_and_day_are_named(language: Language, new: str, changed: str) -> None:
    """The day as the language writes it, and a link to the course."""
    link = f'<p><a href="{URL}">{TEXTS[language].begin}</a></p>'
    assert write(DueLetter(language, "Fire", DAY, changed=False, url=URL)) == f"<p>{new}</p>{link}"
    assert write(DueLetter(language, "Fire", DAY, changed=True, url=URL)) == f"<p>{changed}</p>{link}"


def test_every_language_has_its_texts() -> None:
    """And no sentence leaves path or day out."""
    assert set(TEXTS) == set(get_args(Language))
    assert all("{path}" in text and "{due}" in text for one in TEXTS.values() for text in (one.new, one.changed))


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
