"""All that is held of a person is written out for the person, and nothing of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.cli import command
from connector.content.assessment import bodies
from connector.domain.allowances import Given
from connector.domain.cases import Case
from connector.domain.contents import ContentKind, Maker
from connector.domain.errors import SettingsError
from connector.domain.learning_events import Actor
from connector.domain.privacy import INVENTORY, Fate
from connector.privacy.exporting import PASSING, SECTIONS
from connector.settings.parts import PrivacySettings
from tests.integration.lti.made import assessment
from tests.integration.mirrored import Learning
from tests.support import House, row, rows

pytestmark = pytest.mark.anyio


def test_every_table_with_something_of_a_person_is_in_it() -> None:
    """A table that the inventory says holds something of a person has a section, or passes within a moment."""
    about = {held.table for held in INVENTORY if set(held.fates) != {Fate.NOBODY}}
    told = {table for section in SECTIONS for table in section.tables.split()}
    assert told | PASSING == about
    assert not told & PASSING


async def test_everything_of_one_and_nothing_of_others(house: House, learning: Learning) -> None:
    """HR's words of now and before, account, changes, decisions and facts; of others a manager's key alone."""
    boss, others = row("BOSS", last="Chefin"), rows(3, manager="BOSS", last="Kollegin")
    me = row("ME", manager="BOSS", unit="Field", email="me.first@example.test")
    await house.settled_in([boss, me, *others])
    learning.act("complete", "ME", "SAFE")
    learning.act("grade", "ME", "SAFE", 81)
    await house.sync([boss, {**me, "email": "me.second@example.test", "city": "Huế"}, *others])
    await house.mirror()
    house.connector.cases.ask(Case("another_key", "E0001 + ME", "whose is it?"), house.clock())
    document = house.connector.exporting.export("me")
    text = json.dumps(document, ensure_ascii=False)
    for mine in (
        "FirstME",
        "me.first@example.test",
        "me.second@example.test",
        "Huế",
        "SAFETY-14",
        "81",
        "another_key",
    ):
        assert mine in text, mine
    assert "BOSS" in text
    for theirs in ("Chefin", "Kollegin", "boss@", "E0001", "FirstBOSS", "@example.test".join(("e0001", ""))):
        assert theirs not in text, theirs
    assert {section["heading"] for section in document["sections"]} >= {
        "What HR last said", "What HR had said before", "Account in Moodle", "What was granted", "Changes",
        "In the reports: completions", "In the reports: grades", "In the reports: requirements",
    }  # fmt: skip
    assert all(section["what"] and section["why"] and section["rows"] for section in document["sections"])


async def test_more_time_is_told_before_the_first_launch(house: House) -> None:
    """Who was given more minutes beforehand is known by the account alone, as to whoever erases."""
    await house.settled_in([row("ME"), row("E2")])
    mine, other = house.sql(
        "SELECT account_id FROM connector.binding JOIN connector.person USING (person_id) ORDER BY key DESC"
    )
    [platform] = house.sql(
        "INSERT INTO connector.lti_platform (site, name, issuer, client_id, authorization_url, token_url, keys_url, "
        "deployments, created_at, created_by) VALUES (%s, '', %s, '', '', '', '', '{}', now(), '') "
        "RETURNING platform_id",
        house.connector.site, f"{house.twin.url}/",
    )  # fmt: skip
    connector, number = house.connector, platform["platform_id"]
    exam = connector.contents.make(
        ContentKind.ASSESSMENT, bodies.body(assessment()), Maker(number, "7", "t"), house.clock()
    ).content_id
    for account, minutes in ((mine, 17), (other, 23)):
        whose = Actor(number, "7", "1", str(account["account_id"]), None, str(exam))
        connector.allowances.give(exam, whose, Given(minutes=minutes), "t", house.clock())
    [told] = [one for one in connector.exporting.export("me")["sections"] if one["heading"].endswith(": allowed")]
    assert [one["more_minutes"] for one in told["rows"]] == [17]


async def test_the_command(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Into a file that only its owner may read and that is not written over; of somebody erased it says so."""
    await house.settled_in([row("CMD"), row("E1")])
    secret = "a secret of the tests that is long enough"
    for name, value in {
        "DATABASE_URL": house.settings.database_url.get_secret_value(), "MOODLE__URL": house.twin.url,
        "MAPPING": str(house.mapping), "PRIVACY__SECRET": secret,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"CONNECTOR_{name}", value)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "me.json"
    assert command(["person", "export", "CMD", "--output", str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text("utf-8"))["about"] == ["CMD"]
    assert command(["person", "export", "CMD", "--output", str(file)]) == 2
    assert command(["person", "export", "NOBODY"]) == 2
    capsys.readouterr()
    assert command(["person", "erase", "CMD", "--reason", "asked for", "--by", "dpo", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["counts"]["connector.person"] == 1
    asked = ["person", "erase", "CMD", "--reason", "asked for", "--by", "dpo", "--yes"]
    assert command([*asked, shown["hash"][:12]]) == 0
    assert "erased-" in capsys.readouterr().out
    assert command(["person", "erasures", "--output", str(tmp_path / "records.json")]) == 0
    assert "CMD" not in (tmp_path / "records.json").read_text("utf-8")
    assert command(["person", "erase", "--again", "--by", "dpo", "--records", str(tmp_path / "records.json")]) == 0
    capsys.readouterr()
    assert command(["person", "export", "CMD"]) == 2
    assert "was erased as erased-" in capsys.readouterr().err
    house.settings = house.settings.model_copy(update={"privacy": PrivacySettings(secret=SecretStr(secret))})
    house.reopen()
    with pytest.raises(SettingsError, match="was erased"):
        house.connector.exporting.export("CMD")
