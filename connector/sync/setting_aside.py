"""Rows of people who were erased: known again by keyed hashes, and set aside: nothing of them is kept anew. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from connector.domain.erasing import Erased, Known
from connector.domain.feeds import SetAsideRow, StagedPerson, StagedRow, StagedSaying
from connector.domain.people import Rejection, Removed


def set_aside(rows: Iterable[StagedRow], erased: Erased) -> Iterator[StagedRow]:
    """The rows of a feed, those of erased people without anything of theirs; where nobody was erased, as they are."""
    return (_looked_at(row, erased) for row in rows) if erased else iter(rows)


def person_set_aside(row: StagedPerson, erased: Erased) -> StagedPerson | SetAsideRow:
    """The person, set aside where erased; else with the pseudonym of a manager who was."""
    if not erased:
        return row
    wanted = {**row.initial, **row.wanted}
    keys = (row.person.key, wanted.get("idnumber", ""), *row.person.earlier_keys)
    if (known := erased.find(keys, (wanted.get("email", ""),))) is not None:
        return _aside(row.line, row.person.key, known)
    manager = erased.find((row.person.manager,))
    return replace(row, person=replace(row.person, manager=manager.pseudonym)) if manager else row


def _looked_at(row: StagedRow, erased: Erased) -> StagedRow:
    if isinstance(row, StagedPerson):
        return person_set_aside(row, erased)
    if isinstance(row, StagedSaying):
        return _saying(row, erased)
    if isinstance(row, Removed):
        known = erased.find((row.key,))
        return replace(row, key=known.pseudonym) if known else row
    if isinstance(row, list) and row and row[0].key and (known := erased.find((row[0].key,))):
        return [replace(each, key=known.pseudonym) for each in row]
    return row


def _saying(row: StagedSaying, erased: Erased) -> StagedRow:
    said = row.said
    known = erased.find((said["key"], said.get("idnumber", "")), (said.get("email", ""),))
    if known is not None:
        return _aside(row.line, said["key"], known)
    manager = erased.find((said.get("manager", ""),))
    return replace(row, said={**said, "manager": manager.pseudonym}) if manager else row


def _aside(line: int, key: str, known: Known) -> SetAsideRow:
    """Under the pseudonym, so that nobody is counted as absent; one who only shares an address is another key's."""
    of = known.pseudonym if known.surely else key
    return SetAsideRow(line, of, Rejection(line, of, "key" if known.surely else "email", _why(known)))


def _why(known: Known) -> str:
    if known.surely:
        return (
            f"this person was erased as {known.pseudonym} and is not taken in again; "
            f"`moodle-connector person readmit {known.pseudonym}` where the person is back"
        )
    return (
        f"the address is that of somebody who was erased as {known.pseudonym}; where it is another person's now, "
        f"`moodle-connector person readmit {known.pseudonym} --only email`"
    )
