"""Personal messages: sent once each, in one request, with a word about each."""

from __future__ import annotations

import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import Fault, ServedTwin
from connector.domain.errors import AccessRefused, AnswerLost, ProtocolError, Unavailable
from tests.unit.adapters_moodle.people import create

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5", "5.1"], indirect=True)]
BATCH = "tool_mobile_call_external_functions"
SEND = "core_message_send_instant_messages"


async def test_each_gets_the_own_message(twin: ServedTwin, site: MoodleSite) -> None:
    """As HTML, in any script, by one request."""
    people = await create(site, 3)
    before = twin.state.calls[BATCH]
    texts = ["<p>Bonjour</p>", "<p>您好</p>", "<p>Xin chào</p>"]
    assert await site.send_messages(list(zip(people, texts, strict=True))) == ["", "", ""]
    assert [(one.to, one.text, one.format) for one in twin.state.messages] == [
        (to, text, 1) for to, text in zip(people, texts, strict=True)
    ]
    assert twin.state.calls[BATCH] == before + 1
    assert await site.send_messages([]) == []


async def test_who_cannot_be_written_to_is_told_apart(twin: ServedTwin, site: MoodleSite) -> None:
    """By Moodle's own word; the others get theirs."""
    first, second, third = await create(site, 3)
    twin.state.unreachable.add(second)
    answers = await site.send_messages([(first, "a"), (second, "b"), (999, "c"), (third, "x" * 4097), (third, "d")])
    assert [bool(answer) for answer in answers] == [False, True, True, True, False]
    assert "message preferences" in str(answers[1])
    assert "999" in str(answers[2])
    assert "longer" in str(answers[3])
    assert [one.text for one in twin.state.messages] == ["a", "d"]


async def test_one_call_for_several_fails_after_having_sent(
    twin: ServedTwin, site: MoodleSite, client: MoodleClient
) -> None:
    """Why each message has a call of its own: Moodle ends in an error where one of several was refused."""
    first, second = await create(site, 2)
    twin.state.unreachable.add(second)
    messages = [{"touserid": first, "text": "a"}, {"touserid": second, "text": "b"}]
    with pytest.raises(ProtocolError):
        await client.call(SEND, {"messages": messages})
    assert [one.text for one in twin.state.messages] == ["a"]
    [row] = await client.call(SEND, {"messages": [{**messages[1], "clientmsgid": "n-1"}]})
    assert (row["msgid"], row["clientmsgid"]) == (-1, "n-1")


async def test_it_ends_with_the_first_error(twin: ServedTwin, site: MoodleSite) -> None:
    """Where the site has no messaging the first call says so, and no other is made."""
    people = await create(site, 3)
    twin.state.messaging = False
    [error] = await site.send_messages([(one, "a") for one in people])
    assert isinstance(error, AccessRefused)
    assert twin.state.calls[SEND] == 1


@pytest.mark.parametrize(
    ("fault", "error", "sent"),
    [("cut_after", AnswerLost, 2), ("error500", AnswerLost, 0), ("maintenance", Unavailable, 0)],
)
async def test_it_is_never_repeated(
    twin: ServedTwin, site: MoodleSite, fault: str, error: type[Exception], sent: int
) -> None:
    """A lost answer is told as such; only what surely did not happen is Unavailable."""
    people = await create(site, 2)
    await site.site_info()
    twin.faults.add(Fault(fault, function=BATCH))  # type: ignore[arg-type]
    with pytest.raises(error):
        await site.send_messages([(one, "a") for one in people])
    assert len(twin.state.messages) == sent
