"""Mail: notices to people, as text and HTML in their language, over SMTP."""

from adapters.mail.mail import Mail
from adapters.mail.server import MailServer

__all__ = ["Mail", "MailServer"]
