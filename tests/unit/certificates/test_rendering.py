"""The file of a certificate: names in any script, a QR code that can be read, the same bytes each time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector.certificates import rendering
from connector.certificates.rendering import Typesetter
from connector.certificates.words import WORDS
from connector.domain.certificates import read_code
from connector.domain.errors import SetAside, SettingsError
from tests.unit.certificates.papers import ONE, pages, paper, qr_of, text_of

URL = "https://certificates.example.com"
MODULE = Path(rendering.__file__).parents[2]


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter(URL)


@pytest.mark.parametrize(
    "name",
    [
        "王小明",
        "𠮷田 喆峯",
        "张伟",
        "김민준",
        "Nguyễn Thị Hồng Ngọc",
        "Đặng Trần Ỷ Lan",
        "Zoë Šimůnek-Łódź Ñandú Ærøskøbing",
        "Ελένη Жуковская",
        "אברהם לוי",
    ],
)
def test_a_name_can_be_read_in_its_script(typesetter: Typesetter, name: str) -> None:
    """By people and by machines: it is text in the file, not a picture."""
    assert name in text_of(typesetter(paper(name=name)))


@pytest.mark.parametrize("name", ["สมชาย ใจดี กิ่งแก้ว", "محمد عبد الله الحسيني", "राजेश श्रीवास्तव", "გიორგი", "ኃይለ"])
def test_every_letter_of_other_scripts_has_a_font(typesetter: Typesetter, name: str) -> None:
    """Where letters join, the order in which programs read them back differs; none is missing on the page."""
    assert pages(typesetter(paper(name=name))) == 1
    assert len(text_of(typesetter(paper(name=name)))) > len(text_of(typesetter(paper(name="A"))))


@pytest.mark.parametrize("name", ["𒀀𒀁", "Ada 😀", "Ada \x07", "\ue000"])
def test_a_letter_that_no_font_has_is_refused(typesetter: Typesetter, name: str) -> None:
    """And never left out, or shown as an empty box; the message does not repeat it."""
    with pytest.raises(SetAside, match="none of the fonts") as error:
        typesetter(paper(name=name))
    assert name not in str(error.value)


@pytest.mark.parametrize("language", WORDS)
def test_what_stands_on_it(typesetter: Typesetter, language: str) -> None:
    """Title, issuer, dates as the language writes them, number, and code; in each language."""
    text = text_of(typesetter(paper(language=language, title="Sécurité 安全 An toàn")))
    words = WORDS[language]  # type: ignore[index]
    for part in (words.certifies, words.has, words.issued, words.number, words.code):
        assert part in text
    for part in ("Sécurité 安全 An toàn", "Example Works", "FIRE-2026-000042", ONE.code, "2028"):
        assert part in text
    assert words.for_ever in text_of(typesetter(paper(language=language, expires_on=None, expires_at=None)))


def test_the_qr_code_leads_to_the_verification(typesetter: Typesetter) -> None:
    """By the code alone: neither number nor name is in it. Who has no camera reads where to type the code."""
    address = qr_of(typesetter(ONE))
    assert address == f"{URL}/certificates/{ONE.code}"
    assert read_code(address.rpartition("/")[2]) == ONE.code
    assert f"{URL.removeprefix('https://')}/certificates" in text_of(typesetter(ONE))


def test_the_same_bytes_each_time(typesetter: Typesetter) -> None:
    """In this process, in another one, in another time zone: a digest tells whether a file is the right one."""
    pdf = typesetter(paper(name="王小明"))
    assert typesetter(paper(name="王小明")) == pdf
    assert typesetter(paper(name="王小明", number="FIRE-2026-000043")) != pdf
    program = (
        "import hashlib; from tests.unit.certificates.papers import paper; "
        "from connector.certificates.rendering import Typesetter; "
        f"print(hashlib.sha256(Typesetter({URL!r})(paper(name='王小明'))).hexdigest())"
    )
    environment = {**os.environ, "TZ": "Asia/Taipei", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(MODULE)}
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment, cwd=MODULE
    )
    assert told.stdout.strip() == hashlib.sha256(pdf).hexdigest()


def test_text_is_never_markup(typesetter: Typesetter) -> None:
    """What a name or title says is set as it stands."""
    name = '#read("/etc/passwd") $x$ *b* \\ ]'
    assert name in text_of(typesetter(paper(name=name, title="#panic()")))


def test_what_is_long_stays_on_one_page(typesetter: Typesetter) -> None:
    """The longest names that Moodle has, and the longest title."""
    for word in ("Maximiliana ", "王"):
        long = (word * 200)[:200].strip()
        assert pages(typesetter(paper(name=long, title=long[:150], issuer=long[:150]))) == 1


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what to install."""
    monkeypatch.setattr(rendering, "FONTS", ("fonts_that_nobody_has",))
    with pytest.raises(SettingsError, match=r"fonts_that_nobody_has is missing.*\[certificates\]"):
        Typesetter(URL).check()
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(SettingsError, match="typst is missing"):
        Typesetter(URL)(ONE)
