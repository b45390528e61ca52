"""A mail server on loopback, and the mailbox behind it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from adapters.mail import MailServer
from adapters.mail.server import Security

USER, PASSWORD = "connector", "open sesame"
CA = trustme.CA()
TRUST = ssl.create_default_context()
CA.configure_trust(TRUST)


# ruff: noqa: ARG002, N802 - handlers have the signatures that aiosmtpd calls
class Post:
    """A mailbox. ``answers``: what it says to recipients whose name begins so.

    ``cut``: after which command it is gone without an answer; ``delay``: seconds until it says that it has a letter.
    """

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.sessions: list[Session] = []
        self.answers = {"no": "550 {} is unknown"}
        self.cut: Literal["", "RCPT", "DATA"] = ""
        self.delay = 0.0

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.cut == "RCPT":
            server.transport.abort()
        for begin, answer in self.answers.items():
            if address.startswith(begin):
                return answer.format(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.sessions.append(session)
        await asyncio.sleep(self.delay)
        if self.cut == "DATA":
            server.transport.abort()
        return "250 OK"

    @property
    def to(self) -> list[str]:
        return [str(letter["To"]) for letter in self.letters]


def parts(letter: EmailMessage) -> tuple[str, str]:
    """Its text and its HTML."""
    text, html = (letter.get_body([kind]) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())


@contextmanager
def serving(post: Post, security: Security = "none", *, auth: bool = False) -> Iterator[MailServer]:
    """A mail server on loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("localhost", "127.0.0.1").configure_cert(context)

    def authenticate(server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(
        post,
        hostname="127.0.0.1",
        port=port,
        ssl_context=context if security == "tls" else None,
        tls_context=context if security == "starttls" else None,
        require_starttls=security == "starttls",
        authenticator=authenticate if auth else None,
        auth_required=auth,
        auth_require_tls=security == "starttls",
        enable_SMTPUTF8=False,
    )
    controller.start()
    try:
        yield MailServer("127.0.0.1", port, security, *((USER, PASSWORD) if auth else ("", "")), TRUST)
    finally:
        controller.stop()
