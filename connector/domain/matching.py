"""Which Moodle account is this person's? Pure: candidates in, an answer out.

Order, first unique hit wins: live binding (never asked here), the account held under an earlier key (a rehire),
Moodle's idnumber, declared earlier keys, e-mail with surname or birth date where the account has no idnumber and is
not protected. Anything weaker is a suggestion to a person; two candidates, an account that is already bound, or one
that somebody else could claim as well, are a case to settle and never a guess.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from connector.domain.ports import Account


def folded(text: str) -> str:
    """For comparing: Unicode-normalised and case-folded, so that a difference in case alone is none."""
    return unicodedata.normalize("NFC", text).casefold().strip()


ALWAYS_PROTECTED = frozenset({"admin", "guest"})
"""Usernames that Moodle itself gives to its first administrator and its guest; a mapping need not name them."""
BIRTH_DATE = "birth_date"
"""The short name of the custom profile field, a text with an ISO date, that Moodle shows birth dates in."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What matching needs to know of a person.

    ``former``: accounts held under earlier keys of the same human. ``birth_date``: an ISO date, "" where unknown.
    """

    key: str
    idnumber: str
    username: str
    email: str
    lastname: str
    earlier_keys: tuple[str, ...] = ()
    unique_username: bool = False
    """A taken username gets a suffix instead of being a case."""
    former: frozenset[int] = frozenset()
    firstname: str = ""
    birth_date: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """``account`` is the person's; ``by`` says how it was found."""

    account: Account
    by: str


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Nobody in Moodle is this person: create."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A person must decide. ``kind`` is the case's kind, ``account_ids`` the candidates."""

    kind: str
    reason: str
    account_ids: tuple[int, ...] = field(default_factory=tuple)


def correlate(
    wanted: Wanted,
    candidates: Iterable[Account],
    bound: Collection[int],
    protected: Collection[str],
    contested: Collection[int] = (),
    left: Collection[int] = (),
) -> Match | NoMatch | Ambiguous:
    """Find the person's account among ``candidates`` (all accounts that share an idnumber, username or e-mail, or are
    held under an earlier key).

    ``bound`` are account ids that already belong to other people, ``protected`` usernames that are never touched,
    ``contested`` account ids that somebody else without an account could claim as well, ``left`` those of people
    who have left, which another human's address does not stand in the way of.
    """

    def only(hits: Sequence[Account], by: str) -> Match | Ambiguous:
        return _only(hits, by, bound, protected, contested)

    alive = [account for account in candidates if not account.deleted]
    held = [account for account in alive if account.id in wanted.former]
    if held:
        return only(held, "earlier binding")
    for by, keys in (("idnumber", [wanted.idnumber]), ("earlier key", wanted.earlier_keys)):
        names = {folded(key) for key in keys if key}
        hits = [account for account in alive if folded(account.idnumber) in names]
        if hits:
            return only(hits, by)
    free = [a for a in alive if not a.idnumber and a.username not in protected and a.id not in bound]
    same_email = [
        a
        for a in alive
        if wanted.email and folded(a.email) == folded(wanted.email) and not (a.id in left and is_another(wanted, a))
    ]
    known = [a for a in same_email if a in free and _is_known(wanted, a)]
    if known:
        by = "e-mail and surname" if any(_same_surname(wanted, a) for a in known) else "e-mail and birth date"
        return only(known, by)
    if same_email:
        reason = "the e-mail address is used by another Moodle account"
        return _taken("email_taken", f"{reason}{_why(wanted, same_email, bound, protected)}", same_email)
    same_username = [a for a in alive if wanted.username and folded(a.username) == folded(wanted.username)]
    if same_username and not wanted.unique_username:
        reason = "the username is used by another Moodle account"
        return _taken("username_taken", f"{reason}{_why(wanted, same_username, bound, protected)}", same_username)
    namesakes = [a for a in same_username if a in free and _same_name(wanted, a) and not _born_otherwise(wanted, a)]
    if namesakes:
        reason = "a Moodle account without an idnumber has the same name and username"
        return _taken("same_name", f"{reason}{_why(wanted, namesakes, bound, protected)}", namesakes)
    return NoMatch()


def _is_known(wanted: Wanted, account: Account) -> bool:
    """Surname or birth date says who it is; a father's and a son's account have one surname and two birth dates."""
    return _same_birth_date(wanted, account) or (
        _same_surname(wanted, account) and not _born_otherwise(wanted, account)
    )


def is_another(wanted: Wanted, account: Account) -> bool:
    """Does the account say that it is another human's for sure: by birth date, or by first name and surname?"""
    if _same_birth_date(wanted, account) or _born_otherwise(wanted, account):
        return _born_otherwise(wanted, account)
    first = folded(account.fields.get("firstname", ""))
    return (
        "" not in (first, wanted.firstname)
        and first != folded(wanted.firstname)
        and not _same_surname(wanted, account)
    )


def is_strangers(wanted: Wanted, account: Account) -> bool:
    """Is the account that was this person's another human's by all that it says? Moodle gives ids anew once it was put
    back to an older state."""
    keys = {folded(key) for key in (wanted.key, wanted.idnumber, *wanted.earlier_keys)}
    return (
        bool(account.idnumber)
        and folded(account.idnumber) not in keys
        and account.id not in wanted.former
        and folded(account.username) != folded(wanted.username)
        and folded(account.email) != folded(wanted.email)
        and is_another(wanted, account)
    )


def _same_surname(wanted: Wanted, account: Account) -> bool:
    return folded(account.fields.get("lastname", "")) == folded(wanted.lastname)


def _same_name(wanted: Wanted, account: Account) -> bool:
    there = folded(account.fields.get("firstname", ""))
    return bool(wanted.firstname) and there == folded(wanted.firstname) and _same_surname(wanted, account)


def _same_birth_date(wanted: Wanted, account: Account) -> bool:
    return bool(wanted.birth_date) and account.profile.get(BIRTH_DATE, "").strip() == wanted.birth_date


def _born_otherwise(wanted: Wanted, account: Account) -> bool:
    there = account.profile.get(BIRTH_DATE, "").strip()
    return bool(wanted.birth_date and there) and there != wanted.birth_date


def _why(wanted: Wanted, accounts: Sequence[Account], bound: Collection[int], protected: Collection[str]) -> str:
    """What speaks for each account and what against it, without any value; the first few."""

    def of(account: Account) -> str:
        remarks = {
            "same e-mail": bool(wanted.email) and folded(account.email) == folded(wanted.email),
            "same username": bool(wanted.username) and folded(account.username) == folded(wanted.username),
            "same name": _same_name(wanted, account),
            "same surname": _same_surname(wanted, account) and not _same_name(wanted, account),
            "another surname": not _same_surname(wanted, account),
            "same birth date": _same_birth_date(wanted, account),
            "another birth date": _born_otherwise(wanted, account),
            "has another idnumber": bool(account.idnumber),
            "belongs to another person": account.id in bound,
            "is protected": account.username in protected,
        }
        return f"{account.id}: {', '.join(text for text, holds in remarks.items() if holds)}"

    return f" ({'; '.join(of(account) for account in sorted(accounts, key=lambda a: a.id)[:5])})"


def _only(
    hits: Sequence[Account], by: str, bound: Collection[int], protected: Collection[str], contested: Collection[int]
) -> Match | Ambiguous:
    if len(hits) > 1:
        return _taken("two_matches", f"{len(hits)} Moodle accounts match by {by}", hits)
    hit = hits[0]
    if hit.id in bound:
        return _taken("already_bound", f"the Moodle account matched by {by} belongs to another person", hits)
    if hit.username in protected:
        return _taken("protected", f"the Moodle account matched by {by} is protected", hits)
    if hit.id in contested:
        return _taken("already_bound", f"several people could have the Moodle account matched by {by}", hits)
    return Match(hit, by)


def _taken(kind: str, reason: str, accounts: Sequence[Account]) -> Ambiguous:
    return Ambiguous(kind, reason, tuple(account.id for account in accounts))
