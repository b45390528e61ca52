"""The webhook of our plugin: who is to be told hears soon after something was noted (see ``local/webhook.php``)."""

from __future__ import annotations

import time
from threading import Event, Thread

import httpx
import orjson

from adapters.moodle.twin.state import TwinState
from connector.domain.signing import signature

END_OF_REQUEST = 0.005
"""Seconds from a note to the end of the request in which it was made."""
PATIENCE = 1.0
"""Seconds that an answer may take."""


class Teller:
    """Tells one address, one hint at a time, in a thread of its own until the process ends.

    What nobody takes is told with the next note; Moodle's cron would tell it within minutes.
    """

    def __init__(self, state: TwinState, url: str, secret: str) -> None:
        self._state = state
        self._url = url
        self._secret = secret
        self._due = Event()
        state.noted = self._due.set
        Thread(target=self._live, name="twin-webhook", daemon=True).start()

    def _live(self) -> None:
        with httpx.Client(timeout=PATIENCE) as client:
            while self._due.wait():
                self._due.clear()
                time.sleep(END_OF_REQUEST)
                with self._state.lock:
                    cursor = max(self._state.outbox, default=0)
                if cursor:
                    self._tell(client, cursor)

    def _tell(self, client: httpx.Client, cursor: int) -> None:
        body, now = orjson.dumps({"cursor": cursor, "site": self._state.url}), str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Connector-Timestamp": now,
            "X-Connector-Signature": signature(self._secret, now, body),
        }
        try:
            client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError:
            return
