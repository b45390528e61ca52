"""Moodle's errors become the domain's tree, once and completely."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.moodle.errors import ERRORS, AskedToWait, error_of, is_reading, translate
from connector.domain.errors import (
    AccessRefused,
    AlreadyThere,
    AnswerLost,
    BatchRefused,
    ConnectorError,
    Missing,
    ProtocolError,
    SetAside,
    SettingsError,
    Unavailable,
)

READ = "core_user_get_users"
WRITE = "core_user_create_users"
RECORDINGS = Path(__file__).parents[2] / "contract" / "recordings"


def recorded_refusals() -> list[tuple[str, str]]:
    """Every (function, errorcode) and (function, warningcode) in the recordings, those of nested calls too."""
    found: set[tuple[str, str]] = set()

    def collect(function: str, value: Any) -> None:
        if isinstance(value, list):
            for inner in value:
                collect(function, inner)
        if isinstance(value, dict):
            found.update((function, str(value[key])) for key in ("errorcode", "warningcode") if key in value)
            for inner in value.values():
                collect(function, inner)
        if isinstance(value, str) and value.startswith("{"):
            collect(function, json.loads(value))

    for path in sorted(RECORDINGS.glob("*.json")):
        for row in json.loads(path.read_text("utf-8")):
            collect(row["function"], row["response"])
    return sorted(pair for pair in found if not pair[1].isdigit())


def refusal(function: str, status: int, body: str = "<html>", **headers: str) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        translate(function, status, headers, body.encode())
    return caught.value


@pytest.mark.parametrize(("function", "code"), recorded_refusals())
def test_every_recorded_code_has_its_class(function: str, code: str) -> None:
    """No code that a real Moodle was recorded to answer falls through to "nobody foresaw"."""
    error = error_of(function, code)
    assert code in ERRORS or "<" in code
    assert not isinstance(error, ProtocolError) or code == "codingerror"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalidtoken", AccessRefused),
        ("accessexception", AccessRefused),
        ("requireloginerror", AccessRefused),
        ("sitemaintenance", Unavailable),
        ("ex_unabletolock", Unavailable),
        ("upgraderunning", Unavailable),
        ("dbconnectionfailed", Unavailable),
        ("invalidparameter", BatchRefused),
        ("wsusercannotassign", BatchRefused),
        ("<div>Passwords must have …</div>", BatchRefused),
        ("dmlwriteexception", AlreadyThere),
        ("shortnametaken", AlreadyThere),
        ("invaliduser", Missing),
        ("invalidrecordunknown", Missing),
        ("codingerror", ProtocolError),
        ("neverheardof", ProtocolError),
    ],
)
def test_class_of_a_code(code: str, kind: type[ConnectorError]) -> None:
    """The type says what to do next."""
    assert type(error_of(WRITE, code)) is kind


def test_the_code_stays_with_what_is_set_aside() -> None:
    """Reports and journals show Moodle's own code; a password policy's HTML is replaced by a word."""
    error = error_of(WRITE, "<div>Passwords must have at least 1 digit(s).</div>")
    assert isinstance(error, SetAside)
    assert error.code == "passwordpolicy"


def test_an_unknown_person_in_a_role_assignment_is_one_bad_row() -> None:
    """A coding error there is a row to isolate, not the end of the run; elsewhere it is one."""
    assert isinstance(error_of("core_role_assign_roles", "codingerror"), BatchRefused)
    assert isinstance(error_of(READ, "codingerror"), ProtocolError)


def test_an_unknown_function_is_a_matter_of_access() -> None:
    """Where Moodle names its table of functions the code for a missing record does not hide what is missing."""
    error = error_of("local_x_get_y", "invalidrecord", "Can't find data record in database table external_functions.")
    assert isinstance(error, AccessRefused)


def test_messages_tell_nothing_personal() -> None:
    """Moodle's own sentence is looked at, never quoted: it can hold names and addresses."""
    body = {"exception": "x", "errorcode": "invalidparameter", "message": "Username already exists: jane@corp.test"}
    error = refusal(WRITE, 200, json.dumps(body))
    assert "jane" not in str(error)
    assert WRITE in str(error)
    assert "invalidparameter" in str(error)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_broken_server_may_have_written(status: int) -> None:
    """A page instead of an answer: a write may have happened, a read is simply made again."""
    assert isinstance(refusal(WRITE, status), AnswerLost)
    assert isinstance(refusal(READ, status), Unavailable)


@pytest.mark.parametrize("function", [READ, WRITE])
def test_maintenance_did_nothing(function: str) -> None:
    """503 and maintenance pages: it surely did not happen; Retry-After is kept."""
    error = refusal(function, 503, **{"retry-after": "7"})
    assert isinstance(error, AskedToWait)
    assert error.seconds == 7
    assert isinstance(refusal(function, 429), Unavailable)
    assert isinstance(refusal(function, 200, "<html>The site is in maintenance mode"), Unavailable)


def test_a_page_that_is_no_moodle() -> None:
    """HTML with status 200: a wrong address for a read; for a write nobody knows what happened."""
    assert isinstance(refusal(READ, 200), ProtocolError)
    assert isinstance(refusal(WRITE, 200), AnswerLost)


def test_a_truncated_answer_to_a_write_is_lost() -> None:
    """JSON that was cut off is no answer."""
    assert isinstance(refusal(WRITE, 200, '[{"id": 5, "usern'), AnswerLost)


def test_statuses_that_say_what_to_set() -> None:
    """Redirects and wrong addresses end the run with what to set; 403 and 401 with what to allow."""
    error = refusal(READ, 301, location="https://new.example/webservice/rest/server.php?a=1")
    assert isinstance(error, SettingsError)
    assert "https://new.example: set that url" in str(error)
    assert isinstance(refusal(READ, 404), SettingsError)
    assert isinstance(refusal(READ, 403), AccessRefused)
    assert isinstance(refusal(WRITE, 413), BatchRefused)


def test_null_is_an_answer() -> None:
    """Functions without a result answer null."""
    assert translate(WRITE, 200, {}, b"null") is None


def test_reading_is_told_by_name() -> None:
    """What is not known to read counts as writing, so that it is never repeated blindly."""
    assert is_reading("core_enrol_get_enrolled_users")
    assert is_reading("core_reportbuilder_retrieve_report")
    assert not is_reading("core_user_create_users")
    assert not is_reading("enrol_manual_enrol_users")
    assert not is_reading("local_connector_frobnicate")
