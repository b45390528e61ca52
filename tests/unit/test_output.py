"""How commands speak: one JSON document, plain lines without a terminal, failures in one sentence."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path

import pytest
from rich.console import Console

from connector.cli import output
from connector.cli.failures import Failure, failure_of, tell
from connector.domain.errors import ConnectorError, FeedRefused, HoldClass, SettingsError, Unavailable
from connector.reports.names import full_name


class Colour(Enum):
    RED = "red"


@dataclass
class Thing:
    name: str
    day: date


def test_json_is_one_document_with_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Days, moments, sets, paths, enums and data are written as scripts expect them; other scripts stay readable."""
    output.as_json(
        {
            "thing": Thing("王小明", date(2026, 1, 31)),
            "at": datetime(2026, 1, 31, 12, tzinfo=UTC),
            "set": {"b", "a"},
            "path": Path("a/b"),
            "enum": Colour.RED,
        }
    )
    said = capsys.readouterr().out
    assert "王小明" in said
    assert json.loads(said) == {
        "thing": {"name": "王小明", "day": "2026-01-31"},
        "at": "2026-01-31T12:00:00+00:00",
        "set": ["a", "b"],
        "path": "a/b",
        "enum": "red",
    }


def test_what_json_cannot_say_is_a_mistake_of_ours() -> None:
    """It is not turned into some text or other."""
    with pytest.raises(TypeError):
        output.as_json(object())


def test_texts_of_others_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing in a feed is taken for colours, links or pictures."""
    output.say("[red]Ada[/red] :key: [link=x]")
    output.table("[b]", ("[i]",), [("[bold]Bo[/bold] :smile:",)])
    said = capsys.readouterr().out
    assert "[red]Ada[/red] :key: [link=x]" in said
    assert "[bold]Bo[/bold] :smile:" in said


def test_without_a_terminal_nothing_is_folded_and_nothing_moves(capsys: pytest.CaptureFixture[str]) -> None:
    """A long line stays one line, and progress is one line at the end, on standard error."""
    output.say("word " * 100)
    with output.progress("Reading", 5) as advance:
        advance(2)
        advance(3)
    with output.step("Planning") as part:
        part("accounts")
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert said.err == "Reading: 5 of 5\nPlanning: accounts\n"


def test_on_a_terminal_progress_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """It moves, on standard error, and is gone at the end."""
    screen = io.StringIO()
    monkeypatch.setattr(output, "err", Console(file=screen, force_terminal=True, width=100, stderr=True))
    with output.progress("Reading", 5) as advance:
        advance(5)
    with output.step("Planning") as part:
        part("accounts")
    assert "\x1b[" in screen.getvalue()
    assert "Reading" in screen.getvalue()


def test_numbers_stand_to_the_right_and_words_to_the_left(capsys: pytest.CaptureFixture[str]) -> None:
    """Thousands are set apart; nothing is empty, truth is yes or no."""
    output.table("T", ("name", "number", "yes"), [("a", 5, True), ("b", 12345, None)])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[2:] == ["a          5  yes", "b     12,345"]


def test_differences_name_only_what_changes() -> None:
    """Before and after, field by field; custom fields beside the others."""
    said = output.differences(
        {"city": "Old", "lang": "en", "profile": {"grade": "3"}},
        {"city": "New", "lang": "en", "profile": {"grade": ""}},
    )
    assert said == "city: Old → New; profile.grade: 3 → –"


def test_an_entry_stays_in_its_column(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal what does not fit goes on below the text, not below the label; elsewhere it is one line."""
    text = "one two three four five six [seven]"
    output.entry("✓ moodle  ", text)
    assert capsys.readouterr().out == f"✓ moodle  {text}\n"
    screen = io.StringIO()
    monkeypatch.setattr(output, "out", Console(file=screen, force_terminal=True, width=30, no_color=True))
    output.entry("✓ moodle  ", text)
    lines = [line.rstrip() for line in screen.getvalue().splitlines()]
    assert lines == ["✓ moodle  one two three four", "          five six [seven]"]


def test_names_are_written_as_their_language_writes_them() -> None:
    """The family first and no space where the script has none."""
    assert full_name("小明", "王") == "王小明"
    assert full_name("Hoa", "Nguyễn Thị") == "Nguyễn Thị Hoa"
    assert full_name("Geneviève", "Nguyễn") == "Geneviève Nguyễn"
    assert full_name("Gabriel", "García Márquez") == "Gabriel García Márquez"
    assert full_name("Ada", "Okafor") == "Ada Okafor"
    assert full_name("", "Prince") == "Prince"


# ---------------------------------------------------------------- failures
@pytest.mark.parametrize(
    ("error", "status"), [(FeedRefused("x"), 1), (SettingsError("x"), 2), (HoldClass("x"), 3), (Unavailable("x"), 1)]
)
def test_an_error_of_the_tree_has_its_own_status_and_sentence(error: ConnectorError, status: int) -> None:
    """The tree at the top of connector.domain.errors says which."""
    assert failure_of(error) == Failure(type(error).__name__, "x", status)


def test_of_several_errors_at_once_a_stop_is_told() -> None:
    """It says most about what to do."""
    group = ExceptionGroup(
        "tasks", [ValueError("secret"), Unavailable("later"), ExceptionGroup("", [FeedRefused("no")])]
    )
    assert failure_of(group) == Failure("FeedRefused", "no", 1)


def test_a_foreign_error_is_told_by_its_type_alone() -> None:
    """Its text can hold a name, an address or a secret."""
    failure = failure_of(ValueError("Wang Xiaoming"))
    assert (failure.type, failure.exit_status) == ("ValueError", 1)
    assert "Xiaoming" not in failure.message
    assert "CONNECTOR_DEBUG=1" in failure.message


def test_what_the_system_says_is_told_with_the_file() -> None:
    """A full disk is nobody's secret."""
    failure = failure_of(OSError(28, "No space left on device", "/data/x"))
    assert failure.message.startswith("The system says: No space left on device (/data/x).")


def test_a_failure_is_a_sentence_for_people_and_a_document_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output holds the document alone, or nothing."""
    failure = Failure("FeedRefused", "people.csv: [no]", 1)
    assert tell(failure, json=False) == 1
    plain = capsys.readouterr()
    assert (plain.out, plain.err) == ("", "people.csv: [no]\n")
    tell(failure, json=True)
    assert json.loads(capsys.readouterr().out) == {
        "error": {"type": "FeedRefused", "message": "people.csv: [no]", "exit_status": 1}
    }
