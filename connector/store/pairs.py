"""People beside the accounts that they have, as rows of the database tell of them."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.decide import AccountPair, Status
from connector.domain.plan_store import Holder, PersonPair
from connector.store.database import Row


def person_pair(row: Row, former: Sequence[tuple[str, int | None]]) -> PersonPair:
    pair = AccountPair(
        row["person_id"],
        row["key"],
        Status(row["status"]),
        row["wanted"],
        row["initial"],
        row["account_id"],
        row["known"] or {},
        line=row["line"],
        suspended_by_us=bool(row["suspended_by_us"]),
    )
    return PersonPair(
        pair,
        tuple(dict.fromkeys([*(row["earlier_keys"] or ()), *(key for key, _ in former)])),
        row["unique_username"],
        tuple(account_id for _, account_id in former if account_id is not None),
        row["birth_date"],
        row["released"] or {},
    )


def holder(row: Row) -> Holder:
    return Holder(
        row["account_id"],
        row["person_id"],
        row["key"],
        row["username"] or "",
        row["email"] or "",
        row["status"] == Status.LEFT,
        row["suspended_by_us"],
        row["formerly"] or "",
    )
