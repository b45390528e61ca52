"""Invented accounts for tests."""

from __future__ import annotations

from adapters.moodle.site import MoodleSite


def account(name: str, **more: object) -> dict[str, object]:
    """What ``create_accounts`` takes for one person."""
    wanted: dict[str, object] = {
        "username": name,
        "firstname": name.title(),
        "lastname": "Tester",
        "email": f"{name}@example.test",
        "idnumber": f"E-{name}",
        "auth": "oauth2",
    }
    return wanted | more


async def create(site: MoodleSite, count: int, prefix: str = "p") -> list[int]:
    """Create ``count`` people and give their ids."""
    ids = await site.create_accounts([account(f"{prefix}{number}") for number in range(count)])
    return list(ids.values())
