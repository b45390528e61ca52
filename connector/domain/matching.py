"""Which Moodle account is this person's? Pure: candidates in, an answer out.

Order, first unique hit wins: live binding (never asked here), Moodle's idnumber, declared earlier keys, e-mail
with surname where the account has no idnumber and is not protected. Anything weaker is a suggestion to a person;
two candidates, or an account that is already bound, are a case to settle and never a guess.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from connector.domain.ports import Account


def folded(text: str) -> str:
    """For comparing: Unicode-normalised and case-folded, so that a difference in case alone is none."""
    return unicodedata.normalize("NFC", text).casefold().strip()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What matching needs to know of a person."""

    key: str
    idnumber: str
    username: str
    email: str
    lastname: str
    earlier_keys: tuple[str, ...] = ()
    unique_username: bool = False
    """A taken username gets a suffix instead of being a case."""


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
    wanted: Wanted, candidates: Iterable[Account], bound: Collection[int], protected: Collection[str]
) -> Match | NoMatch | Ambiguous:
    """Find the person's account among ``candidates`` (all accounts that share an idnumber, username or e-mail).

    ``bound`` are account ids that already belong to other people, ``protected`` usernames that are never touched.
    """
    alive = [account for account in candidates if not account.deleted]
    for by, key in [("idnumber", wanted.idnumber), *(("earlier key", key) for key in wanted.earlier_keys)]:
        hits = [account for account in alive if key and folded(account.idnumber) == folded(key)]
        if hits:
            return _only(hits, by, bound, protected)
    same_email = [a for a in alive if wanted.email and folded(a.email) == folded(wanted.email)]
    claimable = [
        a
        for a in same_email
        if not a.idnumber
        and a.username not in protected
        and a.id not in bound
        and folded(a.fields.get("lastname", "")) == folded(wanted.lastname)
    ]
    if claimable:
        return _only(claimable, "e-mail and surname", bound, protected)
    if same_email:
        return _taken("email_taken", "the e-mail address is used by another Moodle account", same_email)
    same_username = [a for a in alive if folded(a.username) == folded(wanted.username)]
    if same_username and not wanted.unique_username:
        return _taken("username_taken", "the username is used by another Moodle account", same_username)
    return NoMatch()


def _only(hits: Sequence[Account], by: str, bound: Collection[int], protected: Collection[str]) -> Match | Ambiguous:
    if len(hits) > 1:
        return _taken("two_matches", f"{len(hits)} Moodle accounts match by {by}", hits)
    hit = hits[0]
    if hit.id in bound:
        return _taken("already_bound", f"the Moodle account matched by {by} belongs to another person", hits)
    if hit.username in protected:
        return _taken("protected", f"the Moodle account matched by {by} is protected", hits)
    return Match(hit, by)


def _taken(kind: str, reason: str, accounts: Sequence[Account]) -> Ambiguous:
    return Ambiguous(kind, reason, tuple(account.id for account in accounts))
