"""Who may come: accounts of the console, clients that push by SCIM, and tokens of the API."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from connector.bootstrap.installation import Installation
from connector.domain.accounts import OneTimeCodes, Passwords, Seal
from connector.domain.sign_in import SessionTimes
from connector.sign_in.api_access import ApiAccess
from connector.sign_in.clients import ClientAccess
from connector.sign_in.setting_up import SettingUp
from connector.sign_in.signing_in import SigningIn
from connector.store.api_tokens import ApiTokenStore
from connector.store.console import ConsoleAccounts, ConsoleSessions, Trail
from connector.store.scim import ScimSources
from connector.store.scim_directory import ScimDirectory
from connector.store.scim_tokens import ScimTokens

if TYPE_CHECKING:
    from connector.scim.directory import Directory
    from connector.scim.listing import Listing


class Admission(Installation):
    """The console and the SCIM server."""

    @cached_property
    def console_accounts(self) -> ConsoleAccounts:
        return ConsoleAccounts(self.database)

    @cached_property
    def audit_trail(self) -> Trail:
        return Trail(self.database)

    @cached_property
    def signing_in(self) -> SigningIn:
        console = self.settings.console
        return SigningIn(
            self.console_accounts,
            ConsoleSessions(self.database),
            self.audit_trail,
            *self._secrets(),
            SessionTimes(timedelta(minutes=console.idle_minutes), timedelta(hours=console.session_hours)),
            self.clock,
        )

    @cached_property
    def setting_up(self) -> SettingUp:
        return SettingUp(
            self.console_accounts,
            self.audit_trail,
            *self._secrets(),
            self.clock,
        )

    def _secrets(self) -> tuple[Passwords, OneTimeCodes, Seal]:
        """What knows passwords, codes and keys; loaded here only, so that other commands start sooner."""
        from adapters.secrets.one_time import TimeCodes
        from adapters.secrets.passwords import Argon2Passwords
        from adapters.secrets.seal import FernetSeal

        return Argon2Passwords(), TimeCodes(), FernetSeal(self.settings.console_secrets())

    @cached_property
    def scim_access(self) -> ClientAccess:
        """Who may push people here, by token."""
        return ClientAccess(ScimTokens(self.database), self.audit_trail, self.clock)

    @cached_property
    def api_access(self) -> ApiAccess:
        """Who may ask the API, by token."""
        return ApiAccess(ApiTokenStore(self.database, self.site), self.audit_trail, self._is_unit, self.clock)

    def _is_unit(self, unit: str) -> bool:
        return self.reporting.row("logins.unit", unit=unit) is not None

    def scim_directory(self, client: int, base: str) -> Directory:
        """What a client may do with its directory; ``base`` is the address under which it reaches this server."""
        from connector.scim.directory import Directory  # only here: the other commands start sooner

        return Directory(ScimDirectory(self.database, client, self.clock, self.erasures.erased), base)

    def scim_listing(self, client: int, base: str) -> Listing:
        """What it may list of it."""
        from connector.scim.listing import Listing

        return Listing(ScimDirectory(self.database, client, self.clock), base)

    @cached_property
    def scim_sources(self) -> ScimSources:
        """Directories as sources of the way in."""
        return ScimSources(self.database)
