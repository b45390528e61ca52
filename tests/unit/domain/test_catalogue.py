"""What Moodle stores of a course becomes an entry of the catalogue, in every language that it has."""

from __future__ import annotations

from time import process_time

import pytest

from connector.domain.catalogue import USUAL, CourseAbout, CourseFields, entry
from connector.domain.multilang import choose, language_tag, texts

SPANS = '<span lang="en" class="multilang">Fire safety</span> <span class="multilang" lang="zh_tw">消防安全</span>'


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        ("Fire &amp; gas", {"und": "Fire & gas"}),
        ("", {}),
        (SPANS, {"en": "Fire safety", "zh-TW": "消防安全"}),
        (f"A {SPANS} (B)", {"en": "A Fire safety (B)", "zh-TW": "A 消防安全 (B)"}),
        ('<span lang="fr">mot</span>', {"und": "mot"}),
        ('<span lang="fr" class="multilang">mot</span>', {"fr": "mot"}),
        (f"{SPANS} – <span lang='fr' class='multilang'>un</span>",
         {"en": "Fire safety – un", "zh-TW": "消防安全 – un", "fr": "Fire safety – un"}),
        ("{mlang en}Gas{mlang}{mlang vi, fr}Khí{mlang}", {"en": "Gas", "vi": "Khí", "fr": "Khí"}),
        ("{mlang en}Gas{mlang}{mlang other}Gaz{mlang} 1", {"en": "Gas 1", "und": "Gaz 1"}),
        ("<p>One<br/>two</p><script>no()</script><!-- no --><ul><li>3 &lt;4</li></ul>", {"und": "One\ntwo\n3 <4"}),
        ("10<sup>2</sup> m, CO<sub>2</sub>, x<sup>a/b</sup>, y<sub>!</sub>", {"und": "10² m, CO₂, x^(a/b), y_!"}),
        ("<table><tr><th>Floor</th> <th>kg</th></tr><tr><td>1</td><td>400</td></tr></table>",
         {"und": "Floor | kg\n1 | 400"}),
        ("2 < 3 and 5 > 4", {"und": "2 < 3 and 5 > 4"}),
        ('<SPAN LANG="en" CLASS="multilang">X</SPAN><lang lang="fr">Y</lang>', {"en": "X", "fr": "Y"}),
        ("{mlang en}unclosed", {"und": "{mlang en}unclosed"}),
    ],
)  # fmt: skip
def test_texts_by_language(stored: str, found: dict[str, str]) -> None:
    """Spans and braces, as Moodle's filters read them, and without markup."""
    assert texts(stored) == found


@pytest.mark.parametrize(
    ("wished", "text"),
    [(["vi"], "und"), (["zh-TW"], "zh-TW"), (["zh"], "zh-TW"), (["zh-HK", "fr"], "zh-TW"), (["de", "fr-CA"], "fr"),
     ([], "und")],
)  # fmt: skip
def test_the_text_that_suits_best(wished: list[str], text: str) -> None:
    """The dearest language first, then one that is nearly it, then what is for everybody."""
    assert choose({"fr": "fr", "zh-TW": "zh-TW", "und": "und"}, wished) == text


def test_without_the_wished_one_there_is_another() -> None:
    """English, or whatever there is."""
    assert choose({"fr": "fr", "en": "en"}, ["vi"]) == "en"
    assert choose({"fr": "fr", "vi": "vi"}, []) == "fr"
    assert choose({}, ["fr"]) == ""


@pytest.mark.parametrize(
    "stored",
    [
        "{mlang " + " " * 20_000,
        "{mlang en}" * 6000,
        '<span lang="en" class="multilang">' * 6000,
        "<!--" * 15_000,
        "<script" * 9000,
        "<style></script >" * 4000,
        "<p " * 20_000,
        "<a" * 30_000,
    ],
    ids=lambda stored: stored[:12].strip(),
)
def test_a_text_that_means_harm_is_read_in_no_time(stored: str) -> None:
    """Whoever teaches may write it: marks that never end, each of which would be followed to the end of the text."""
    begun = process_time()
    texts(stored)
    assert process_time() - begun < 1


def test_a_number_that_is_no_letter_is_no_mistake() -> None:
    """Python refuses to read a number of so many digits; the course would stop all reading of Moodle."""
    assert texts("a &#" + "9" * 5000 + "; b &#38; c") == {"und": "a \ufffd b & c"}


def test_marks_that_do_not_end_are_text() -> None:
    """The others count."""
    assert texts("{mlang en}a{mlang}{mlang fr}b") == {"en": "a{mlang fr}b"}
    assert texts('<span lang="en" class="multilang">a</span> <lang lang="fr">b</span>') == {"en": "a b"}
    assert texts("a<script>b</script><!-- c --><style>d <b>e</b>") == {"und": "ad e"}


def test_tags_of_languages() -> None:
    """Moodle's codes are those of HTML in another spelling."""
    assert [language_tag(code) for code in ("zh_tw", "EN", "de_kids", "fr-CA")] == ["zh-TW", "en", "de-kids", "fr-CA"]


@pytest.mark.parametrize(
    ("told", "minutes"),
    [("90", 90), (" 45,5 ", 46), ("an hour", None), ("", None), ("-3", None), ("nan", None), ("1e99", None)],
)
def test_minutes_are_a_number_or_nothing(told: str, minutes: int | None) -> None:
    """A company writes what it likes into the field; nothing is guessed from it."""
    assert entry(CourseAbout("T", fields=(("Minutes", told),)), "T", USUAL).minutes == minutes


def test_an_entry() -> None:
    """Fields are found under the names that a company says, whatever their case."""
    about = CourseAbout(
        SPANS, "<p>All of it</p>", ((1, "Safety"), (4, SPANS)), None, (("dauer", "30"), ("level", "Hard"))
    )
    made = entry(about, "Fire safety", CourseFields("Dauer", "level", "goals"))
    assert (made.title, made.description) == (texts(SPANS), {"und": "All of it"})
    assert (made.category_ids, made.category_names) == ((1, 4), ({"und": "Safety"}, texts(SPANS)))
    assert (made.minutes, made.difficulty, made.objectives) == (30, {"und": "Hard"}, {})
    assert entry(None, "Fire", USUAL).title == {"und": "Fire"}


@pytest.mark.parametrize(
    ("wished", "told"),
    [("zh-TW", "安全"), ("zh_tw", "安全"), ("zh-HK", "安全"), ("fr-CA", "Sécurité"), ("de", "Safety")],
)
def test_a_language_is_the_same_however_it_is_written(wished: str, told: str) -> None:
    """A mapping names languages as Moodle's packs, and browsers as HTML does."""
    assert choose({"en": "Safety", "zh_tw": "安全", "fr": "Sécurité"}, [wished]) == told
