"""The channel ``mail``: one message for each telling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address

from adapters.mail.rendering import render
from adapters.mail.server import MailServer, message_of
from connector.domain.errors import AccessRefused, SetAside
from connector.domain.notices import Language, Telling


@dataclass(frozen=True, slots=True)
class Mail:
    """Tells people by mail. ``site`` is named in the subject, ``links`` is where the console is ("": nowhere)."""

    server: MailServer
    sender: str
    to: tuple[str, ...]
    language: Language
    site: str
    links: str = ""
    name: str = "mail"

    async def tell(self, telling: Telling, now: datetime) -> None:
        """Hand one message over. Raises SettingsError, AccessRefused, Unavailable or AnswerLost."""
        letter = render(telling, self.language, self.site, self.links)
        sender = Address("moodle-connector", addr_spec=self.sender)
        try:
            await self.server.take(message_of(letter, sender, ", ".join(self.to), self.language, now))
        except SetAside as error:
            raise AccessRefused(f"notices.mail.to: {error}") from None
