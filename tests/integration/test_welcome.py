"""Newcomers are welcomed by mail: once for each account, from their first day on, in their language."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import anyio
import pytest

from adapters.mail import MailServer
from adapters.mail.welcome import TEXTS
from connector.cli.service import jobs_of
from connector.domain.decide import temporary_identity
from connector.domain.errors import AnswerLost, SettingsError, Stopped, Unavailable
from connector.domain.notices import Language
from tests.mail import Post, parts, serving
from tests.support import House, Row, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
NOTHING = {"told": 0, "refused": 0, "later": 0, "over": 0}


def people(count: int, **more: str) -> list[Row]:
    """E1, E2 …; ``more`` is of the last one."""
    keys = [f"E{number}" for number in range(1, count + 1)]
    return [*map(row, keys[:-1]), row(keys[-1], **more)]


def wish(house: House, server: MailServer, **told: Any) -> None:
    """Newcomers are to be welcomed, by this server."""
    mail = house.settings.notices.mail.model_copy(
        update={"host": server.host, "port": server.port, "security": "none", "sender": "learning@example.test"}
    )
    notices = house.settings.notices.model_copy(update={"welcome": True, "mail": mail, **told})
    house.settings = house.settings.model_copy(update={"notices": notices})
    house.reopen()


async def tell(house: House) -> dict[str, object]:
    return dict(await house.connector.welcoming().tell())


def states(house: House) -> list[str]:
    return [one["state"] for one in house.sql("SELECT state FROM connector.welcome ORDER BY account_id")]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def server(post: Post) -> Iterator[MailServer]:
    with serving(post) as running:
        yield running


@pytest.fixture
async def settled(house: House, server: MailServer) -> House:
    """One person, and newcomers are to be welcomed from now on."""
    await house.settled_in(people(1))
    wish(house, server)
    return house


async def test_who_was_there_before_is_not_welcomed(house: House, server: MailServer, post: Post) -> None:
    """Neither by the first load nor by what came until it was wished; who comes then is, in Moodle's name."""
    await house.settled_in(people(1))
    await house.settled_in(people(2))
    wish(house, server)
    assert await tell(house) == NOTHING
    await house.settled_in(people(3))
    assert await tell(house) == {**NOTHING, "told": 1}
    [letter] = post.letters
    assert letter["To"] == "e3@example.test"
    assert letter["Subject"] == "Your account at Acme Training"
    lines = parts(letter)[0].splitlines()
    assert f"Address: {house.twin.url}" in lines
    assert "Username: e3" in lines


@pytest.mark.parametrize("too", [False, True])
async def test_a_first_load_is_welcomed_where_wished(house: House, server: MailServer, post: Post, too: bool) -> None:
    """By the second setting only: it is everybody."""
    wish(house, server, welcome_first_load=too)
    await house.settled_in(people(2))
    await tell(house)
    assert post.to == (["e1@example.test", "e2@example.test"] if too else [])


async def test_once_over_two_runs_and_a_kill_between(settled: House, post: Post) -> None:
    """Killed after the letter is there and before the server has said so; nor when the person comes back later."""
    await settled.settled_in(people(2))
    post.delay = 60
    async with anyio.create_task_group() as group:
        group.start_soon(tell, settled)
        while not post.letters:  # noqa: ASYNC110 - it arrives in another thread
            await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    settled.reopen()
    post.delay = 0
    assert await tell(settled) == NOTHING
    await settled.settled_in(people(2, status="left"))
    await settled.settled_in(people(2))
    assert await tell(settled) == NOTHING
    assert (post.to, states(settled)) == (["e2@example.test"], ["sent"])


async def test_who_begins_later_is_welcomed_on_the_first_day(settled: House, post: Post) -> None:
    """Not before the day, though HR says so in another time zone, and not before the account is active."""
    settled.clock.now = settled.clock.now.replace(hour=17)
    joiners = people(2, starts=settled.clock.day(6), zone="Asia/Taipei")
    await settled.settled_in(joiners)
    for days in (0, 4):
        settled.clock.forward(days=days)
        assert await tell(settled) == NOTHING
    settled.clock.forward(days=1)  # 01:00 of the sixth day in Taipei
    assert await tell(settled) == NOTHING, "the account is suspended still"
    await settled.settled_in(joiners)
    assert (await tell(settled))["told"] == 1
    assert post.to == ["e2@example.test"]


@pytest.mark.parametrize(
    ("lang", "language"), [("fr_ca", "fr"), ("vi", "vi"), ("zh_tw", "zh-TW"), ("en", "en"), ("ja", "vi")]
)
async def test_in_the_language_of_the_account(
    house: House, moodle: Seen, server: MailServer, post: Post, lang: str, language: Language
) -> None:
    """As Moodle has it, else in that of notices; and how to sign in is that of the account."""
    await house.settled_in(people(1))
    wish(house, server, language="vi")
    await house.settled_in(people(2, auth="manual"))
    moodle.user("E2").fields["lang"] = lang
    await house.mirror()
    assert (await tell(house))["told"] == 1
    [letter] = post.letters
    assert letter["Content-Language"] == language
    assert TEXTS[language].manual in parts(letter)[0]


async def test_accounts_of_others_are_not_welcomed(settled: House, moodle: Seen, post: Post) -> None:
    """Whoever had one before knows it; whoever may not come in would learn nothing."""
    moodle.add("e2", idnumber="E2")
    await settled.settled_in([*people(1), row("E2"), row("E3", auth="nologin")])
    assert await tell(settled) == NOTHING


async def test_nobody_is_welcomed_under_what_stands_in_for_a_moment(settled: House, post: Post) -> None:
    """A temporary username or address, while another person takes the former one over: the welcome waits."""
    await settled.settled_in(people(2))
    [known] = settled.sql("SELECT account_id, person_id FROM connector.welcome")
    change = (
        "UPDATE connector.account SET fields = fields || jsonb_build_object(%s::text, %s::text) WHERE account_id = %s"
    )
    own = {"username": "e2", "email": "e2@example.test"}
    for name, value in temporary_identity(known["person_id"]).items():
        settled.sql(change, name, value, known["account_id"])
        assert await tell(settled) == NOTHING
        settled.sql(change, name, own[name], known["account_id"])
    assert (await tell(settled))["told"] == 1
    assert post.to == ["e2@example.test"]


async def test_an_address_that_is_refused_is_settled(settled: House, post: Post) -> None:
    """With the server's answer and no address; it keeps nobody from theirs and is not tried again."""
    await settled.settled_in([*people(1), row("E2", email="nobody@example.test"), row("E3")])
    assert await tell(settled) == {**NOTHING, "told": 1, "refused": 1}
    assert await tell(settled) == NOTHING
    assert (post.to, states(settled)) == (["e3@example.test"], ["refused", "done"])
    events = [str(one.sentence) for one in settled.connector.explaining.explain("E2", None, None).events]
    assert any("welcome by mail: refused" in one and "(550)" in one and "nobody@" not in one for one in events)
    events = [str(one.sentence) for one in settled.connector.explaining.explain("E3", None, None).events]
    assert "the newcomer was welcomed by mail" in events


async def test_an_address_that_is_not_taken_for_the_moment(settled: House, post: Post) -> None:
    """Greylisted, or a mailbox that is full: others are told meanwhile, and it is tried again after a while."""
    post.answers["e2"] = "451 {} later"
    await settled.settled_in(people(3))
    assert await tell(settled) == {**NOTHING, "told": 1, "later": 1}
    assert await tell(settled) == NOTHING
    post.answers.clear()
    settled.clock.forward(minutes=15)
    assert await tell(settled) == {**NOTHING, "told": 1}
    assert post.to == ["e3@example.test", "e2@example.test"]


async def test_what_surely_was_not_sent_is_sent_later(settled: House, server: MailServer, post: Post) -> None:
    """While the mail server is away all wait, for two weeks at most; a lost answer is not repeated."""
    await settled.settled_in(people(2))
    wish(settled, MailServer("127.0.0.1", 9))
    with pytest.raises(Unavailable) as caught:
        await tell(settled)
    assert "e2" not in str(caught.value)
    assert states(settled) == ["waiting"]
    wish(settled, server)
    post.cut = "DATA"
    with pytest.raises(AnswerLost):
        await tell(settled)
    post.cut = ""
    assert await tell(settled) == NOTHING
    await settled.settled_in(people(3))
    settled.clock.forward(days=15)
    assert await tell(settled) == {**NOTHING, "over": 1}
    assert (post.to, states(settled)) == (["e2@example.test"], ["sent", "over"])


async def test_told_to_stop_it_stops_between_two(settled: House, post: Post) -> None:
    """The rest waits for the next run."""
    await settled.settled_in(people(3))
    asked = iter([False, True])
    with pytest.raises(Stopped):
        await settled.connector.welcoming(lambda: next(asked)).tell()
    assert await tell(settled) == {**NOTHING, "told": 1}
    assert post.to == ["e2@example.test", "e3@example.test"]


async def test_it_needs_a_mail_server(house: House, server: MailServer) -> None:
    """And is a job of the service after each sync and push, and by the clock."""
    with pytest.raises(SettingsError, match=r"notices\.welcome"):
        house.connector.welcoming()
    assert "welcome" not in jobs_of(house.connector, Event())
    wish(house, MailServer(""))
    with pytest.raises(SettingsError, match=r"notices\.mail: host and sender"):
        house.connector.welcoming()
    wish(house, server)
    jobs = jobs_of(house.connector, Event())
    assert jobs["sync"].then == jobs["push"].then == ("welcome",)
    assert jobs["welcome"].times == house.settings.service.times("learners")
