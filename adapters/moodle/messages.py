"""Personal messages in Moodle."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.moodle.client import Call, MoodleClient
from adapters.moodle.errors import foreseen
from connector.domain.errors import ConnectorError

SEND = "core_message_send_instant_messages"
HTML = 1
"""Moodle's FORMAT_HTML."""


async def send_messages(client: MoodleClient, messages: Sequence[tuple[int, str]]) -> list[str | ConnectorError]:
    """Send each (user id, HTML), all in one request, and each by a call of its own within it.

    In one call Moodle 4.5 and 5.1 fail (formatnotsupported) where one of several is refused, after having sent the
    others, and do not say who got theirs.
    """
    calls: list[Call] = [
        (SEND, {"messages": [{"touserid": user, "text": text, "textformat": HTML}]}) for user, text in messages
    ]
    answers = await client.call_many(calls, at_once=len(calls), to_first_error=True) if calls else []
    with foreseen(SEND):
        return [answer if isinstance(answer, ConnectorError) else _refusal(answer[0]) for answer in answers]


def _refusal(row: dict[str, object]) -> str:
    """Why Moodle did not send it, "" where it did."""
    return "" if int(str(row["msgid"])) > 0 else str(row.get("errormessage") or "refused")
