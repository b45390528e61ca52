"""Mail over real SMTP: it arrives readable, encrypted and signed in where that is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, get_args

import pytest

from adapters.mail import Mail, MailServer
from adapters.mail.rendering import render, sentence
from adapters.mail.server import Security
from adapters.mail.texts import CLASSES, FRAMES, HOPS, SENTENCES
from adapters.mail.welcome import TEXTS, WelcomeMail
from connector.domain.errors import AccessRefused, AnswerLost, ConnectorError, SettingsError, Unavailable
from connector.domain.learners import Told, WelcomeLetter
from connector.domain.notices import Language, Notice, NoticeKind, Telling
from connector.domain.plan import GuardClass
from tests.mail import PASSWORD, Post, parts, serving

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOLD = Notice(
    NoticeKind.HOLD_WAITING,
    "hold suspend d",
    {"class": "suspend", "count": 31, "limit": 20, "plan": "3f2a9c41d0be"},
    "/holds/3f2a",
)
FEED = Notice(NoticeKind.FEED_REFUSED, "feed hr f", {"source": "<hr> & co", "feed": "9a4c", "reasons": 2})
MIRROR = Notice(NoticeKind.MIRROR_BEHIND, "mirror", {"hop": "changes", "hours": 7})
TELLING = Telling(new=(HOLD, FEED), over=(MIRROR,))
WELCOME = WelcomeLetter("en", "Learning", "https://learn.example.com", "ada", "oauth2")
FACTS: dict[str, str | int] = {
    "class": "suspend", "count": 31, "limit": 20, "plan": "3f2a", "source": "hr", "feed": "9a4c", "reasons": 2,
    "hop": "everything", "hours": 7, "job": "sync", "failures": 3, "error": "Unavailable", "days": 9,
}  # fmt: skip


def mail(server: MailServer, to: str = "it@example.com", language: Language = "en") -> Mail:
    return Mail(
        server, "connector@example.com", tuple(to.split(", ")), language, "learn.example.com", "https://c.example"
    )


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it does not see TLS from the beginning
@pytest.mark.parametrize(
    ("security", "auth"), [("none", False), ("starttls", False), ("starttls", True), ("tls", True)]
)
async def test_it_arrives(security: Security, auth: bool) -> None:
    """Plain, encrypted, and signed in; as text and as HTML, with links, to everybody in one message."""
    post = Post()
    with serving(post, security, auth=auth) as server:
        await mail(server, "it@example.com, hr@example.com").tell(TELLING, NOW)
    [letter] = post.letters
    assert (post.sessions[0].ssl is not None) == (security != "none") or security == "tls"
    assert bool(post.sessions[0].authenticated) == auth
    assert letter["To"] == "it@example.com, hr@example.com"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "en"
    assert letter["Subject"].startswith("[learn.example.com] Waiting for approval: suspend accounts (31, limit 20")
    assert letter["Subject"].endswith("(+2)")
    text, html = parts(letter)
    for part in (
        "A feed of <hr> & co was refused",
        "https://c.example/holds/3f2a",
        "Moodle was last read 7 h ago (what is new: reports are that old)",
    ):
        assert part in text
    assert "A feed of &lt;hr&gt; &amp; co was refused" in html
    assert '<a href="https://c.example/holds/3f2a">' in html


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("server", "to", "error"),
    [
        ({"password": "wrong"}, "it@example.com", AccessRefused),
        ({"trust": None}, "it@example.com", Unavailable),
        ({"security": "tls"}, "it@example.com", Unavailable),
        ({"security": "none"}, "it@example.com", SettingsError),
        ({"port": 9}, "it@example.com", Unavailable),
        ({}, "nobody@example.com", AccessRefused),
    ],
)
async def test_what_was_not_delivered_is_told(server: dict[str, Any], to: str, error: type[ConnectorError]) -> None:
    """By the type that says what to do, with a sentence that has neither password nor address in it."""
    post = Post()
    with serving(post, "starttls", auth=True) as there:
        fields = {name: getattr(there, name) for name in ("host", "port", "security", "user", "password", "trust")}
        with pytest.raises(error) as caught:
            await mail(MailServer(**fields | server), to).tell(TELLING, NOW)
    assert post.letters == []
    assert PASSWORD not in str(caught.value)
    assert to not in str(caught.value)


@pytest.mark.anyio
async def test_a_server_without_encryption_gets_nothing() -> None:
    """Where STARTTLS is asked for and not offered, nothing is sent: somebody could have taken the offer away."""
    post = Post()
    with serving(post) as server, pytest.raises(Unavailable, match=r"notices\.mail\.security"):
        await mail(MailServer("127.0.0.1", server.port, "starttls")).tell(TELLING, NOW)
    assert post.letters == []


@pytest.mark.anyio
@pytest.mark.parametrize(("cut", "error"), [("RCPT", Unavailable), ("DATA", AnswerLost)])
async def test_a_server_that_is_gone_in_the_middle(cut: Literal["RCPT", "DATA"], error: type[ConnectorError]) -> None:
    """Before the message was begun it surely was not sent; after that it may have been."""
    post = Post()
    post.cut = cut
    with serving(post) as server, pytest.raises(error):
        await mail(server).tell(TELLING, NOW)
    assert len(post.letters) == (cut == "DATA")


@pytest.mark.anyio
@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("auth", ["manual", "oauth2", "saml2", "oidc", "ldap"])
async def test_a_welcome_in_each_language(language: Language, auth: str) -> None:
    """Site, username, address, and how to sign in: by Moodle's password or the company's account, as text and HTML."""
    post = Post()
    letter = WelcomeLetter(language, "R&D <Lab>", "https://learn.example.com", "ada", auth)
    with serving(post) as server:
        came = await WelcomeMail(server, "learning@example.com").welcome("ada@example.com", letter, NOW)
    assert came == (Told.DONE, "")
    [arrived] = post.letters
    assert arrived["Subject"] == TEXTS[language].subject.format(site="R&D <Lab>")
    assert arrived["From"].addresses[0].display_name == "R&D <Lab>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Content-Language"] == language
    text, html = parts(arrived)
    ways = (TEXTS[language].manual, TEXTS[language].company)
    how, other = ways if auth == "manual" else reversed(ways)
    for page in (text, html):
        assert how in page
        assert other not in page
    assert "R&D <Lab>" in text
    assert "R&amp;D &lt;Lab&gt;" in html
    assert f"{TEXTS[language].username}: ada" in text
    assert "<strong>ada</strong>" in html
    assert '<a href="https://learn.example.com"' in html


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("to", "told"),
    [("nobody@example.com", Told.REFUSED), ("grey@example.com", Told.LATER), ("größe@example.com", Told.REFUSED)],
)
async def test_a_welcome_whose_address_is_not_taken(to: str, told: Told) -> None:
    """For good, for the moment, or because this server knows no such letters; the reason repeats no address."""
    post = Post()
    post.answers["grey"] = "451 try {} later"
    with serving(post) as server:
        came, why = await WelcomeMail(server, "learning@example.com").welcome(to, WELCOME, NOW)
    assert came is told
    assert to not in why
    assert post.letters == []


@pytest.mark.parametrize("language", get_args(Language))
def test_every_notice_has_its_sentence(language: Language) -> None:
    """In every language, with all the figures that belong to it."""
    assert set(SENTENCES[language]) == set(NoticeKind)
    assert set(CLASSES[language]) == set(GuardClass)
    for kind in NoticeKind:
        said = sentence(Notice(kind, "key", FACTS), language)
        assert "{" not in said
        assert language == "en" or "suspend " not in said, "classes are named in the language too"
        assert {part for part in SENTENCES["en"][kind].split() if "{" in part} or kind is NoticeKind.TEST
        assert _names(SENTENCES[language][kind]) == _names(SENTENCES["en"][kind])


@pytest.mark.parametrize("language", get_args(Language))
def test_a_mirror_that_is_behind_says_which_reading(language: Language) -> None:
    """In every language in words of its own; a notice that an earlier version told is about what is new."""
    says = {
        hop: sentence(Notice(NoticeKind.MIRROR_BEHIND, "mirror", {"hop": hop, "hours": 55}), language)
        for hop in ("changes", "everything")
    }
    assert all(HOPS[language][hop] in said and "55" in said and hop not in said for hop, said in says.items())
    assert sentence(Notice(NoticeKind.MIRROR_BEHIND, "mirror", {"hours": 55}), language) == says["changes"]
    assert len({said for words in HOPS.values() for said in words.values()}) == 8


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (NoticeKind.FEED_LATE, "Đã hơn 7 giờ chưa nhận được tệp hợp lệ nào từ hr."),
        (NoticeKind.MIRROR_BEHIND, "Moodle được đọc lần cuối cách đây 7 giờ (toàn bộ dữ liệu: "
         "việc chấm lại điểm, đặt lại và xóa từ lúc đó chưa được ghi nhận)."),
        (NoticeKind.JOB_GIVEN_UP, "Tác vụ sync đã thất bại suốt 9 ngày (Unavailable) "
         "và sẽ không được thử lại nữa: xem `job release`."),
    ],
)  # fmt: skip
def test_vietnamese_reads_as_one_would_write_it(kind: NoticeKind, says: str) -> None:
    """Sentences that were put word for word."""
    assert sentence(Notice(kind, "key", FACTS), "vi") == says


def _names(template: str) -> set[str]:
    return {part.partition("}")[0] for part in template.split("{")[1:]}


@pytest.mark.parametrize("language", get_args(Language))
def test_a_letter_in_each_language(language: Language) -> None:
    """Subject, headings and page are of one language, and the page says which."""
    letter = render(TELLING, language, "learn.example.com", "")
    assert f'<html lang="{language}">' in letter.html
    assert FRAMES[language].new in letter.text
    assert FRAMES[language].over in letter.html
    assert "https://" not in letter.text
    only_over = render(Telling(over=(MIRROR,)), language, "learn.example.com", "")
    assert only_over.subject.startswith(f"[learn.example.com] {FRAMES[language].over}: ")
