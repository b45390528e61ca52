"""Tokens and codes that only their holder knows; we keep digests."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from secrets import token_bytes, token_urlsafe

RECOVERY_CODES = 8


def new_token() -> str:
    """256 random bits: a session's token."""
    return token_urlsafe(32)


def new_code(groups: int) -> str:
    """A code that people type, in groups of four letters with 20 random bits each."""
    letters = b32encode(token_bytes(groups * 5)).decode()
    return "-".join(letters[at : at + 4] for at in range(0, groups * 4, 4))


def set_up_code() -> str:
    """120 random bits."""
    return new_code(6)


def recovery_code() -> str:
    """80 random bits: far beyond guessing, so that a plain digest is enough."""
    return new_code(4)


def digest(token: str) -> bytes:
    """SHA-256 of a token."""
    return hashlib.sha256(token.encode()).digest()


def code_digest(code: str) -> bytes:
    """SHA-256 of a code as people type it: case, spaces and hyphens do not count."""
    return digest("".join(letter for letter in code.upper() if letter.isalnum()))


def form_token(session: str) -> str:
    """What a form of this session carries, so that no other site can send it."""
    return hmac.new(session.encode(), b"form", hashlib.sha256).hexdigest()


def is_form_token(session: str, given: str) -> bool:
    return hmac.compare_digest(form_token(session).encode(), given.encode())
