"""What somebody reads who has a new account: where and how to sign in, never a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address

from adapters.mail.rendering import Letter, rendered
from adapters.mail.server import MailServer, message_of
from connector.domain.errors import SetAside
from connector.domain.learners import Told, WelcomeLetter
from connector.domain.notices import Language


@dataclass(frozen=True, slots=True)
class Texts:
    """``subject``, ``heading`` and ``why`` take {site}. ``manual`` and ``company``: how one signs in."""

    subject: str
    heading: str
    ready: str
    address: str
    username: str
    manual: str
    company: str
    sign_in: str
    why: str


TEXTS: Mapping[Language, Texts] = {
    "en": Texts(
        "Your account at {site}",
        "Welcome to {site}",
        "Your account is ready.",
        "Address",
        "Username",
        "Moodle sends you your first password in a mail of its own. That may take a few minutes.",
        "Sign in with your company account. You need no other password.",
        "Sign in",
        "You get this mail because {site} has a new account for you. It is sent automatically; nobody reads replies.",
    ),
    "fr": Texts(
        "Votre compte sur {site}",
        "Bienvenue sur {site}",
        "Votre compte est prêt.",
        "Adresse",
        "Nom d’utilisateur",
        "Moodle vous envoie votre premier mot de passe dans un courriel distinct. Cela peut prendre quelques minutes.",
        "Connectez-vous avec votre compte d’entreprise. Aucun autre mot de passe n’est nécessaire.",
        "Se connecter",
        "Vous recevez ce message parce qu’un compte a été créé pour vous sur {site}. Il est envoyé "
        "automatiquement, et personne ne lit les réponses.",
    ),
    "vi": Texts(
        "Tài khoản của bạn trên {site}",
        "Chào mừng bạn đến với {site}",
        "Tài khoản của bạn đã sẵn sàng.",
        "Địa chỉ trang",
        "Tên đăng nhập",
        "Moodle sẽ gửi mật khẩu đầu tiên cho bạn trong một thư riêng. Việc này có thể mất vài phút.",
        "Hãy đăng nhập bằng tài khoản công ty của bạn. Bạn không cần mật khẩu nào khác.",
        "Đăng nhập",
        "Bạn nhận được thư này vì một tài khoản mới vừa được tạo cho bạn trên {site}. Thư được gửi tự động, vui lòng "
        "không trả lời.",
    ),
    "zh-TW": Texts(
        "您在 {site} 的帳號",
        "歡迎使用 {site}",
        "您的帳號已可使用。",
        "網址",
        "使用者名稱",
        "Moodle 會另外寄一封郵件，提供您第一次登入的密碼，可能需要幾分鐘。",
        "請使用您的公司帳號登入，不需要其他密碼。",
        "登入",
        "您收到此信，因為 {site} 已為您建立新帳號。此信由系統自動寄出，請勿回覆。",
    ),
}


@dataclass(frozen=True, slots=True)
class WelcomeMail:
    """Implements ``connector.domain.learners.Postman``; the sender is called as the site is."""

    server: MailServer
    sender: str

    async def welcome(self, to: str, letter: WelcomeLetter, now: datetime) -> tuple[Told, str]:
        """See the port. Of an address that is not taken for the moment (4xx) it can be taken later."""
        sender = Address(letter.site, addr_spec=self.sender)
        try:
            await self.server.take(message_of(write(letter), sender, to, letter.language, now))
        except SetAside as error:
            return Told.LATER if error.code.startswith("4") else Told.REFUSED, str(error)
        return Told.DONE, ""


def write(letter: WelcomeLetter) -> Letter:
    """The letter in its language."""
    texts = TEXTS[letter.language]
    how = texts.manual if letter.auth == "manual" else texts.company
    subject = texts.subject.format(site=letter.site)
    return rendered("welcome", {"subject": subject, "letter": letter, "texts": texts, "how": how})
