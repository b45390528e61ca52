"""Clients that push people by SCIM: each has tokens of its own, which are shown once and known here by digest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.domain.accounts import Audited, AuditTrail
from connector.domain.errors import SettingsError
from connector.domain.scim_clients import ClientToken, ClientTokens, Presented, client_name
from connector.domain.tokens import TokenState, lifetime
from connector.sign_in.bearers import admitted
from connector.sign_in.tokens import digest, new_token

_LIST = "`moodle-connector scim token list` shows all."


@dataclass(frozen=True, slots=True)
class ClientAccess:
    tokens: ClientTokens
    trail: AuditTrail
    clock: Callable[[], datetime]

    def add(self, client: str, days: float, by: str) -> str:
        """The first token of a client, which is made where there is none, good for so many days.

        Raises SettingsError where the client has a good token: that is rotated.
        """
        token, now = new_token(), self.clock()
        expires = now + lifetime(days)
        if not self.tokens.add(client_name(client), digest(token), by, now, expires):
            raise SettingsError(
                f"{client} has a token that is good. `moodle-connector scim token rotate {client}` makes a new one."
            )
        self.trail.note(by, Audited.SCIM_ADMITTED, client, {"expires": expires.isoformat()}, now)
        return token

    def rotate(self, client: str, days: float, overlap_hours: float, by: str) -> str:
        """A new token; those of before stay good for the overlap. Raises SettingsError without the client."""
        token, now = new_token(), self.clock()
        expires, old_until = now + lifetime(days), now + timedelta(hours=overlap_hours)
        if not self.tokens.rotate(client_name(client), digest(token), by, now, expires, old_until):
            raise SettingsError(f"There is no client {client}. {_LIST}")
        detail = {"expires": expires.isoformat(), "old_until": old_until.isoformat()}
        self.trail.note(by, Audited.SCIM_ROTATED, client, detail, now)
        return token

    def revoke(self, client: str, token_id: int | None, by: str) -> int:
        """End one token, or all of a client, at once; gives how many. Raises SettingsError where there is none."""
        now = self.clock()
        if not (ended := self.tokens.revoke(client_name(client), token_id, now)):
            raise SettingsError(f"{client} has no such token. {_LIST}")
        self.trail.note(by, Audited.SCIM_REVOKED, client, {"token": token_id or "all", "ended": ended}, now)
        return ended

    def all(self) -> list[tuple[ClientToken, TokenState]]:
        now = self.clock()
        return [(one, one.state(now)) for one in self.tokens.all()]

    def client_of(self, token: str) -> Presented | None:
        """Whose token this is; None where it is none, or no longer good."""
        return admitted(self.tokens, token, self.clock())
