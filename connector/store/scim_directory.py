"""The directory of one SCIM client in PostgreSQL; see ``connector.domain.scim.DirectoryStore``.

Whoever writes locks the client's row first: changes come one after another, so that none is lost, their numbers grow
in the order in which they are committed, and no two wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg

from connector.domain.erasing import NOBODY, Erased
from connector.domain.scim import (
    Draft,
    Entry,
    Keys,
    Kind,
    Membership,
    MemberUnknown,
    NameTaken,
    Narrowing,
    Related,
    Slice,
    WasErased,
)
from connector.store.database import Connection, Database, Row, dumps, one, query

T = TypeVar("T")

ROOMS = {Kind.USER: "scim_user", Kind.GROUP: "scim_group"}


@dataclass(frozen=True, slots=True)
class ScimDirectory:
    database: Database
    client: int
    clock: Callable[[], datetime]
    erased: Callable[[], Erased] = lambda: NOBODY

    # ------------------------------------------------------------ reading
    def get(self, kind: Kind, ident: str, related: bool) -> Entry | None:
        if not is_id(ident):
            return None
        return self.database.transact(lambda connection: self._get(connection, kind, ident, related))

    def find(self, kind: Kind, narrowing: Narrowing, part: Slice, related: bool) -> tuple[int, Sequence[Entry]]:
        if not all(value is None or is_id(value) for value in (narrowing.id, narrowing.member)):
            return 0, ()
        values = {
            "client": self.client,
            "id": narrowing.id,
            "name": narrowing.name,
            "external": narrowing.external,
            "number": narrowing.number,
            "email": narrowing.email,
            "member": narrowing.member,
            "start": part.start,
            "count": part.count,
            "order": ("down" if part.descending else "up") if part.by_name else "",
        }

        def work(connection: Connection) -> tuple[int, Sequence[Entry]]:
            total = one(connection, f"{ROOMS[kind]}.count", **values)["found"]
            rows = connection.execute(query(f"{ROOMS[kind]}.find"), values).fetchall()
            return total, self._entries(connection, kind, rows, related)

        return self.database.transact(work)

    def _get(self, connection: Connection, kind: Kind, ident: str, related: bool) -> Entry | None:
        rows = connection.execute(query(f"{ROOMS[kind]}.get"), {"client": self.client, "id": ident}).fetchall()
        return next(iter(self._entries(connection, kind, rows, related)), None)

    def _entries(self, connection: Connection, kind: Kind, rows: list[Row], related: bool) -> list[Entry]:
        others = self._related(connection, kind, [row["id"] for row in rows]) if related and rows else {}
        return [Entry(kind=kind, related=tuple(others.get(row["id"], ())), **row) for row in rows]

    def _related(self, connection: Connection, kind: Kind, ids: list[str]) -> dict[str, list[Related]]:
        found: dict[str, list[Related]] = {}
        for row in connection.execute(query(f"{ROOMS[kind]}.related"), {"client": self.client, "ids": ids}):
            found.setdefault(row["of"], []).append(Related(row["id"], Kind(row["kind"]), row["display"]))
        return found

    # ------------------------------------------------------------ writing
    def add(self, kind: Kind, draft: Draft) -> Entry:
        def work(writing: _Writing) -> Entry:
            ident = str(uuid4())
            entry = Entry(kind=kind, **writing.keep(f"{ROOMS[kind]}.add", ident, draft))
            if not draft.members:
                return entry
            writing.move(ident, Membership(draft.members))
            return self._with_related(writing, entry)

        return self._write(work, surely=True)

    def alter(self, kind: Kind, ident: str, work: Callable[[Entry], Draft | None]) -> Entry | None:
        def alter(writing: _Writing) -> Entry | None:
            entry = self._get(writing.connection, kind, ident, related=True)
            if entry is None or (draft := work(entry)) is None:
                return entry
            altered = replace(writing.tell(entry, draft), related=entry.related)
            if draft.members is None or not writing.move(ident, Membership(draft.members, alone=True)):
                return altered
            return self._with_related(writing, altered)

        return self._write(alter) if is_id(ident) else None

    def join(self, ident: str, work: Callable[[Entry], Draft | None], members: Membership) -> Entry | None:
        def join(writing: _Writing) -> Entry | None:
            entry = self._get(writing.connection, Kind.GROUP, ident, related=False)
            if entry is None:
                return None
            draft = work(entry)
            told = None if draft is None else writing.tell(entry, draft)
            if writing.move(ident, members) and told is None:
                return writing.touch(entry)
            return told or entry

        return self._write(join) if is_id(ident) else None

    def remove(self, kind: Kind, ident: str, check: Callable[[Entry], None]) -> bool:
        def remove(writing: _Writing) -> bool:
            entry = self._get(writing.connection, kind, ident, related=False)
            if entry is None:
                return False
            check(entry)
            if kind is Kind.GROUP:
                writing.run("scim.touch_members", id=ident)
            for group in writing.rows("scim.leave_all", id=ident):
                writing.run("scim.touch_group", id=group)
            writing.run(f"{ROOMS[kind]}.remove", id=ident)
            return True

        return self._write(remove) if is_id(ident) else False

    def _with_related(self, writing: _Writing, entry: Entry) -> Entry:
        others = self._related(writing.connection, entry.kind, [entry.id])
        return replace(entry, related=tuple(others.get(entry.id, ())))

    def _write(self, work: Callable[[_Writing], T], *, surely: bool = False) -> T:
        """``surely``: this changes something, whatever is found there."""

        def transaction(connection: Connection) -> T:
            now = self.clock()
            begin = "scim.begin_change" if surely else "scim.lock_client"
            change = one(connection, begin, client=self.client, now=now)["change"]
            writing = _Writing(connection, self.client, change, now, self.erased)
            done = work(writing)
            if writing.wrote and not surely:
                writing.run("scim.note_change")
            return done

        try:
            return self.database.transact(transaction)
        except psycopg.errors.UniqueViolation as error:
            raise NameTaken("Another user has this userName.", "uniqueness") from error


@dataclass(slots=True)
class _Writing:
    """One transaction that writes into a directory; ``change`` is its number."""

    connection: Connection
    client: int
    change: int
    now: datetime
    erased: Callable[[], Erased]
    wrote: bool = False

    def run(self, query_name: str, /, **values: object) -> None:
        self._execute(query_name, values)

    def rows(self, query_name: str, /, **values: object) -> list[str]:
        """Ids that a query gives."""
        return [row["id"] for row in self._execute(query_name, values).fetchall()]

    def keep(self, query_name: str, ident: str, draft: Draft) -> Row:
        """The resource as it is kept now, but for what it is related to."""
        keys = draft.keys
        if query_name.startswith(ROOMS[Kind.USER]):
            self._not_erased(keys)
        values: dict[str, object] = {
            "id": ident,
            "document": dumps(draft.document).decode(),
            "name": keys.name,
            "external": keys.external,
            "number": keys.number,
            "emails": list(keys.emails),
        }
        [row] = self._execute(query_name, values).fetchall()
        return row

    def _not_erased(self, keys: Keys) -> None:
        """Raises WasErased for somebody who is known again by anything that identity systems name users by."""
        names = [value for value in (keys.number, keys.external, keys.name) if value]
        if (known := self.erased().find(names, (*keys.emails, keys.name))) is not None:
            raise WasErased(
                f"This person was erased as {known.pseudonym} and is not taken in again. Take the person out of "
                "what is pushed here, or ask those who run the connector to readmit the person."
            )

    def tell(self, entry: Entry, draft: Draft) -> Entry:
        """Keep what has become of a resource, but for the members of a group."""
        kept = Entry(kind=entry.kind, **self.keep(f"{ROOMS[entry.kind]}.alter", entry.id, draft))
        if entry.kind is Kind.GROUP and draft.document.get("displayName") != entry.document.get("displayName"):
            self.run("scim.touch_members", id=entry.id)
        return kept

    def touch(self, group: Entry) -> Entry:
        """A new version of a group, because others are in it."""
        [row] = self._execute("scim.touch_group", {"id": group.id}).fetchall()
        return Entry(kind=Kind.GROUP, **row)

    def move(self, group: str, members: Membership) -> bool:
        """Let members come and go; True where that altered anything. Raises MemberUnknown."""
        moved = self._moving("scim.leave_but", group, members.comes) if members.alone else []
        if members.goes:
            moved += self._moving("scim.leave", group, members.goes)
        if members.comes:
            if len(self._known(members.comes)) < len(members.comes):
                raise MemberUnknown("A member is neither a user nor a group of this directory.", "invalidValue")
            moved += self._moving("scim.join_users", group, members.comes)
            moved += self._moving("scim.join_groups", group, members.comes)
        if moved:
            self.run("scim.touch_users", ids=_uuids(moved))
        return bool(moved)

    def _known(self, ids: Collection[str]) -> list[str]:
        values = {"client": self.client, "ids": _uuids(ids)}
        return [row["id"] for row in self.connection.execute(query("scim.known"), values)]

    def _moving(self, name: str, group: str, ids: Collection[str]) -> list[str]:
        """Those who moved; it is a change only where there are any."""
        values = {"client": self.client, "id": group, "ids": _uuids(ids)}
        return [row["id"] for row in self.connection.execute(query(name), values)]

    def _execute(self, name: str, values: dict[str, object]) -> psycopg.Cursor[Row]:
        self.wrote = True
        shared = {"client": self.client, "change": self.change, "now": self.now}
        return self.connection.execute(query(name), {**shared, **values})


def is_id(given: str) -> bool:
    """Whether this may be an id of ours: a UUID in the one form that we give."""
    try:
        return str(UUID(given)) == given
    except ValueError:
        return False


def _uuids(ids: Collection[str]) -> list[UUID]:
    """Those that may be ids of ours."""
    return [UUID(ident) for ident in ids if is_id(ident)]
