"""Signing in to the console: one answer to every mistake, each code once, and sessions that end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from adapters.moodle.twin import ServedTwin
from adapters.secrets.passwords import Argon2Passwords
from adapters.secrets.seal import FernetSeal
from connector.domain.errors import SettingsError, StorageError
from connector.domain.sign_in import Role
from connector.sign_in.setting_up import SetUpProblem
from connector.sign_in.signing_in import SigningIn
from tests.console import PASSWORD, SECRET, Browserless, Owner, Served
from tests.support import House

pytestmark = pytest.mark.parametrize("twin", ["4.5"], indirect=True)


def trail(house: House) -> list[tuple[str, str, str]]:
    """(who, what, about whom), the oldest first."""
    return [(one.actor, one.action, one.subject) for one in reversed(house.connector.audit_trail.newest())]


def is_in(client: Browserless) -> bool:
    return client.get("/account").status_code == 200


# ---------------------------------------------------------------- signing in
def test_name_password_and_code_open_a_session(hr: Owner, client: Browserless, house: House) -> None:
    """The name in any form; the session is in the audit trail."""
    assert not is_in(client)
    hr.name = "  ＡDA "
    answer = client.sign_in(hr, path="/holds?class=suspend")
    assert (answer.status_code, answer.headers["location"]) == (303, "/holds?class=suspend")
    assert is_in(client)
    assert trail(house)[-1] == ("ada", "signed_in", "ada")


@pytest.mark.parametrize("wrong", ["name", "password", "code", "no code", "disabled", "not set up", "after reset"])
def test_every_mistake_has_the_same_answer(
    served: Served, hr: Owner, client: Browserless, house: House, wrong: str
) -> None:
    """Nobody learns from it whether there is such an account, or what was right."""
    connector = house.connector
    connector.setting_up.add("new", "New", Role.HR, "", "UTC", "tester")
    name = {"name": "nobody", "not set up": "new"}.get(wrong, "ada")
    if wrong == "disabled":
        connector.setting_up.disable("ada", "tester")
    if wrong == "after reset":
        connector.setting_up.reset("ada", "tester")
    code = {"code": "000000", "no code": ""}.get(wrong) or ("x" if wrong == "no code" else hr.next_code())
    fields = {"name": name, "password": "wrong" if wrong == "password" else PASSWORD, "code": code}
    answer = client.send_form("/sign-in", "/sign-in", **fields)
    with served.client() as other:
        usual = other.send_form("/sign-in", "/sign-in", name=name, password="?", code="?")
    assert (answer.status_code, usual.status_code) == (401, 401)
    assert without_tokens(answer.text) == without_tokens(usual.text)
    assert not is_in(client)


def without_tokens(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "form_token" not in line)


def test_a_code_counts_once(served: Served, hr: Owner) -> None:
    """However many try it at once, and for no sign-in after that."""
    code = hr.next_code()

    def attempt(_: int) -> int:
        with served.client() as client:
            return client.sign_in(hr, code=code).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [303, 401, 401, 401]
    assert attempt(0) == 401


def test_an_older_code_is_no_good_after_a_newer_one(served: Served, hr: Owner) -> None:
    """Though the clock would still allow it."""
    older = hr.next_code()
    with served.client() as one, served.client() as other:
        assert one.sign_in(hr).status_code == 303
        assert other.sign_in(hr, code=older).status_code == 401


def test_a_recovery_code_counts_once(served: Served, hr: Owner, house: House) -> None:
    """In any writing; the others stay good; its use is in the audit trail."""
    first, second = hr.recovery[:2]
    codes = (first.lower().replace("-", " "), first, second)
    for code, status in zip(codes, (303, 401, 303), strict=True):
        with served.client() as client:
            assert client.sign_in(hr, code=code).status_code == status
    assert trail(house).count(("ada", "recovery_code_used", "ada")) == 2


# ---------------------------------------------------------------- guessing
@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_after_five_failures_a_name_is_locked(served: Served, hr: Owner, house: House, name: str) -> None:
    """Whether or not there is such an account: the sixth try is not counted, and a minute later all is well."""
    signing_in = house.connector.signing_in
    for _ in range(5):
        assert signing_in.sign_in(name, "wrong wrong wrong", "000000") is None
    assert signing_in.sign_in("ada", PASSWORD, hr.code()) is None if name == "ada" else True
    failures = house.sql("SELECT failures FROM connector.console_try")
    assert failures == [{"failures": 5}]
    house.clock.forward(minutes=1)
    assert signing_in.sign_in("ada", PASSWORD, hr.next_code()) is not None
    assert house.sql("SELECT failures FROM connector.console_try") == ([] if name == "ada" else failures)


def test_many_guesses_at_once_are_counted_one_by_one(hr: Owner, house: House) -> None:
    """Only five of them are looked at."""
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: house.connector.signing_in.sign_in("ada", f"guess {n}", "000000"), range(12)))
    assert house.sql("SELECT failures FROM connector.console_try") == [{"failures": 5}]


class Counting(Argon2Passwords):
    """Counts how often a password is worked on."""

    def __init__(self) -> None:
        super().__init__()
        self.worked: list[bool] = []

    def matches(self, password_hash: str | None, password: str) -> bool:
        self.worked.append(super().matches(password_hash, password))
        return self.worked[-1]


def test_the_work_is_the_same_for_a_name_that_no_account_has(hr: Owner, house: House) -> None:
    """One hash each, with the same parameters: the time tells nothing."""
    counting = Counting()
    signing_in: SigningIn = replace(house.connector.signing_in, passwords=counting)
    for name in ("ada", "nobody"):
        assert signing_in.sign_in(name, "wrong wrong wrong", "000000") is None
    assert counting.worked == [False, False]
    known = house.connector.console_accounts.credentials("ada")
    assert known is not None
    assert not counting.is_outdated(known.password_hash)
    assert counting._nobodys.split("$")[:4] == known.password_hash.split("$")[:4]


def test_sixty_tries_a_minute_from_one_address(served: Served, hr: Owner, client: Browserless) -> None:
    """The next is refused before anything is looked at."""
    statuses = [client.send_form("/set-up", "/set-up", invitation="x").status_code for _ in range(61)]
    assert statuses == [401] * 60 + [429]
    assert client.sign_in(hr).status_code == 429


# ---------------------------------------------------------------- sessions
def test_a_session_ends_when_it_is_idle(hr: Owner, client: Browserless, house: House) -> None:
    """Half an hour after its last use; what pages ask by themselves is no use."""
    client.sign_in(hr)
    for _ in range(3):
        house.clock.forward(minutes=29)
        assert is_in(client)
    house.clock.forward(minutes=20)
    assert client.get("/holds/x/standing").status_code == 404, "signed in, and there is no such plan"
    house.clock.forward(minutes=11)
    asks = {"HX-Request": "true", "Referer": f"{client.base_url}/holds/x?class=suspend"}
    assert client.get("/holds/x/standing", headers=asks).headers["hx-redirect"] == "/sign-in?next=%2Fholds%2Fx"
    assert client.get("/holds/x/standing").headers["location"].startswith("/sign-in")
    assert house.sql("SELECT FROM connector.console_session") == []


def test_a_session_ends_after_twelve_hours(hr: Owner, client: Browserless, house: House) -> None:
    """Whatever is done meanwhile."""
    client.sign_in(hr)
    for _ in range(28):
        house.clock.forward(minutes=25)
        assert is_in(client)
    house.clock.forward(minutes=20)
    assert not is_in(client)


def test_signing_in_makes_a_new_token_and_signing_out_ends_it(
    served: Served, hr: Owner, client: Browserless, house: House
) -> None:
    """A token that was planted before is worth nothing, nor is one that was kept from before."""
    client.get("/sign-in")
    planted = client.cookies["console"]
    client.sign_in(hr)
    token = client.cookies["console"]
    assert token != planted
    kept = house.sql("SELECT encode(digest, 'hex') AS digest FROM connector.console_session")
    assert len(kept) == 1
    assert token not in str(kept), "the database knows only its digest"
    assert client.send_form("/sign-out", "/account").headers["location"] == "/sign-in"
    for value in (planted, token):
        with served.client() as other:
            other.cookies.set("console", value)
            assert not is_in(other)
    assert trail(house)[-1] == ("ada", "signed_out", "ada")


@pytest.mark.parametrize("order", ["reset", "disable"])
def test_an_administrators_word_ends_every_session(hr: Owner, client: Browserless, house: House, order: str) -> None:
    """At once."""
    client.sign_in(hr)
    assert is_in(client)
    getattr(house.connector.setting_up, order)("ada", "root")
    assert not is_in(client)
    assert trail(house)[-1] == ("root", f"account_{'reset' if order == 'reset' else 'disabled'}", "ada")


# ---------------------------------------------------------------- setting up
def test_a_set_up_code_is_good_once_and_for_a_day(served: Served, house: House) -> None:
    """And a new one ends the one before."""
    setting_up = house.connector.setting_up
    old = setting_up.add("bob", "Bob", Role.MANAGER, "", "UTC", "tester")
    new = setting_up.reset("bob", "tester")
    assert setting_up.begin(old) is None
    assert setting_up.begin(new) is not None
    house.clock.forward(hours=24)
    assert setting_up.begin(new) is None
    assert setting_up.finish(new, PASSWORD, "000000") == {SetUpProblem.INVITATION}
    owner = served.account("carol", Role.MANAGER)
    assert house.sql("SELECT setup_digest FROM connector.console_account WHERE name = 'carol'") == [
        {"setup_digest": None}
    ]
    assert house.connector.signing_in.sign_in("carol", PASSWORD, owner.next_code())


def test_an_account_is_refused_with_a_reason(served: Served, hr: Owner, house: House) -> None:
    """A name that is taken or empty, a zone or language that is none."""
    add = house.connector.setting_up.add
    for name, language, zone, reason in [
        ("ADA", "", "UTC", "account of this name"),
        (" ", "", "UTC", "1 to 100"),
        ("bob", "de", "UTC", "--language"),
        ("bob", "", "Mars/Base", "--timezone"),
        ("bob", "", "../etc/passwd", "--timezone"),
    ]:
        with pytest.raises(SettingsError, match=reason):
            add(name, "", Role.HR, language, zone, "tester")
    assert [one.name for one in house.connector.console_accounts.all()] == ["ada"]


def test_nothing_that_opens_is_kept_in_the_clear(served: Served, hr: Owner, house: House) -> None:
    """Password and codes as hashes, the secret sealed; a secret that was changed still opens what is old."""
    [row] = house.sql("SELECT password_hash, totp FROM connector.console_account WHERE name = 'ada'")
    assert row["password_hash"].startswith("$argon2id$")
    everything = str(house.sql("SELECT * FROM connector.console_account, connector.console_recovery_code"))
    assert [one for one in (PASSWORD, hr.totp.secret, *hr.recovery) if one in everything] == []
    other = "another secret that is long enough, too"
    assert FernetSeal([other, SECRET]).open(row["totp"]) == hr.totp.secret
    with pytest.raises(SettingsError, match=r"console\.secret") as caught:
        FernetSeal([other]).open(row["totp"])
    assert other not in str(caught.value)


# ---------------------------------------------------------------- the audit trail
@pytest.mark.parametrize(
    "order", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"]
)
def test_the_audit_trail_only_grows(served: Served, hr: Owner, house: House, order: str) -> None:
    """The database itself refuses to alter or delete an entry."""
    before = trail(house)
    assert before[0] == ("tester", "account_added", "ada")
    with pytest.raises(StorageError) as caught:
        house.sql(order.format("connector.audit_trail"))
    assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege)
    assert trail(house) == before


def test_what_was_typed_as_a_name_is_not_recorded(hr: Owner, house: House) -> None:
    """It could be a password."""
    house.connector.signing_in.sign_in(PASSWORD, "", "")
    house.connector.signing_in.sign_in("ada", "", "")
    assert trail(house)[-2:] == [("?", "sign_in_failed", ""), ("ada", "sign_in_failed", "")]


def test_without_a_secret_there_is_no_console(tmp_path: Path, database_url: str, twin: ServedTwin) -> None:
    """The sentence names the setting."""
    from connector.settings.parts import ConsoleSettings

    house = House(tmp_path, database_url, twin)
    house.settings = house.settings.model_copy(update={"console": ConsoleSettings(url="https://c.example.com")})
    house.reopen()
    with pytest.raises(SettingsError, match="CONNECTOR_CONSOLE__SECRET"):
        _ = house.connector.signing_in
    house.close()
