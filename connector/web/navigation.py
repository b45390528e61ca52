"""The console's navigation: what stands in it, and who sees which entry."""

from __future__ import annotations

from dataclasses import dataclass

from connector.domain.sign_in import ConsoleAccount, Permission
from connector.web.languages import message


@dataclass(frozen=True, slots=True)
class Entry:
    path: str
    title: str
    may: Permission


NAVIGATION: tuple[Entry, ...] = (
    Entry("/holds", message("Held plans"), Permission.SEE_HOLDS),
    Entry("/account", message("My account"), Permission.OWN_ACCOUNT),
)


def entries(account: ConsoleAccount | None) -> list[Entry]:
    """What this person sees; nothing where nobody is signed in."""
    return [entry for entry in NAVIGATION if account is not None and account.may(entry.may)]


def first_page(account: ConsoleAccount) -> str:
    return entries(account)[0].path
