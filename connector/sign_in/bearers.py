"""Whoever brings a token: it is looked up by its digest, and its last use is noted now and then."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from connector.domain.tokens import P, PresentedTokens, TokenState
from connector.sign_in.tokens import digest

NOTED_AGAIN = timedelta(minutes=1)
"""The last use of a token is noted this often, at most."""
LONGEST_TOKEN = 200


def admitted(tokens: PresentedTokens[P], given: str, now: datetime) -> P | None:
    """Whose token this is; None where it is none, or no longer good."""
    if not 0 < len(given) <= LONGEST_TOKEN:
        return None
    sought = digest(given)
    found = tokens.presented(sought)
    if found is None or not hmac.compare_digest(found.digest, sought):
        return None
    if found.token.state(now) is not TokenState.GOOD:
        return None
    if found.token.used_at is None or now - found.token.used_at >= NOTED_AGAIN:
        tokens.used(found.token.token_id, now)
    return found
