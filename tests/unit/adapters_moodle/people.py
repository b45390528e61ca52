"""Invented accounts for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.moodle.site import MoodleSite
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.errors import SetAside
from connector.domain.writing import Created


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


def code(answer: object) -> str:
    """Moodle's code in the answer for a row that was refused."""
    return answer.code if isinstance(answer, SetAside) else ""


async def create_accounts(site: MoodleSite, rows: Sequence[Mapping[str, object]]) -> dict[str, int]:
    """Create these people, none of whom is refused; gives their ids by username."""
    made = await PlainWriter(site.client).create_accounts(rows)
    return {str(row["username"]): one.id for row, one in zip(rows, made, strict=True) if isinstance(one, Created)}


async def create(site: MoodleSite, count: int, prefix: str = "p") -> list[int]:
    """Create ``count`` people and give their ids."""
    return list((await create_accounts(site, [account(f"{prefix}{number}") for number in range(count)])).values())
