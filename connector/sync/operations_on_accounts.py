"""Operations on accounts: create, and update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.domain.decide import IDENTITY_FIELDS, temporary_identity
from connector.domain.errors import AnswerLost, SetAside, TryAgain
from connector.domain.journal import Outcome, OutcomeState, Pending
from connector.domain.matching import folded
from connector.domain.plan import Action
from connector.domain.ports import Account, Moodle
from connector.domain.usernames import LONGEST

OWN_PASSWORDS = frozenset({"manual"})
"""Sign-in methods for which Moodle keeps the password: it makes and mails the first one itself."""


_INSTALLED = {"lang": "the language pack", "auth": "the method"}
"""What a field names that may not be installed in Moodle, which then refuses the account without saying why."""
_ALWAYS_THERE = frozenset({("lang", "en"), ("auth", "manual")})


class AccountCreation:
    """Create accounts. All or nothing in Moodle; 50 a call measured best."""

    batch = 50

    def __init__(self, moodle: Moodle) -> None:
        self._moodle = moodle
        self._taken = set(_ALWAYS_THERE)

    async def send(self, batch: Sequence[Pending]) -> list[Outcome]:
        made = await self._moodle.create_accounts([_new(one) for one in batch])
        self._taken.update(said for one in batch for said in _installable(one))
        await self._suspend([(one, made[_username(one)]) for one in batch])
        dropped = await self._dropped(batch[0], made[_username(batch[0])])
        return [
            Outcome(one.ordinal, OutcomeState.DONE, made[_username(one)], "dropped" if dropped else "", dropped)
            for one in batch
        ]

    async def found(self, batch: Sequence[Pending]) -> list[Outcome]:
        """The username was written down before the first send: an account that has it and our idnumber is ours."""
        by_username = {
            account.username: account
            for account in await self._moodle.accounts_by("username", [_username(one) for one in batch])
        }
        ours = [
            (one, by_username[_username(one)].id)
            for one in batch
            if _username(one) in by_username
            and by_username[_username(one)].idnumber == str(one.change.after.get("idnumber", ""))
        ]
        await self._suspend(ours)
        return [_done(one, account_id) for one, account_id in ours]

    async def cause(self, one: Pending, error: SetAside) -> str:
        fields = one.change.after
        if await self._moodle.accounts_by("username", [_username(one)]):
            return "username: another Moodle account has it."
        email = str(fields.get("email", ""))
        if email and await self._moodle.accounts_by("email", [email]):
            return "email: another Moodle account has it, in whatever case."
        if len(_username(one)) > LONGEST:
            return f"username: it has over {LONGEST} characters."
        if suspects := [said for said in _installable(one) if said not in self._taken]:
            names = " or ".join(name for name, _ in suspects)
            what = " or ".join(f"{_INSTALLED[name]} {value}" for name, value in suspects)
            return f"most likely {names}: {what} is not installed in Moodle, which does not say."
        return f"Moodle does not say why ({error.code}); fields sent: {', '.join(sorted(fields))}."

    async def _dropped(self, one: Pending, account_id: int) -> str:
        """Which custom fields Moodle dropped without a word, because it has none of that name.

        One account of a batch is looked at: a field is there for everybody or for nobody.
        """
        wanted = one.change.after.get("profile", {})
        if not wanted:
            return ""
        there = await self._moodle.accounts_by("id", [str(account_id)])
        lost = sorted(name for name in wanted if there and name not in there[0].profile)
        return (
            f"The account was made without {', '.join(lost)}: make the custom profile field in Moodle." if lost else ""
        )

    async def _suspend(self, made: Sequence[tuple[Pending, int]]) -> None:
        """Moodle accepts no ``suspended`` when it creates, so those who have not started yet are updated at once."""
        rows = [
            {"id": account_id, "suspended": 1} for one, account_id in made if one.change.after.get("suspended") == "1"
        ]
        if rows:
            await self._moodle.update_accounts(rows)


def _installable(one: Pending) -> list[tuple[str, str]]:
    """Fields of a change that name what must be installed, with their values."""
    fields = one.change.after
    return [(name, str(fields[name])) for name in _INSTALLED if fields.get(name)]


class AccountUpdate:
    """Change fields of accounts. Moodle applies good rows and warns of bad ones.

    The accounts are read before, so that nobody's change is overwritten unseen, and read again afterwards,
    because Moodle drops what it does not know (a custom field, variables beyond PHP's limit) without a word. Whoever
    has a temporary username or e-mail and is refused the new one gets the former back.
    """

    batch = 100

    def __init__(self, moodle: Moodle) -> None:
        self._moodle = moodle

    async def send(self, batch: Sequence[Pending]) -> list[Outcome]:
        outcomes = [_waiting(one) for one in batch if one.account_id is None]
        ready = [one for one in batch if one.account_id is not None]
        there = await self._read(ready)
        todo = []
        for one in ready:
            verdict = _before_writing(one, there.get(one.account_id or 0))
            if verdict is None:
                todo.append(one)
            else:
                outcomes.append(verdict)
        return [*outcomes, *(await self._write(todo, there) if todo else ())]

    async def _write(self, todo: Sequence[Pending], before: Mapping[int, Account]) -> list[Outcome]:
        warned = {one.item: one for one in await self._moodle.update_accounts([_update(one) for one in todo])}
        try:
            await self._give_back([one for one in todo if one.account_id in warned], before)
            there = await self._read([one for one in todo if one.account_id not in warned])
        except TryAgain as error:  # it was written: whoever tries again must not take it for somebody else's doing
            raise AnswerLost(str(error)) from error
        return [
            _refused(one, warning.code, _WARNINGS.get(warning.code, "Moodle refused this change."))
            if (warning := warned.get(one.account_id or 0))
            else _after_writing(one, there.get(one.account_id or 0))
            for one in todo
        ]

    async def found(self, batch: Sequence[Pending]) -> list[Outcome]:  # noqa: ARG002
        return []  # send reads first, and sees what has happened already

    async def cause(self, one: Pending, error: SetAside) -> str:
        if one.change.action is Action.CHANGE_IDENTITY and one.account_id is not None:
            await self._give_back([one], await self._read([one]))
        return f"Moodle refuses this change ({error.code}); fields sent: {', '.join(sorted(one.change.after))}."

    async def _give_back(self, refused: Sequence[Pending], there: Mapping[int, Account]) -> None:
        """Nobody keeps a temporary value; where another has the former by now, the next plan makes it a case."""
        rows = [
            {"id": one.account_id, **former}
            for one in refused
            if (former := _former(one, there.get(one.account_id or 0)))
        ]
        if rows:
            await self._moodle.update_accounts(rows)

    async def _read(self, batch: Sequence[Pending]) -> dict[int, Account]:
        ids = [str(one.account_id) for one in batch]
        return {account.id: account for account in await self._moodle.accounts_by("id", ids)} if ids else {}


_WARNINGS = {
    "dmlwriteexception": "username: another Moodle account has it.",
    "useremailduplicate": "email: another Moodle account has it, in whatever case.",
    "invaliduserid": "The account was deleted in Moodle.",
    "usernotupdatedadmin": "The account is a Moodle administrator's, which a token may not change.",
}


def _before_writing(one: Pending, account: Account | None) -> Outcome | None:
    """None where the write may go on."""
    if account is None or account.deleted:
        return _refused(one, "gone", "The account was deleted in Moodle since the plan was made.")
    if _has(account, one.change.after) and _shows(account, one.change.after):
        return _done(one) if one.uncertain else _so_already(one)
    if not one.uncertain and not _has(account, {**one.change.before, **_held_for_a_moment(one, account)}):
        return _refused(
            one, "changed_meanwhile", "Somebody changed this in Moodle since the plan was made; it is planned anew."
        )
    return None


def _held_for_a_moment(one: Pending, account: Account) -> dict[str, str]:
    """What of the change's fields has a temporary value now: see ``connector.domain.decide.released_identity``."""
    if one.change.action is not Action.CHANGE_IDENTITY:
        return {}
    temporary = temporary_identity(one.change.person_id).items()
    return {
        name: value for name, value in temporary if name in one.change.before and account.fields.get(name) == value
    }


def _former(one: Pending, account: Account | None) -> dict[str, object]:
    """The real values that were there before the temporary ones."""
    held = _held_for_a_moment(one, account) if account is not None else {}
    return {name: one.change.before[name] for name, value in held.items() if one.change.before[name] != value}


def _after_writing(one: Pending, account: Account | None) -> Outcome:
    if account is not None and _has(account, one.change.after):
        return _done(one)
    singly = [part for field in one.change.after.items() for part in _singly(*field)]
    lost = [name for name, part in singly if account is None or not _has(account, part)]
    return _refused(
        one,
        "dropped",
        f"Moodle took the change and kept nothing of: {', '.join(lost)}. "
        "For profile fields: make the custom profile field in Moodle; for others: see PHP's max_input_vars.",
    )


def _singly(name: str, value: Any) -> list[tuple[str, dict[str, Any]]]:
    """A field by its name, custom ones each by its own, and what it is to be."""
    if name != "profile":
        return [(name, {name: value})]
    return [(f"profile.{key}", {name: {key: text}}) for key, text in value.items()]


def _has(account: Account, fields: Mapping[str, Any]) -> bool:
    """Does the account have these values, as far as Moodle shows them to the token?"""
    return all(_value_is(account, name, value) for name, value in fields.items())


def _value_is(account: Account, name: str, value: Any) -> bool:
    if name == "profile":
        return all(account.profile.get(key, "") == text for key, text in value.items())
    if name == "suspended":
        return account.suspended == (str(value) == "1")
    there: str = account.fields.get(name, value)
    return folded(there) == folded(value) if name in IDENTITY_FIELDS else there == str(value)


def _shows(account: Account, fields: Mapping[str, Any]) -> bool:
    """Does Moodle show all of these fields to the token? What is not shown is written without looking."""
    return all(name in ("profile", "suspended") or name in account.fields for name in fields)


def _new(one: Pending) -> dict[str, object]:
    row = _fields(one.change.after)
    row.pop("suspended", None)
    if row.get("auth", "manual") in OWN_PASSWORDS:
        row["createpassword"] = 1
    return row


def _update(one: Pending) -> dict[str, object]:
    return {"id": one.account_id, **_fields(one.change.after)}


def _fields(after: Mapping[str, Any]) -> dict[str, object]:
    """A change's fields in the shape of Moodle's functions: custom fields are a list of type and value."""
    row: dict[str, object] = {name: value for name, value in after.items() if name != "profile"}
    if "profile" in after:
        row["customfields"] = [{"type": name, "value": value} for name, value in sorted(after["profile"].items())]
    return row


def _username(one: Pending) -> str:
    return str(one.change.after["username"])


def _done(one: Pending, moodle_id: int | None = None) -> Outcome:
    return Outcome(one.ordinal, OutcomeState.DONE, moodle_id)


def _so_already(one: Pending) -> Outcome:
    """Somebody else did it since the plan was made: it is theirs, as id 0 says."""
    return Outcome(one.ordinal, OutcomeState.DONE, 0, "already", "It was so already, by somebody else.")


def _refused(one: Pending, code: str, message: str) -> Outcome:
    return Outcome(one.ordinal, OutcomeState.REFUSED, None, code, message)


def _waiting(one: Pending) -> Outcome:
    return Outcome(
        one.ordinal, OutcomeState.WAITING, None, "no_account", "The person has no Moodle account to write to yet."
    )
