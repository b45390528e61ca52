"""Tokens of the API: made, shown once, used, expired, revoked; and that nobody else's is let in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr

from connector.bootstrap import Connector
from connector.cli import command
from connector.domain.errors import SettingsError
from connector.settings.parts import MoodleSettings
from connector.settings.whole import Settings
from tests.integration.facts import fill
from tests.scim import Clock

NOW = datetime.now(UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connector(database_url: str, clock: Clock) -> Iterator[Connector]:
    fill(database_url, NOW)
    moodle = MoodleSettings(url="https://moodle.example", token=SecretStr("x"))
    with Connector(Settings(database_url=SecretStr(database_url), moodle=moodle), clock=clock) as built:
        yield built


def test_a_token_is_good_until_it_expires_or_is_revoked(connector: Connector, clock: Clock) -> None:
    """It carries its scopes and unit, is noted when used, and ends at once; only its digest is kept."""
    access = connector.api_access
    token = access.create("intranet", ["people:read", "courses:read"], "North", 30, "ada")
    holder = access.holder_of(token)
    assert holder is not None
    assert (holder.name, holder.scopes, holder.unit) == ("intranet", ("courses:read", "people:read"), "North")
    [(kept, state)] = access.all()
    assert (kept.used_at, state) == (clock.now, "good")
    rows = connector.database.rows("api_token.all", site=connector.site)
    assert token not in str(rows)
    for other in ("", "x" * 201, token[:-1], token + "x", token.swapcase()):
        assert access.holder_of(other) is None
    access.revoke("intranet", "ada")
    assert access.holder_of(token) is None
    second = access.create("intranet", ["courses:read"], "", 30, "ada")
    clock.forward(days=31)
    assert access.holder_of(second) is None
    access.create("intranet", ["courses:read"], "", 30, "ada")
    assert [state for _, state in access.all()] == ["good", "revoked", "revoked"], "the name was free again"
    with psycopg.connect(connector.settings.database_url.get_secret_value()) as database:
        noted = database.execute(
            "SELECT action, actor, subject FROM connector.audit_trail ORDER BY entry_id"
        ).fetchall()
    assert noted == [(f"api_token_{what}", "ada", "intranet") for what in ("created", "revoked", "created", "created")]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "In tranet"}, "NAME: "),
        ({"scopes": ["courses:write"]}, "there is no 'courses:write'"),
        ({"scopes": []}, "say what the token may"),
        ({"unit": "Nowhere"}, "There is no unit 'Nowhere'"),
        ({"days": 0}, "--days"),
        ({"days": float("nan")}, "--days"),
        ({"name": "taken"}, "taken has a good token"),
    ],
)
def test_what_cannot_be(connector: Connector, values: dict[str, object], said: str) -> None:
    """Names, scopes, units and days that are none are told, and nothing is made."""
    connector.api_access.create("taken", ["courses:read"], "", 1, "ada")
    given = {"name": "new", "scopes": ["courses:read"], "unit": "", "days": 1, "by": "ada", **values}
    with pytest.raises(SettingsError, match=said):
        connector.api_access.create(**given)  # type: ignore[arg-type]
    assert len(connector.api_access.all()) == 1


def test_a_token_is_of_one_site(connector: Connector, database_url: str) -> None:
    """Several sites may share the connector's tables: the token of one opens no other."""
    token = connector.api_access.create("intranet", ["courses:read"], "", 1, "ada")
    with Connector(Settings(database_url=SecretStr(database_url), site="other"), clock=connector.clock) as other:
        assert other.api_access.holder_of(token) is None
        assert other.api_access.all() == []


def test_the_commands(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Made with scopes and unit, listed without the secret, revoked."""
    fill(database_url, NOW)
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", database_url)
    monkeypatch.setenv("CONNECTOR_MOODLE__URL", "https://moodle.example")
    words = ["api", "token", "create", "wall", "--scope", "analytics:read", "--by", "ada"]
    assert command(words) == 2, "of whom has to be said"
    capsys.readouterr()
    assert command([*words, "--unit", "North", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert command(["api", "token", "list", "--json"]) == 0
    listed = capsys.readouterr().out
    [one] = json.loads(listed)
    assert (one["name"], one["scopes"], one["unit"], one["state"]) == ("wall", ["analytics:read"], "North", "good")
    assert datetime.fromisoformat(one["expires_at"]) - datetime.fromisoformat(one["created_at"]) == timedelta(days=365)
    assert made["token"] not in listed
    assert command(["api", "token", "revoke", "wall", "--by", "ada"]) == 0
    assert command(["api", "token", "revoke", "wall", "--by", "ada"]) == 2
