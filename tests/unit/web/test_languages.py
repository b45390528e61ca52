"""Every text of the console is there in every language, with the same placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from connector.domain.certificates import CertificateState
from connector.domain.plan import Action, GuardClass
from connector.domain.review import Stage
from connector.domain.sign_in import LANGUAGES, PasswordProblem, Role
from connector.sign_in.setting_up import SetUpProblem
from connector.web import words
from connector.web.languages import COLONS, OWN_NAMES, Speech, load_languages, preferred

WEB = Path(str(files("connector.web")))
TRANSLATED = [tag for tag in LANGUAGES if tag != "en"]
Id = str | tuple[str, ...]


def texts() -> set[Id]:
    """Every text in the templates, and every one that the code marks."""
    found = extract_from_dir(
        str(WEB),
        [("**.py", "python"), ("templates/**.html", "jinja2.ext.babel_extract")],
        keywords={"message": None, "t": None, "tn": (1, 2)},
    )
    return {one if isinstance(one, str) else tuple(one) for _, _, one, _, _ in found}


def catalogue(tag: str) -> Catalog:
    with (WEB / "catalogues" / f"{tag}.po").open("rb") as file:
        return read_po(file, locale=tag.replace("-", "_"), abort_invalid=True)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def in_forms(value: Iterable[str] | str) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_catalogue_has_exactly_the_texts_of_the_pages(tag: str) -> None:
    """None is missing, and none is left over from a page that is gone."""
    assert {one.id if isinstance(one.id, str) else tuple(one.id) for one in catalogue(tag) if one.id} == texts()


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_text(tag: str) -> None:
    """In each of its forms, and none of them is empty or in doubt."""
    found = catalogue(tag)
    for one in found:
        if not one.id:
            continue
        forms = in_forms(one.string)
        assert all(forms), one.id
        assert not one.fuzzy or one.id == "", one.id
        assert one.id is None or len(forms) == (found.num_plurals if one.pluralizable else 1), one.id
        assert {frozenset(placeholders(form)) for form in forms} == {frozenset(placeholders(in_forms(one.id)[-1]))}


@pytest.mark.parametrize("tag", TRANSLATED)
def test_translations_are_in_their_language(tag: str) -> None:
    """Chinese in Chinese letters, and hardly anything the same as in English."""
    pairs = [(in_forms(one.id)[-1], in_forms(one.string)[-1]) for one in catalogue(tag) if one.id]
    same = [text for text, said in pairs if text == said]
    assert len(same) <= 9, same
    if tag == "zh-TW":
        assert [said for _, said in pairs if not re.search(r"[\u4e00-\u9fff]", said)] == []
    if tag == "fr":
        assert [said for _, said in pairs if re.search(r"'| [?:;!]", said)] == [], "as a printer sets French"


def test_every_word_of_the_plan_has_a_name() -> None:
    """Each class, action, stage, role and problem can be shown."""
    assert set(words.CLASSES) == set(words.CONSEQUENCES) == set(GuardClass)
    assert (set(words.ACTIONS), set(words.STAGES), set(words.ROLES)) == (set(Action), set(Stage), set(Role))
    assert set(words.CERTIFICATES) == set(CertificateState)
    assert set(words.SET_UP_PROBLEMS) == {*PasswordProblem, SetUpProblem.CODE}
    assert set(OWN_NAMES) == set(COLONS) == set(LANGUAGES) == set(load_languages())


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("zh-Hant-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("fr;q=0.5, vi", "vi"),
        ("de-CH, fr;q=0.1", "fr"),
        ("en;q=0, fr;q=0.2", "fr"),
        ("de", "en"),
        ("", "en"),
        (";;;q=x,,*", "en"),
        ("fr;q=nonsense", "en"),
        ("x" * 10_000, "en"),
    ],
)
def test_the_browser_is_asked_for_its_language(accepted: str, tag: str) -> None:
    """The best that we have; nonsense is no reason to fail."""
    assert preferred(accepted) == tag


def test_numbers_and_times_are_written_as_the_language_does() -> None:
    """In the person's own zone, named by its distance from Greenwich."""
    at = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
    said = {
        tag: (Speech(one, ZoneInfo("Asia/Taipei")).moment(at), Speech(one, ZoneInfo("UTC")).number(12345))
        for tag, one in load_languages().items()
    }
    assert {tag: number for tag, (_, number) in said.items()} == {
        "en": "12,345", "zh-TW": "12,345", "fr": "12\u202f345", "vi": "12.345"
    }  # fmt: skip
    assert "22" in said["fr"][0], "it is the next day in Taipei"
    assert all("+08:00" in moment for moment, _ in said.values())
    assert {tag: Speech(one, ZoneInfo("UTC")).percent(0.0749) for tag, one in load_languages().items()} == {
        "en": "7.5%", "zh-TW": "7.5%", "fr": "7,5\u00a0%", "vi": "7,5%"
    }  # fmt: skip
    assert Speech(load_languages()["fr"], ZoneInfo("UTC")).percent(0.754) == "75\u00a0%"
    [french] = [one for tag, one in load_languages().items() if tag == "fr"]
    assert Speech(french, ZoneInfo("UTC")).tn("{count} change", "{count} changes", 0) == "0 changement"


def test_a_result_never_looks_like_more_than_it_is() -> None:
    """Nor does what is right look like something else."""
    languages = load_languages()
    assert Speech(languages["en"], ZoneInfo("UTC")).result(79.996) == "79.9%"
    assert Speech(languages["fr"], ZoneInfo("UTC")).result(80) == "80\u00a0%"
    assert Speech(languages["en"], ZoneInfo("UTC")).exact(0.0004) == "0.0004"
    assert Speech(languages["vi"], ZoneInfo("UTC")).exact(1234.5) == "1.234,5"
