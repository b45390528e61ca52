"""The mail server, and one conversation with it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any, Literal

import aiosmtplib

from adapters.mail.rendering import Letter
from connector.domain.errors import AccessRefused, AnswerLost, SetAside, SettingsError, Unavailable
from connector.domain.notices import Language

Security = Literal["starttls", "tls", "none"]
TIMEOUT = 30.0
"""Seconds for each step of the conversation."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. With ``starttls`` a server that offers no encryption gets nothing.

    ``user`` empty: no signing in. ``trust`` are the certificates that are believed, None for those of the system.
    """

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    trust: ssl.SSLContext | None = None

    async def take(self, message: EmailMessage) -> None:
        """Hand a message over. Raises SettingsError, AccessRefused, Unavailable or AnswerLost.

        Raises SetAside where none of its addresses is taken; ``code`` is the server's answer, "" where it has none.
        """
        where = f"the mail server {self.host}:{self.port}"
        if self.user and self.security == "none":
            raise SettingsError("notices.mail.security: a password is not sent without encryption.")
        conversation = _Conversation(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password or None,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=self.trust or ssl.create_default_context(),
            timeout=TIMEOUT,
        )
        met = False
        try:
            async with conversation:
                met = True
                await conversation.send_message(message)
        except aiosmtplib.SMTPAuthenticationError as error:
            raise AccessRefused(f"{where} refuses notices.mail.user and its password ({error.code}).") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = str(error.recipients[0].code)
            raise SetAside(f"{where} does not take the address ({code}).", code) from None
        except aiosmtplib.SMTPResponseException as error:  # its text can repeat addresses
            raise Unavailable(f"{where} does not take the message ({error.code}).") from None
        except OSError as error:  # all that is said of connections and of time
            kind = type(error).__name__
            if conversation.handed_over:
                raise AnswerLost(f"{where} did not say whether it took the message ({kind}).") from None
            raise Unavailable(f"{where} cannot be reached ({kind}).") from None
        except (aiosmtplib.SMTPException, ValueError) as error:
            kind = type(error).__name__
            if met:
                raise SetAside(f"{where} cannot be given the address ({kind}).") from None
            raise Unavailable(f"{where}: no conversation came about ({kind}); see notices.mail.security.") from None


class _Conversation(aiosmtplib.SMTP):
    """Knows whether the message itself was begun: until then it surely was not sent."""

    handed_over = False

    async def data(self, *args: Any, **options: Any) -> aiosmtplib.SMTPResponse:
        self.handed_over = True
        return await super().data(*args, **options)


def message_of(letter: Letter, sender: Address, to: str, language: Language, now: datetime) -> EmailMessage:
    """The letter as a message that nobody's computer answers."""
    message = EmailMessage()
    message["Subject"] = letter.subject
    message["From"] = sender
    message["To"] = to
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=sender.domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to this
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message["Content-Language"] = language  # last: headers of content go with the first content
    return message
