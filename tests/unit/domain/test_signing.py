"""Who has signed what, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.signing import WINDOW, signature, signed_at

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("away", [timedelta(), WINDOW, -WINDOW])
def test_what_was_signed_within_the_window_is_believed(away: timedelta) -> None:
    """Before and after: clocks differ both ways."""
    at = NOW + away
    moment = str(int(at.timestamp()))
    assert signed_at("key", moment, signature("key", moment, b"{}"), b"{}", NOW) == at


@pytest.mark.parametrize("moment", ["", "x", "-5", "1e9", "９", "9" * 40, "1772366400.0", "1772366701"])
def test_what_is_no_time_of_now_is_not(moment: str) -> None:
    """Even where the signature is good."""
    assert signed_at("key", moment, signature("key", moment, b"{}"), b"{}", NOW) is None


def test_a_signature_is_of_this_key_time_and_body() -> None:
    """One that is no text of ours is wrong, and breaks nothing."""
    moment = str(int(NOW.timestamp()))
    good = signature("key", moment, b"{}")
    for given in ("", "sha256=", good.upper(), good[:-1], "ü" + good, signature("yek", moment, b"{}")):
        assert signed_at("key", moment, given, b"{}", NOW) is None
    assert signed_at("key", moment, good, b"{ }", NOW) is None
