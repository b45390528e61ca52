"""What bad input gets: one clear sentence, the right exit status, no change in Moodle, no loss in the database."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
import pytest

from connector.store.embedded import EmbeddedServer, create_database, drop_database
from tests.acceptance.house import GROWS, House, Untouched, people


# ---------------------------------------------------------------- the file
def test_a_file_that_is_not_there_is_named(settled: House) -> None:
    """A mistyped path is refused with its name and what to check."""
    with Untouched(settled):
        done = settled.run("plan", "nowhere.csv")
    assert done.status == 1
    assert "nowhere.csv: the file cannot be read (No such file or directory)" in done.err
    assert done.out == ""


def test_a_file_that_may_not_be_read_is_named(settled: House) -> None:
    """A folder in the place of a file stands for all that the system refuses to open, also where root runs this."""
    (settled.folder / "closed.csv").mkdir()
    with Untouched(settled):
        done = settled.call("sync", "closed.csv")
    assert done.status == 1
    assert "closed.csv: the file cannot be read" in done.err


def test_a_wrong_encoding_is_named_with_byte_and_line(settled: House) -> None:
    """Big5 where UTF-8 is declared: the first wrong byte, its line, and what to do."""
    file = settled.feed(people(first_name="小明", last_name="王"), encoding="big5")
    with Untouched(settled):
        done = settled.call("plan", file)
    assert done.status == 1
    assert "people.csv: byte 0x" in done.err
    assert "(line 6) is not utf-8. Declare the encoding" in done.err


def test_a_byte_order_mark_of_another_encoding_is_named(settled: House) -> None:
    """UTF-16 where UTF-8 is declared is told by its mark."""
    with Untouched(settled):
        done = settled.call("plan", settled.feed(encoding="utf-16"))
    assert done.status == 1
    assert "people.csv: utf-8 is declared but the file begins with the byte-order mark of utf-16" in done.err


def test_a_missing_column_is_named(settled: House) -> None:
    """The column that is missing, and those that are there; it is listed, told, and no word lets it pass."""
    rows = [{name: value for name, value in row.items() if name != "email"} for row in people()]
    with Untouched(settled):
        done = settled.call("sync", settled.feed(rows))
    assert done.status == 1
    assert (
        "people.csv: line 1: a needed column is missing: email. There are 9 columns, of which the mapping needs: emp"
        in done.err
    )
    [listed] = settled.call("hold", "list", "--json").json["feeds"]
    assert (listed["name"], listed["releasable"]) == ("people.csv", False)
    assert "never" in settled.call("hold", "list").plain
    done = settled.call("hold", "approve", listed["digest"][:12], "--by", "Ada")
    assert (done.status, "no word lets people.csv pass, it needs a better file" in done.plain) == (2, True)


@pytest.mark.parametrize("whole", [False, True])
def test_an_empty_feed_is_not_believed(settled: House, whole: bool) -> None:
    """Neither a header without rows nor a file without a byte means that everybody has left."""
    file = settled.feed([])
    if whole:
        file.write_bytes(b"")
    with Untouched(settled):
        done = settled.call("sync", file)
    assert done.status == 1
    assert "people.csv: " in done.err
    assert ("the file is empty" if whole else "refused, nothing was changed. The feed has no rows") in done.err


def test_a_tenth_of_the_usual_rows_is_held_until_released(settled: House) -> None:
    """A short feed is refused with both figures and the hash that releases it."""
    with Untouched(settled):
        done = settled.call("sync", settled.feed(people(1)))
    assert done.status == 1
    assert "people.csv: refused, nothing was changed. The feed has 1 rows, 8.333 % of the 12" in done.err
    assert "hold approve " in done.err


# ---------------------------------------------------------------- one row
ROWS = {
    "without a key": ({"employee_id": ""}, "line 6: key: column employee_id is empty"),
    "an invalid e-mail": ({"email": "person5.example.com"}, "line 6: email: column email is not a valid e-mail"),
    "a long name": ({"first_name": "x" * 300}, "line 6: firstname: column first_name is longer than 100 characters"),
    "markup": ({"last_name": "<script>x</script>"}, "line 6: lastname: column last_name has markup"),
    "no such day": ({"hire_date": "2023-02-30"}, "line 6: starts: column hire_date is not a date"),
    "a date in letters": ({"leave_date": "soon"}, "line 6: ends: column leave_date is not a date"),
    "an end before the start": ({"leave_date": "2020-01-01"}, "line 6: "),
    "an unknown status": ({"status": "perhaps"}, "line 6: active: "),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_bad_row_is_rejected_alone(settled: House, what: str) -> None:
    """Line, field and reason are shown, never the value; the person stays as before, and the others go on."""
    changes, sentence = ROWS[what]
    with Untouched(settled, may_grow=GROWS):
        done = settled.call("sync", settled.feed(people(**changes)))
    assert done.status == 0, done.all
    assert "people.csv: 12 rows, 1 rejected." in done.out
    assert sentence in done.out
    (value,) = changes.values()
    assert not value or value not in done.all
    with Untouched(settled, may_grow=GROWS):
        again = settled.call("sync", settled.folder / "people.csv", "--json").json
    assert again["feeds"][0]["totals"]["rejected"] == 1, "the same feed tells the same again"


def test_good_rows_beside_a_bad_one_are_carried_out(settled: House) -> None:
    """A bad person fails alone: the renamed colleague on the next line is renamed."""
    rows = people(email="nonsense")
    rows[5]["last_name"] = "Newname"
    done = settled.call("sync", settled.feed(rows))
    assert done.status == 0
    assert settled.account("E006")[0]["lastname"] == "Newname"
    assert settled.account("E005")[0]["email"] == "person5@example.com"


def test_a_row_with_a_field_too_many_is_rejected_alone(settled: House) -> None:
    """A delimiter that was not quoted is told by its line."""
    file = settled.feed()
    lines = file.read_text("utf-8").splitlines()
    lines[5] += ",more"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    with Untouched(settled, may_grow=GROWS):
        done = settled.call("sync", file)
    assert done.status == 0
    assert "line 6: the row has 11 fields and the header 10; quote the delimiter" in done.out


def test_two_rows_with_one_key_refuse_a_small_feed(settled: House) -> None:
    """Over half a percent of doubled keys: nobody can say which row is right, and both lines are named."""
    with Untouched(settled):
        done = settled.call("plan", settled.feed(people(employee_id="E007")))
    assert done.status == 1
    assert "1 of 12 rows (8.333 %) repeat a key that came before" in done.err
    assert "line 6: key: the key stands on more than one row" in done.err
    assert "line 8: key: the key stands on more than one row" in done.err


def test_two_rows_with_one_key_among_many_are_set_aside_alone(house: House) -> None:
    """In a large feed both rows are rejected and everybody else is planned."""
    rows = people(300)
    rows[4]["employee_id"] = "E007"
    with Untouched(house, may_grow=(*GROWS, "people")):
        done = house.call("plan", house.feed(rows), "--show", "0", "--json")
    assert done.status == 0
    totals = done.json["feed"]["totals"]
    assert (totals["rows"], totals["rejected"], totals["duplicate_keys"]) == (300, 2, 1)
    assert done.json["plan"]["counts"]["create_account"] == 298
    assert [bad["line"] for bad in done.json["feed"]["rejections"]] == [6, 8]


# ---------------------------------------------------------------- the mapping
def test_an_unknown_transform_is_named_by_file_and_line(settled: House) -> None:
    """With the field and a guess at what was meant; nothing is read."""
    settled.edit("mapping/mapping.yaml", "transforms: [lower]", "transforms: [lowr]")
    line = _line_of(settled.folder / "config/mapping/mapping.yaml", "lowr")
    with Untouched(settled):
        done = settled.run("sync", settled.feed())
    assert done.status == 2
    assert f"mapping.yaml:{line}: person.username.transforms[0]: unknown transform; did you mean lower?" in done.err


@pytest.mark.parametrize(
    ("scope", "sentence"), [("unit + 1", "scope: "), ("unit", "scope: "), ("untt == 'x'", "scope: ")]
)
def test_a_condition_of_the_wrong_type_is_named_by_file_and_line(settled: House, scope: str, sentence: str) -> None:
    """CEL is checked when it is loaded, not when the first person meets it."""
    settled.edit("mapping/mapping.yaml", 'scope: unit != "Contractors"', f"scope: {scope}")
    line = _line_of(settled.folder / "config/mapping/mapping.yaml", "scope:")
    with Untouched(settled):
        done = settled.call("mapping", "check")
        assert settled.call("plan", settled.feed()).status == 2
    assert done.status == 2
    assert f"mapping.yaml:{line}: {sentence}" in done.err


def _line_of(file: Path, text: str) -> int:
    return next(number for number, line in enumerate(file.read_text("utf-8").splitlines(), 1) if text in line)


# ---------------------------------------------------------------- Moodle
WORK = [("plan",), ("apply",), ("sync", "people.csv"), ("mirror",)]


@pytest.fixture
def waiting(settled: House) -> House:
    """A plan with a change in it waits to be applied."""
    assert settled.call("plan", settled.feed(people(last_name="Changed"))).status == 0
    return settled


def test_a_wrong_token_is_refused(waiting: House) -> None:
    """Moodle's own code and what to check, for every command that works with Moodle; the token is not shown."""
    waiting.set("CONNECTOR_MOODLE__TOKEN", "0123456789abcdef0123456789abcdef")
    for work in WORK:
        with Untouched(waiting):
            done = waiting.call(*work)
        assert done.status == 1
        assert "Moodle answers invalidtoken: check the token, its service" in done.err


def test_a_token_without_a_needed_function_is_refused_before_any_work(waiting: House) -> None:
    """Half of the work would be worse than none: the functions are named with the place where they are added."""
    waiting.twin.state.lacking |= {"core_user_update_users", "core_user_create_users"}
    for work in WORK:
        with Untouched(waiting):
            done = waiting.call(*work)
        assert done.status == 1
        assert "The token may not call core_user_create_users, core_user_update_users. Add them" in done.err
    doctor = waiting.run("doctor", "--json")
    assert doctor.status == 1
    assert [each["what"] for each in doctor.json if each["state"] == "bad"] == ["moodle"]


def test_a_moodle_that_is_down_is_named_by_its_address(waiting: House) -> None:
    """The call surely did not happen; the same command may be given again."""
    waiting.set("CONNECTOR_MOODLE__URL", f"http://127.0.0.1:{_closed_port()}")
    with Untouched(waiting):
        done = waiting.call("sync", "people.csv", "--json")
    assert done.status == 1
    assert done.json["error"]["type"] == "Unavailable"
    assert "Moodle cannot be reached at http://127.0.0.1:" in done.json["error"]["message"]


def test_what_was_read_while_moodle_was_down_is_planned_later(settled: House) -> None:
    """A file taken from the drop folder is in the database, so that nothing of it is lost."""
    drop = settled.drop(people(last_name="Later"))
    settled.set("CONNECTOR_MOODLE__URL", f"http://127.0.0.1:{_closed_port()}")
    assert settled.call("sync").status == 1
    assert drop.is_file() or (drop.parent / "done" / drop.name).is_file()
    settled.set("CONNECTOR_MOODLE__URL", settled.twin.url)
    assert settled.call("sync").status == 0
    assert settled.account("E005")[0]["lastname"] == "Later"


def test_a_redirecting_address_says_where_to(waiting: House) -> None:
    """A wrong setting, not a failure of Moodle: the sentence says which address to set."""
    with _answering(301, {"Location": "https://moodle.example.com/webservice/rest/server.php"}, b"") as url:
        waiting.set("CONNECTOR_MOODLE__URL", url)
        with Untouched(waiting):
            done = waiting.call("sync", "people.csv")
    assert done.status == 2
    assert "redirects to https://moodle.example.com: set that url" in done.err


def test_a_page_instead_of_json_is_no_moodle(waiting: House) -> None:
    """Some other web site answers with HTML."""
    with _answering(200, {"Content-Type": "text/html"}, b"<html><body>Welcome</body></html>") as url:
        waiting.set("CONNECTOR_MOODLE__URL", url)
        with Untouched(waiting):
            done = waiting.call("sync", "people.csv")
    assert done.status == 1
    assert "HTTP 200 without JSON: is the url that of a Moodle?" in done.err
    assert "<html>" not in done.all


def test_an_address_where_nothing_is_says_so(waiting: House) -> None:
    """HTTP 404: the address of Moodle is set wrongly."""
    with _answering(404, {"Content-Type": "text/html"}, b"not here") as url:
        waiting.set("CONNECTOR_MOODLE__URL", f"{url}/moodle")
        with Untouched(waiting):
            done = waiting.call("plan")
    assert done.status == 2
    assert "there is no Moodle at this url" in done.err


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[str]:
    """A web server that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# ---------------------------------------------------------------- settings and database
def test_an_unknown_setting_is_named_by_file_and_line(settled: House) -> None:
    """A key that is mistyped is not passed over."""
    settled.edit("connector.toml", "workers = 4", "wokers = 4")
    line = _line_of(settled.folder / "config/connector.toml", "wokers")
    with Untouched(settled):
        done = settled.run("plan")
    assert done.status == 2
    assert f"connector.toml:{line}: moodle.wokers: there is no such setting." in done.err


def test_a_settings_file_that_is_no_toml_is_named(settled: House) -> None:
    """With the line where reading ended."""
    settled.edit("connector.toml", "workers = 4", "workers = = 4")
    with Untouched(settled):
        done = settled.call("plan", "--json")
    assert done.status == 2
    assert done.json["error"]["type"] == "SettingsError"
    assert "connector.toml: not valid TOML: Invalid value (at line " in done.json["error"]["message"]


def test_a_settings_file_that_is_not_there_is_named(settled: House) -> None:
    """By --config before the command, after it, and by the variable."""
    with Untouched(settled):
        for arguments in (("--config", "no.toml", "plan"), ("plan", "--config", "no.toml")):
            done = settled.call(*arguments)
            assert (done.status, "no.toml: there is no such settings file" in done.err) == (2, True)
        settled.set("CONNECTOR_CONFIG", "no.toml")
        assert settled.call("plan").status == 2


def test_a_database_that_is_down_is_told_without_its_password(settled: House) -> None:
    """Moodle is not touched by a connector that cannot remember what it does."""
    good = os.environ["CONNECTOR_DATABASE_URL"]
    before = settled.moodle()
    settled.secrets.add("opensesame")
    settled.set("CONNECTOR_DATABASE_URL", f"postgresql://me:opensesame@127.0.0.1:{_closed_port()}/hr")
    for work in (("sync", settled.feed(people(last_name="New"))), ("apply",), ("report",), ("hold", "list")):
        done = settled.call(*work)
        assert done.status == 1
        assert "The database cannot be used" in done.err
        assert "Connection refused" in done.err
    assert settled.call("serve").status == 1
    assert settled.moodle() == before
    settled.set("CONNECTOR_DATABASE_URL", good)
    assert settled.call("plan").status == 0


def test_tables_of_another_revision_are_not_worked_with(house: House, postgres: EmbeddedServer) -> None:
    """A database of one's own is upgraded by its owner's word only; the sentence says how."""
    name = f"old_{os.getpid()}"
    create_database(postgres.url(), name)
    try:
        house.set("CONNECTOR_DATABASE_URL", postgres.url(name))
        before = house.moodle()
        for work in (("sync", house.feed()), ("report",), ("doctor",)):
            done = house.call(*work)
            assert done.status == 1
            assert "tables are at revision none, this version needs" in done.plain
            assert "moodle-connector db upgrade" in done.plain
        assert house.moodle() == before
        assert {line["current"] for line in house.call("db", "current", "--json").json.values()} == {None}
        upgraded = house.run("db", "upgrade", "--json")
        assert upgraded.status == 0
        assert all(line["current"] == line["newest"] for line in upgraded.json.values())
        assert house.call("sync", house.folder / "people.csv").status == 0
    finally:
        drop_database(postgres.url(), name)


def test_a_database_user_without_rights_is_told(house: House, postgres: EmbeddedServer) -> None:
    """Whoever may connect but not work gets a sentence, from upgrading and from working."""
    good = os.environ["CONNECTOR_DATABASE_URL"]
    with psycopg.connect(good, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS bystander")
        connection.execute("CREATE ROLE bystander")
        connection.execute("GRANT USAGE ON SCHEMA public TO bystander")
    before = house.moodle()
    try:
        house.set("CONNECTOR_DATABASE_URL", f"{good}&options=-c%20role%3Dbystander")
        for work in (("plan", house.feed()), ("db", "upgrade"), ("report",)):
            done = house.call(*work)
            assert done.status == 1, done.all
            assert "nobody foresaw" not in done.err
            assert "The database cannot be used" in done.err or "lacks a right" in done.err
    finally:
        with psycopg.connect(good, autocommit=True) as connection:
            connection.execute("REVOKE ALL ON SCHEMA public FROM bystander")
            connection.execute("DROP ROLE bystander")
    assert house.moodle() == before
