"""Mail: notices to people, and welcomes, as text and HTML in their language, over SMTP."""

from adapters.mail.mail import Mail
from adapters.mail.server import MailServer
from adapters.mail.welcome import WelcomeMail

__all__ = ["Mail", "MailServer", "WelcomeMail"]
