"""The channel ``mail``: one message for each telling."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Literal

import aiosmtplib

from adapters.mail.rendering import render
from connector.domain.errors import AccessRefused, AnswerLost, SettingsError, Unavailable
from connector.domain.notices import Language, Telling

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
        await self._send(self._message(telling, now))

    def _message(self, telling: Telling, now: datetime) -> EmailMessage:
        letter = render(telling, self.language, self.site, self.links)
        message = EmailMessage()
        message["Subject"] = letter.subject
        message["From"] = Address("moodle-connector", addr_spec=self.sender)
        message["To"] = ", ".join(self.to)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = make_msgid(domain=self.sender.partition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to this
        message["Content-Language"] = self.language
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message

    async def _send(self, message: EmailMessage) -> None:
        server = self.server
        where = f"the mail server {server.host}:{server.port}"
        if server.user and server.security == "none":
            raise SettingsError("notices.mail.security: a password is not sent without encryption.")
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.user or None,
                password=server.password or None,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                tls_context=server.trust or ssl.create_default_context(),
                timeout=TIMEOUT,
            )
        except aiosmtplib.SMTPAuthenticationError as error:
            raise AccessRefused(f"{where} refuses notices.mail.user and its password ({error.code}).") from None
        except aiosmtplib.SMTPRecipientsRefused:
            raise AccessRefused(f"{where} refuses the addresses in notices.mail.to.") from None
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPTimeoutError, OSError) as error:
            raise Unavailable(f"{where} cannot be reached ({type(error).__name__}).") from None
        except aiosmtplib.SMTPServerDisconnected as error:
            raise AnswerLost(f"{where} ended the conversation ({type(error).__name__}).") from None
        except aiosmtplib.SMTPResponseException as error:  # its text can repeat addresses
            raise Unavailable(f"{where} does not take the message ({error.code}).") from None
        except (aiosmtplib.SMTPException, ValueError) as error:
            raise Unavailable(
                f"{where}: no conversation came about ({type(error).__name__}); see notices.mail.security."
            ) from None
