"""How a person stands now, by HR, by source, in Moodle, and by the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connector.domain.explaining import Dossier, Standing
from connector.domain.grants import GrantKind
from connector.explain.heard import ABSENT, SHORT, said_of, where
from connector.explain.learning import is_away
from connector.explain.texts import Text, text


@dataclass(frozen=True, slots=True)
class MappingNow:
    """The mapping of today. ``given``: by field, the source whose word counts, where there are several.

    ``in_scope``: None where that is not asked.
    """

    digest: str
    given: tuple[tuple[str, str], ...] = ()
    in_scope: bool | None = None


def standing(dossier: Dossier, mapping: MappingNow) -> tuple[Text, ...]:
    """Sentences, from HR to Moodle."""
    return (
        *_by_hr(dossier),
        *_by_source(dossier, mapping),
        *_in_moodle(dossier.person),
        *_by_mapping(dossier, mapping),
    )


def _by_hr(dossier: Dossier) -> Iterator[Text]:
    person = dossier.person
    if person is None:
        yield text("HR never had a row of this key that could be used")
        return
    place = where(dossier, person.said.feed_id, person.said.line)
    yield text(
        "{status}; {said}; said last by {where}",
        status=person.status.value,
        said=str(said_of(person.said.fields)),
        where=place,
    )
    for leave in person.leaves:
        last = leave.last.isoformat() if leave.last else "an unknown day"
        yield text("leave from {first} until {last}", first=leave.first, last=last)
    if is_away(dossier):
        yield text("on leave now: nothing is due")
    if person.gone:
        yield text(f"{ABSENT}: counts as having left", day=person.absent_since)
    elif person.absent_since:
        yield text(f"{ABSENT}: counts as having left after a second good feed", day=person.absent_since)


def _by_source(dossier: Dossier, mapping: MappingNow) -> Iterator[Text]:
    for one in dossier.statements:
        fields = ", ".join(name for name, source in mapping.given if source == one.source)
        state = " (gone from there)" if one.gone else ""
        gives = text("source {source}{state}, {where}: gives {fields}", source=one.source, state=state,
                     where=where(dossier, one.feed_id, one.line), fields=fields or "nothing that counts")  # fmt: skip
        yield gives


def _in_moodle(person: Standing | None) -> Iterator[Text]:
    if person is None:
        return
    if person.account_id is None:
        yield text("no account in Moodle")
        return
    state = {True: "suspended", False: "active", None: "not read yet"}[person.suspended]
    yield text(
        "account {id} in Moodle ({state}), since {day}: {by}",
        id=person.account_id, state=state, day=person.bound_at, by=person.bound_by,
    )  # fmt: skip


def _by_mapping(dossier: Dossier, mapping: MappingNow) -> Iterator[Text]:
    read = {feed.mapping_digest for feed in dossier.newest.values()}
    if read and read != {mapping.digest}:
        found = ", ".join(sorted(digest[:SHORT] for digest in read))
        yield text("HR was last read by mapping {read}; it is {now} today, and counts from the next feed on",
                   read=found, now=mapping.digest[:SHORT])  # fmt: skip
    else:
        yield text("mapping {now}", now=mapping.digest[:SHORT])
    if mapping.in_scope is False:
        yield text("the scope of the mapping leaves this person out")
    for one in dossier.wanted:
        if one.missing and one.kind is not GrantKind.GROUP:
            values = {"rule": one.rule, "what": f"{one.kind.value} {one.target}", "courses": ", ".join(one.missing)}
            yield text("{rule}: {what} waits until {courses} is completed", **values)


@dataclass(frozen=True, slots=True)
class Given:
    """One line of what somebody has or is to have."""

    kind: str
    target: str
    rule: str
    state: str
    due: str


def grants_now(dossier: Dossier) -> tuple[Given, ...]:
    """What is granted or wanted, with the rule that gives it."""
    active = {(one.kind, one.target): one for one in dossier.ledger if one.ended_at is None}
    wanted = {(one.kind, one.target): one for one in dossier.wanted}
    found = []
    for kind, target in sorted({*active, *wanted}):
        grant, wish = active.get((kind, target)), wanted.get((kind, target))
        if grant is None:
            state = "waiting" if wish and wish.missing else "not given"
        else:
            state = "suspended" if grant.suspended else "given" if grant.ours else "recognised"
        rule = wish.rule if wish else "nothing any more"
        due = str(grant.terms.get("due_on") or "") if grant else ""
        found.append(Given(kind.value, target, rule, state, due))
    return tuple(found)
