"""Where anybody may ask whether a certificate is valid, by page and by API; seldom, and without guessing."""

from __future__ import annotations

from connector.bootstrap import Connector
from connector.certificates.verifying import Verified
from connector.domain.certificates import read_code
from connector.web.limits import RateLimit

ASKED_A_MINUTE = 60
"""From one address."""
NUMBERS_AN_HOUR = 20
"""With one code. Numbers follow each other: whoever has seen a code alone could find its number, and the name."""


class TooOften(Exception):
    """Somebody asks more often than people do."""


class Desk:
    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._asked = RateLimit(ASKED_A_MINUTE, 60)
        self._numbers = RateLimit(NUMBERS_AN_HOUR, 3600)

    def look(self, address: str, code: str, number: str) -> Verified | None:
        """See ``Verifying.look``; ``address`` is whose turn it is. Raises TooOften, and what the database does."""
        typed = read_code(code)
        if not self._asked.allows(address) or (typed and number.strip() and not self._numbers.allows(typed)):
            raise TooOften
        return self._connector.verifying.look(code, number)
