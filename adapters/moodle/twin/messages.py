"""core_message_…: personal messages, as message/externallib.php of Moodle 4.5 and 5.1 sends them."""

from __future__ import annotations

import time
from typing import Any

from adapters.moodle.twin.params import OPTIONAL, Many, Record, Value, alphanumext, integer, raw
from adapters.moodle.twin.refusals import Refusal
from adapters.moodle.twin.state import TwinMessage, TwinState

LONGEST = 4096
"""Bytes (``MESSAGE_MAX_LENGTH``, compared with strlen)."""
FORMATS = (0, 1, 2, 4)
_UNREACHABLE = "You can't message this user due to their message preferences. Try adding them as a contact."
SEND_SPEC = Record(
    {
        "messages": Many(
            Record(
                {
                    "touserid": integer(),
                    "text": Value(raw),
                    "textformat": integer(0),
                    "clientmsgid": Value(alphanumext, OPTIONAL),
                }
            )
        )
    }
)


def send(state: TwinState, args: Any) -> list[dict[str, Any]]:
    """Each by itself; who cannot be written to comes back with -1 and why.

    Where some were sent and others not Moodle fails afterwards, on the text of a message that is not there.
    """
    if not state.messaging:
        raise Refusal("disabled", "Messaging is disabled on this site", module="message")
    if any(row["textformat"] not in FORMATS for row in args["messages"]):
        raise _format_not_supported()
    answers = [_send(state, row) for row in args["messages"]]
    sent = [answer for answer in answers if answer["msgid"] > 0]
    if sent and len(sent) < len(answers):
        raise _format_not_supported()
    return answers


def _send(state: TwinState, row: Any) -> dict[str, Any]:
    named = {"clientmsgid": row["clientmsgid"]} if "clientmsgid" in row else {}
    if problem := _problem(state, row["touserid"], row["text"]):
        return {"msgid": -1, **named, "errormessage": problem, "candeletemessagesforallusers": False}
    number = state.next_id("messages")
    state.messages.append(TwinMessage(number, row["touserid"], row["text"], row["textformat"]))
    return {
        "msgid": number,
        **named,
        "text": row["text"],
        "timecreated": int(time.time()),
        "conversationid": row["touserid"],
        "useridfrom": state.me,
        "candeletemessagesforallusers": False,
    }


def _problem(state: TwinState, user_id: int, text: str) -> str:
    if state.living(user_id) is None:
        return f"You cannot send a message to a user ID ({user_id}) that doesn't exist."
    if len(text.encode()) > LONGEST:
        return "The message is longer than the maximum allowed."
    return _UNREACHABLE if user_id in state.unreachable else ""


def _format_not_supported() -> Refusal:
    return Refusal("formatnotsupported", "error/formatnotsupported", module="webservice")
