"""The operation that nothing takes back: the deletion of accounts of people who left long ago."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.errors import SetAside
from connector.domain.journal import Outcome, OutcomeState, Pending
from connector.domain.ports import Moodle
from connector.domain.writing import Writer
from connector.sync.operations_on_grants import account_of, as_done
from connector.sync.refusals import Refusal, came


class AccountDeletion:
    """Delete accounts. All or nothing in Moodle. They are read before: only what is suspended still goes."""

    batch = 50

    def __init__(self, moodle: Moodle, writer: Writer) -> None:
        self._moodle = moodle
        self._writer = writer

    async def send(self, batch: Sequence[Pending]) -> list[Outcome | Refusal]:
        outcomes: dict[int, Outcome | Refusal] = {
            one.ordinal: _waiting(one) for one in batch if one.account_id is None
        }
        found = await self._moodle.accounts_by("id", [str(one.account_id) for one in batch if one.account_id])
        there = {account.id: account for account in found if not account.deleted}
        todo = []
        for one in batch:
            account = there.get(one.account_id or 0)
            if one.ordinal in outcomes:
                continue
            if one.account_id != one.change.before.get("account"):
                outcomes[one.ordinal] = _refused(one, "The person has another account since the plan was made.")
            elif account is None:
                outcomes[one.ordinal] = Outcome(one.ordinal, OutcomeState.DONE)
            elif not account.suspended:
                outcomes[one.ordinal] = _refused(one, "Somebody made the account active again; it is kept.")
            else:
                todo.append(one)
        if todo:
            answers = await self._writer.delete_accounts([account_of(one) for one in todo])
            outcomes |= zip((one.ordinal for one in todo), came(todo, answers, as_done), strict=True)
        return [outcomes[one.ordinal] for one in batch]

    async def found(self, batch: Sequence[Pending]) -> list[Outcome]:  # noqa: ARG002
        return []  # send reads first, and sees what has happened already

    async def cause(self, one: Pending, error: SetAside) -> str:  # noqa: ARG002
        return f"Moodle does not delete this account ({error.code}): administrators and the token's own stay."


def _waiting(one: Pending) -> Outcome:
    return Outcome(one.ordinal, OutcomeState.WAITING, None, "no_account", "The person has no Moodle account.")


def _refused(one: Pending, message: str) -> Outcome:
    return Outcome(one.ordinal, OutcomeState.REFUSED, None, "changed_meanwhile", message)
