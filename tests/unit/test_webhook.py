"""The webhook against a real receiver: signed, never where it must not go, tried again, and not led elsewhere."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import anyio
import pytest
import trustme

from adapters.guard import Target, checked, is_public
from adapters.webhook import Webhook, signature
from connector.domain.errors import AccessRefused, ConnectorError, SettingsError, Unavailable
from connector.domain.notices import Notice, NoticeKind, Telling

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOLD = Notice(NoticeKind.HOLD_WAITING, "hold suspend d", {"class": "suspend", "count": 31}, "/holds/3f2a")
MIRROR = Notice(NoticeKind.MIRROR_BEHIND, "mirror", {"hours": 7})
KEY = "open sesame"
CA = trustme.CA()
TRUST = ssl.create_default_context()
CA.configure_trust(TRUST)


@dataclass
class Receiver:
    """What came, and how to answer: statuses in order, the last one for all that follow."""

    port: int = 0
    answers: list[int] = field(default_factory=lambda: [204])
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiving(*answers: int, name: str = "") -> Iterator[Receiver]:
    """A receiver on loopback; ``name``: over TLS, with a certificate for it."""
    receiver = Receiver(answers=list(answers) or [204])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.came.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name is given
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if name:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        CA.issue_cert(name).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def webhook(url: str, *allowed: str, links: str = "https://c.example") -> Webhook:
    return Webhook(url, KEY, frozenset(allowed), "learn.example.com", links, TRUST, first_wait=0.01)


@pytest.mark.anyio
async def test_what_arrives() -> None:
    """The notices with status, figures and link, and a signature over time and body that the receiver can compute."""
    with receiving() as receiver:
        hook = webhook(f"http://127.0.0.1:{receiver.port}/in?team=it", "127.0.0.1")
        await hook.tell(Telling(new=(HOLD,), over=(MIRROR,)), NOW)
    [(path, headers, body)] = receiver.came
    assert path == "/in?team=it"
    assert json.loads(body) == {
        "version": 1,
        "site": "learn.example.com",
        "sent_at": "2026-03-02T06:00:00+00:00",
        "notices": [
            {
                "status": "new",
                "kind": "hold_waiting",
                "key": "hold suspend d",
                "facts": {"class": "suspend", "count": 31},
                "link": "https://c.example/holds/3f2a",
            },
            {"status": "settled", "kind": "mirror_behind", "key": "mirror", "facts": {"hours": 7}, "link": None},
        ],
    }
    assert headers["x-connector-timestamp"] == str(int(NOW.timestamp()))
    assert headers["x-connector-signature"] == signature(KEY, headers["x-connector-timestamp"], body)
    assert KEY not in str(headers) + body.decode() + repr(hook)


def test_the_signature_is_the_one_that_is_told() -> None:
    """Computed elsewhere, by `printf '1.{}' | openssl dgst -sha256 -hmac key`."""
    assert signature("key", "1", b"{}") == "sha256=" + KNOWN


KNOWN = "1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answers", "tries", "error"),
    [
        ([500, 503, 204], 3, None),
        ([500], 3, Unavailable),
        ([429, 200], 2, None),
        ([404], 1, AccessRefused),
        ([302, 204], 1, AccessRefused),
        ([307, 204], 1, AccessRefused),
    ],
)
async def test_tries(answers: list[int], tries: int, error: type[ConnectorError] | None) -> None:
    """What may pass is tried three times; a no is a no, and nobody is followed elsewhere."""
    with receiving(*answers) as receiver:
        hook = webhook(f"http://127.0.0.1:{receiver.port}/in", "127.0.0.1")
        if error is None:
            await hook.tell(Telling(new=(HOLD,)), NOW)
        else:
            with pytest.raises(error):
                await hook.tell(Telling(new=(HOLD,)), NOW)
    assert [path for path, _, _ in receiver.came] == ["/in"] * tries


@pytest.mark.anyio
async def test_over_tls_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once and never again; the certificate and the Host are still those of the name."""
    with receiving(name="localhost") as receiver:
        hook = webhook(f"https://localhost:{receiver.port}/in", "localhost")
        target = await checked(hook.url, hook.allowed, what="url", allow="allow")
        assert target.address in ("127.0.0.1", "::1")
        pinned = Target("https", "localhost", receiver.port, "127.0.0.1", "/in")
        await hook._post(pinned, b"{}", "1")
        with pytest.raises(Unavailable):
            await hook._post(Target("https", "other.example", receiver.port, "127.0.0.1", "/in"), b"{}", "1")
    [(_, headers, _)] = receiver.came
    assert headers["host"] == f"localhost:{receiver.port}"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "https://127.0.0.1:1/",
        "https://localhost:1/",
        "https://[::1]:1/",
        "https://[::ffff:127.0.0.1]:1/",
        "https://2130706433:1/",
        "https://10.0.0.8/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/",
        "https://[64:ff9b::a00:8]/",
        "https://user:secret@192.0.2.1/",
        "https://0x7f.1:1/",
        "https://0/",
        "https://[::7f00:1]/",
        "https://[secret/",
        "https://192.0.2.1:secret/",
        "https://192.0.2.1:99999/",
    ],
)
async def test_where_it_must_not_go(url: str) -> None:
    """Not within this computer or a private net, however the address is written, and never without TLS."""
    with pytest.raises(SettingsError) as caught:
        await webhook(url).tell(Telling(new=(HOLD,)), NOW)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("0.0.0.0", False),  # noqa: S104 - nothing is bound
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("2002:7f00:1::", False),
        ("2001:0:1::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    """Addresses that lead elsewhere in disguise are not public either."""
    assert is_public(address) is public


@pytest.mark.anyio
async def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is called is the number that was checked: a name may lead within this computer a moment later."""
    asked: list[str] = []

    async def answer(host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        asked.append(host)
        return [(2, 1, 6, "", ("8.8.8.8" if len(asked) == 1 else "127.0.0.1", port))]

    monkeypatch.setattr(anyio, "getaddrinfo", answer)
    target = await checked("https://moodle.example/keys?a=1", frozenset(), what="It", allow="lti.allow")
    assert (target.url, target.authority, asked) == (
        "https://8.8.8.8:443/keys?a=1",
        "moodle.example",
        ["moodle.example"],
    )
    with pytest.raises(SettingsError, match="not public"):
        await checked("https://moodle.example/keys", frozenset(), what="It", allow="lti.allow")


@pytest.mark.anyio
async def test_a_name_that_is_not_found_is_tried_again_later() -> None:
    """That passes by itself, so it is no mistake in the settings."""
    with pytest.raises(Unavailable, match=r"nowhere\.invalid"):
        await webhook("https://nowhere.invalid/").tell(Telling(new=(HOLD,)), NOW)
