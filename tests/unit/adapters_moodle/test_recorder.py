"""The recorder: placeholders, and recordings that give nothing away."""

from __future__ import annotations

from adapters.moodle.recorder import Conversation, recording, trim
from adapters.moodle.twin import serve_twin


def test_placeholders() -> None:
    """A value that is one placeholder keeps its type; within a text it becomes text."""
    talk = Conversation("http://moodle.example", "t", run="r1", bound={"ada": 7})
    params = {"id": "{ada}", "name": "x{run}", "arguments": '{"userid": {ada}}', "n": [1, True]}
    assert talk.fill(params) == {"id": 7, "name": "xr1", "arguments": '{"userid": 7}', "n": [1, True]}


def test_a_recording_gives_nothing_away() -> None:
    """Site address, run, private key and most of the list of functions are trimmed, in nested JSON too."""
    row = {"url": "http://m.test/x", "data": '{"u":"http:\\/\\/m.test\\/y"}', "userprivateaccesskey": "k", "n": "jr1"}
    trimmed = trim(row, "http://m.test", "r1")
    assert "m.test" not in str(trimmed)
    assert trimmed["userprivateaccesskey"] == ""
    assert trimmed["n"] == "j"


def test_it_cleans_up_after_itself() -> None:
    """People and cohorts that a conversation made are gone when it ends, also where it is given up half-way."""
    people = {
        "users": [{"username": "a{run}", "firstname": "A", "lastname": "B", "email": "a@b.test", "auth": "oauth2"}]
    }
    system = {"type": "system", "value": ""}
    cohorts = {"cohorts": [{"categorytype": system, "name": "C", "idnumber": "C{run}"}]}
    cases = [
        {"case": "one", "function": "core_user_create_users", "params": people, "bind": {"a": "0.id"}},
        {"case": "two", "function": "core_cohort_create_cohorts", "params": cohorts},
        {"case": "three", "function": "core_user_get_users_by_field", "params": {"field": "id", "values": ["{a}"]}},
    ]
    with serve_twin() as twin:
        talk = Conversation(twin.url, twin.token)
        kept = recording(list(talk.hold(cases)), twin.url, talk.run)
        assert kept[2]["response"][0]["username"] == "a"
        assert twin.state.cohorts == {}
        assert twin.state.users[talk.bound["a"]].deleted
