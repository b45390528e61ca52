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
from connector.domain.writing import Created, Writer
from connector.sync.refusals import Refusal, came

OWN_PASSWORDS = frozenset({"manual"})
"""Sign-in methods for which Moodle keeps the password: it makes and mails the first one itself."""


_INSTALLED = {"lang": "the language pack", "auth": "the method"}
"""What a field names that may not be installed in Moodle, which then refuses the account without saying why."""
_ALWAYS_THERE = frozenset({("lang", "en"), ("auth", "manual")})


class AccountCreation:
    """Create accounts. All or nothing in Moodle; 50 a call measured best."""

    batch = 50

    def __init__(self, moodle: Moodle, writer: Writer) -> None:
        self._moodle = moodle
        self._writer = writer
        self._taken = set(_ALWAYS_THERE)

    async def send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        answers = await self._writer.create_accounts([_new(one) for one in batch])
        made = [one for one, answer in zip(batch, answers, strict=True) if isinstance(answer, Created)]
        self._taken.update(said for one in made for said in _installable(one))
        return came(batch, answers, _made)

    async def found(self, batch: Sequence[Pending]) -> list[Outcome]:
        """The username was written down before the first send: an account that has it and our idnumber is ours."""
        by_username = {
            account.username: account
            for account in await self._moodle.accounts_by("username", [_username(one) for one in batch])
        }
        ours = [
            (one, by_username[_username(one)])
            for one in batch
            if _username(one) in by_username
            and by_username[_username(one)].idnumber == str(one.change.after.get("idnumber", ""))
        ]
        await self._suspend(ours)
        return [_done(one, account.id) for one, account in ours]

    async def cause(self, one: Pending, error: SetAside) -> str:
        fields = one.change.after
        if error.field and error.field not in IDENTITY_FIELDS:
            return _cause_by_field(error, fields)
        if await self._moodle.accounts_by("username", [_username(one)]):
            return "username: another Moodle account has it."
        email = str(fields.get("email", ""))
        if email and await self._moodle.accounts_by("email", [email]):
            return "email: another Moodle account has it, in whatever case."
        if len(_username(one)) > LONGEST:
            return f"username: it has over {LONGEST} characters."
        if not error.field and (suspects := [said for said in _installable(one) if said not in self._taken]):
            names = " or ".join(name for name, _ in suspects)
            what = " or ".join(f"{_INSTALLED[name]} {value}" for name, value in suspects)
            return f"most likely {names}: {what} is not installed in Moodle, which does not say."
        if error.field:
            return _cause_by_field(error, fields)
        return f"Moodle does not say why ({error.code}); fields sent: {', '.join(sorted(fields))}."

    async def _suspend(self, found: Sequence[tuple[Pending, Account]]) -> None:
        """The answer may have been lost before those were suspended who have not started yet."""
        rows = [
            {"id": account.id, "suspended": 1}
            for one, account in found
            if one.change.after.get("suspended") == "1" and not account.suspended
        ]
        if rows:
            await self._writer.update_accounts(rows)


def _cause_by_field(error: SetAside, fields: Mapping[str, Any]) -> str:
    """Where Moodle's plugin says which field it is."""
    if error.field in _INSTALLED and fields.get(error.field):
        return f"{error.field}: {_INSTALLED[error.field]} {fields[error.field]} is not installed in Moodle."
    return f"{error.field}: Moodle does not accept it ({error.code})."


def _made(one: Pending, created: Created) -> Outcome:
    if not created.dropped:
        return _done(one, created.id)
    lost = ", ".join(created.dropped)
    text = f"The account was made without {lost}: make the custom profile field in Moodle."
    return Outcome(one.ordinal, OutcomeState.DONE, created.id, "dropped", text)


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

    def __init__(self, moodle: Moodle, writer: Writer) -> None:
        self._moodle = moodle
        self._writer = writer

    async def send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        outcomes: list[Outcome | Refusal] = [_waiting(one) for one in batch if one.account_id is None]
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

    async def _write(self, todo: Sequence[Pending], before: Mapping[int, Account]) -> Sequence[Outcome | Refusal]:
        answers = await self._writer.update_accounts([_update(one) for one in todo])
        refused = [one for one, answer in zip(todo, answers, strict=True) if answer]
        try:
            await self._give_back(refused, before)
            there = await self._read([one for one, answer in zip(todo, answers, strict=True) if not answer])
        except TryAgain as error:  # it was written: whoever tries again must not take it for somebody else's doing
            raise AnswerLost(str(error)) from error
        return [
            (_refused_by(one, answer) if isinstance(answer, SetAside) else Refusal(one, answer))
            if answer
            else _after_writing(one, there.get(one.account_id or 0))
            for one, answer in zip(todo, answers, strict=True)
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
            await self._writer.update_accounts(rows)

    async def _read(self, batch: Sequence[Pending]) -> dict[int, Account]:
        ids = [str(one.account_id) for one in batch]
        return {account.id: account for account in await self._moodle.accounts_by("id", ids)} if ids else {}


_BY_FIELD = {"username": "username: another Moodle account has it, or Moodle does not accept it."}
_WARNINGS = {
    "dmlwriteexception": "username: another Moodle account has it.",
    "useremailduplicate": "email: another Moodle account has it, in whatever case.",
    "invaliduserid": "The account was deleted in Moodle.",
    "usernotupdatedadmin": "The account is a Moodle administrator's, which a token may not change.",
}


def _refused_by(one: Pending, error: SetAside) -> Outcome:
    known = _WARNINGS.get(error.code)
    by_field = (
        f"{error.field}: Moodle does not accept it ({error.code})." if error.field else "Moodle refused this change."
    )
    return _refused(one, error.code, known or _BY_FIELD.get(error.field, by_field))


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
    if row.pop("suspended", "") == "1":
        row["suspended"] = 1
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
