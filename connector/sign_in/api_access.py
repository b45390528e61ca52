"""Who may ask the API: tokens with scopes and a unit, each shown once and known here by its digest."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from connector.domain.accounts import Audited, AuditTrail
from connector.domain.api_tokens import ApiToken, ApiTokens, Scope
from connector.domain.errors import SettingsError
from connector.domain.tokens import TokenState, lifetime, token_name
from connector.sign_in.bearers import admitted
from connector.sign_in.tokens import digest, new_token

_LIST = "`moodle-connector api token list` shows all."


@dataclass(frozen=True, slots=True)
class ApiAccess:
    """``is_unit`` says whether the facts know a unit."""

    tokens: ApiTokens
    trail: AuditTrail
    is_unit: Callable[[str], bool]
    clock: Callable[[], datetime]

    def create(self, name: str, scopes: Collection[str], unit: str, days: float, by: str) -> str:
        """A new token, good for so many days; ``unit`` "" sees everybody.

        Raises SettingsError where a good token has this name, or scope or unit cannot be.
        """
        token, now = new_token(), self.clock()
        granted, expires = _scopes(scopes), now + lifetime(days)
        if unit and not self.is_unit(unit):
            raise SettingsError(f"There is no unit {unit!r}; `moodle-connector report` lists the units.")
        named = token_name(name, "NAME", "intranet")
        if not self.tokens.add(named, digest(token), granted, unit, by, now, expires):
            raise SettingsError(
                f"{name} has a good token. Take another name, or end it by `moodle-connector api token revoke {name}`."
            )
        detail = {"scopes": list(granted), "unit": unit, "expires": expires.isoformat()}
        self.trail.note(by, Audited.API_ADMITTED, name, detail, now)
        return token

    def revoke(self, name: str, by: str) -> None:
        """End a token at once. Raises SettingsError where there is none."""
        now = self.clock()
        if not self.tokens.revoke(name, now):
            raise SettingsError(f"There is no token {name!r} that could be ended. {_LIST}")
        self.trail.note(by, Audited.API_REVOKED, name, {}, now)

    def all(self) -> list[tuple[ApiToken, TokenState]]:
        now = self.clock()
        return [(one, one.state(now)) for one in self.tokens.all()]

    def holder_of(self, token: str) -> ApiToken | None:
        """What this token may; None where it is none, or no longer good."""
        found = admitted(self.tokens, token, self.clock())
        return found.token if found else None


def _scopes(given: Collection[str]) -> list[Scope]:
    """Each once, in their order. Raises SettingsError."""
    known = {scope.value for scope in Scope}
    if unknown := sorted(set(given) - known):
        raise SettingsError(f"--scope: there is no {unknown[0]!r}; there are {', '.join(sorted(known))}.")
    if not given:
        raise SettingsError(f"--scope: say what the token may ask for: {', '.join(sorted(known))}.")
    return [scope for scope in Scope if scope.value in given]
