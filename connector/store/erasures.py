"""Erasing people from the tables of the way in, and knowing them again; see ``connector.domain.erasing``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connector.domain.erasing import (
    NOBODY,
    Counts,
    Elsewhere,
    Erased,
    Erasure,
    HandedIn,
    Identity,
    Kind,
    Marker,
    Paper,
    pseudonyms_of,
    purpose_of,
)
from connector.domain.errors import SettingsError
from connector.store.database import Connection, Database, Row, dumps, one, query

_BEGIN = ("begin", "begin_words", "begin_actors", "begin_accounts", "begin_users")
STEPS = (
    ("connector.plan", "plans"), ("", "holds"), ("", "plan_people"), ("connector.operation", "operations"),
    ("connector.change", "changes"), ("connector.change", "changes_of_others"), ("connector.undone", "undone"),
    ("connector.case", "cases"), ("", "end_cases"), ("connector.decision", "decisions"),
    ("connector.decision", "decided"), ("connector.due_notice", "due_notices"), ("connector.welcome", "welcomes"),
    ("connector.calendar_entry", "calendar_entries"), ("connector.linked_login", "linked_logins"),
    ("connector.completed_course", "completed"),
    ("connector.ledger", "ledger"), ("connector.reserved_username", "usernames"), ("connector.account", "accounts"),
    ("", "subjects"), ("connector.binding", "bindings"),
    ("connector.rejection", "rejections"), ("connector.staged", "staged"),
    ("", "import_addresses"), ("connector.import_record", "import_records"),
    ("connector.import_rejection", "import_rejections"), ("connector.statement", "statements"),
    ("connector.statement", "statements_of_others"),
    ("connector.differing_grant", "differing"), ("connector.present_grant", "present"), ("", "scim_managers"),
    ("connector.scim_member", "scim_members"), ("connector.scim_user", "scim_users"), ("connector.person", "people"),
    ("connector.person", "people_of_others"), ("connector.certificate", "certificates"),
    ("connector.certificate", "certificates_of_others"), ("connector.evidence", "evidence"),
    ("connector.attempt", "attempts"), ("connector.attempt", "discards"),
    ("connector.answer", "answers"), ("connector.mark", "comments"),
    ("connector.mark", "marks_of_others"), ("connector.content", "contents"),
    ("connector.content_version", "content_versions"), ("connector.regrade", "regrades"),
    ("connector.allowance", "allowances"), ("connector.allowance", "allowances_of_others"),
    ("connector.learning_event", "learning_events"),
    ("connector.media", "media"), ("connector.viewing", "viewings"), ("connector.lti_score", "lti_scores"),
    ("connector.lti_session", "lti_sessions"), ("connector.teaching", "teaching"),
    ("connector.lti_person", "lti_people"),
    ("connector.audit_trail", "audit_trail"),
    ("connector.audit_trail", "audited_accounts"), ("connector.console_account", "console_accounts"),
    ("connector.hold", "actors_of_holds"), ("connector.plan", "actors_of_plans"),
    ("connector.case", "actors_of_cases"),
    ("connector.feed_release", "actors_of_feeds"), ("connector.import_batch", "actors_of_imports"),
    ("connector.scim_token", "actors_of_tokens"),
    ("connector.api_token", "actors_of_api_tokens"), ("connector.lti_platform", "actors_of_platforms"),
    ("connector.lti_invitation", "actors_of_invitations"), ("connector.erasure", "actors_of_erasures"),
    ("connector.person_event", "events"),
    ("connector.person_event", "events_of_others"), ("connector.left_person", "left_people"),
    ("connector.left_person", "left_people_of_others"), ("connector.person_event", "earlier_in_history"),
    ("", "grant_sets"),
)  # fmt: skip
"""What erasing does, in this order, and the table under which its rows are counted; "" is not told."""
_TRIAL = "erased-trial"


class Erasures:
    """Implements ``connector.domain.erasing.ErasureStore``. ``clients``: identity systems that push to this site.

    ``secret`` gives that of the settings, and is asked only where somebody is or was erased. ``moodle`` is the
    address of our own Moodle.
    """

    def __init__(
        self, database: Database, site: str, clients: Sequence[str], secret: Callable[[], str], moodle: str
    ) -> None:
        self._database = database
        self._site = site
        self._clients = list(clients)
        self._secret = secret
        self._moodle = moodle.rstrip("/")

    # ------------------------------------------------------------ knowing again
    def erased(self) -> Erased:
        """Everybody who is known again. Raises SettingsError where the secret is missing or another one."""
        marks = self._database.rows("erasing.marks", site=self._site)
        usernames = self._database.rows("erasing.username_marks", site=self._site)
        if not marks and not usernames:
            return NOBODY
        return Erased(
            self.marker(),
            {(purpose_of(row["kind"]), row["mark"]): row["pseudonym"] for row in marks},
            frozenset(row["mark"] for row in usernames),
        )

    def marker(self) -> Marker:
        """What makes hashes. Raises SettingsError where the secret is missing, or is not that of earlier erasures."""
        marker = Marker(self._secret())
        made = {row["fingerprint"] for row in self._database.rows("erasing.fingerprints", site=self._site)}
        if made - {marker.fingerprint}:
            raise SettingsError(
                "privacy.secret: people were erased with another one, and would not be known again. "
                "Give the secret of then; it cannot be changed."
            )
        return marker

    def told(self, key: str) -> tuple[str, datetime] | None:
        """Pseudonym and day of somebody who was erased, by the key of then or the pseudonym; None for anybody else."""
        known = self.erased().find([key])
        named = known.pseudonym if known else key
        row = self._database.row("erasing.told", site=self._site, named=named)
        return (row["pseudonym"], row["erased_at"]) if row else None

    # ------------------------------------------------------------ erasing
    @contextmanager
    def lock(self) -> Iterator[bool]:
        """All that reads or writes people of this site: the way in, feeds, and what goes to Moodle."""
        with ExitStack() as held:
            yield all(
                held.enter_context(self._database.lock(f"{what} {self._site}"))
                for what in ("way in", "feed", "moodle")
            )

    def identity(self, key: str) -> Identity | None:
        found = self._database.rows("erasing.same_human", site=self._site, key=key)
        ids = [row["person_id"] for row in found]
        values: dict[str, set[str]] = {}
        for row in self._database.rows("erasing.identifiers", site=self._site, ids=ids, key=key):
            values.setdefault(row["kind"], set()).add(row["value"])
        if not ids and not values:
            return None
        kinds = ("key", "idnumber", "email", "username", "name")
        return Identity(tuple(ids), *(frozenset(values.get(kind, ())) for kind in kinds))

    def works_here(self, identity: Identity, now: datetime) -> bool:
        ids = list(identity.person_ids)
        return bool(self._database.one("erasing.works_here", ids=ids, now=now)["found"])

    def preview(self, identity: Identity) -> Counts:
        def work(connection: Connection) -> Counts:
            with connection.transaction(force_rollback=True):
                return self._erase(connection, identity, _TRIAL, datetime.now(UTC))

        return self._database.transact(work)

    def standing(self, identity: Identity) -> Counts:
        values = {"ids": list(identity.person_ids), "words": identity.words()}
        found = self._database.one("erasing.standing", site=self._site, **values)
        return {Elsewhere[name.upper()].value: many for name, many in found.items() if many}

    def namesakes(self, identity: Identity) -> Mapping[str, bool]:
        values = {"ids": list(identity.person_ids), "words": identity.words()}
        return {row["name"]: row["surely"] for row in self._database.rows("erasing.namesakes", **values)}

    def erase(self, identity: Identity, record: Erasure, marker: Marker) -> Erasure:
        def work(connection: Connection) -> Erasure:
            for username in sorted(identity.usernames):
                values = {"site": self._site, "mark": marker.username(username)}
                connection.execute(query("erasing.keep_username"), values)
            counts = self._erase(connection, identity, record.pseudonym, record.erased_at)
            ids = identity.person_ids or record.person_ids
            kept = replace(record, person_ids=ids, counts={**record.counts, **counts})
            _keep(connection, kept)
            for kind, mark in identity.marks(marker):
                _keep_mark(connection, kept.erasure_id, kind, mark)
            return kept

        return self._database.transact(work)

    def _erase(self, connection: Connection, identity: Identity, pseudonym: str, now: datetime) -> Counts:
        """Run all steps; gives the rows that each table had of the person."""
        pseudonyms = pseudonyms_of(pseudonym, identity.person_ids)
        values: dict[str, Any] = {
            "site": self._site,
            "now": now,
            "ids": list(pseudonyms),
            "pseudonyms": list(pseudonyms.values()),
            "pseudonym": pseudonym,
            "words": identity.words(),
            "clients": self._clients,
            "moodle": self._moodle,
        }
        for step in _BEGIN:
            connection.execute(query(f"erasing.{step}"), values)
        counts: dict[str, int] = {}
        for table, step in STEPS:
            rows = connection.execute(query(f"erasing.{step}"), values).rowcount
            if table and rows:
                counts[table] = counts.get(table, 0) + rows
        for table in ("erasing", "telling", "acting", "erased_account", "erased_user", "erased_subject"):
            connection.execute(f"DROP TABLE {table}".encode())
        return counts

    def papers(self, person_ids: Sequence[int]) -> list[Paper]:
        rows = self._database.rows("erasing.papers", site=self._site, ids=list(person_ids))
        return [Paper(**row) for row in rows]

    def handed_in(self, person_ids: Sequence[int]) -> list[HandedIn]:
        return [HandedIn(**row) for row in self._database.rows("erasing.handed_in", ids=list(person_ids))]

    def handed_in_is_gone(self, gone: Sequence[HandedIn]) -> None:
        self._database.run("erasing.handed_in_is_gone", file_ids=[one.file_id for one in gone])

    def facts_erased(self, record: Erasure) -> None:
        counts = dumps(dict(record.counts)).decode()
        values = {"erasure_id": record.erasure_id, "now": record.facts_erased_at, "counts": counts}
        self._database.run("erasing.facts_erased", **values)

    # ------------------------------------------------------------ records
    def records(self) -> list[Erasure]:
        return [_record(row) for row in self._database.rows("erasing.records", site=self._site)]

    def keep_record(self, record: Erasure) -> bool:
        def work(connection: Connection) -> bool:
            if one(connection, "erasing.known_record", erasure_id=record.erasure_id)["found"]:
                return False
            _keep(connection, replace(record, site=self._site))
            for kind, mark in record.marks:
                _keep_mark(connection, record.erasure_id, Kind(kind), bytes.fromhex(mark))
            return True

        return self._database.transact(work)

    def known_keys(self) -> list[str]:
        return [row["key"] for row in self._database.rows("erasing.unerased", site=self._site)]

    def set_aside(self) -> list[tuple[Kind, str]]:
        rows = self._database.rows("erasing.set_aside", site=self._site)
        return [(Kind(row["kind"]), row["value"]) for row in rows]

    def readmit(self, pseudonym: str, by: str, reason: str, now: datetime, only: str | None) -> bool:
        kinds = [only] if only else [kind.value for kind in Kind]
        values = {"site": self._site, "pseudonym": pseudonym, "by": by, "reason": reason, "now": now, "kinds": kinds}

        def work(connection: Connection) -> bool:
            done = connection.execute(query("erasing.forget_marks"), values).rowcount
            if only is None:
                done += connection.execute(query("erasing.readmit"), values).rowcount
            for step in ("read_again", "states_again"):
                connection.execute(query(f"erasing.{step}"), values)
            return done > 0

        return self._database.transact(work)


def _keep(connection: Connection, record: Erasure) -> None:
    names = (
        "erasure_id", "site", "pseudonym", "erased_at", "erased_by", "reason", "fingerprint", "facts_erased_at",
        "readmitted_at", "readmitted_by", "readmitted_because",
    )  # fmt: skip
    values = {name: getattr(record, name) for name in names}
    counts = dumps(dict(record.counts)).decode()
    values |= {"person_ids": list(record.person_ids), "standing": dumps(dict(record.standing)).decode()}
    connection.execute(query("erasing.keep"), {**values, "counts": counts})


def _keep_mark(connection: Connection, erasure_id: str, kind: Kind, mark: bytes) -> None:
    values = {"erasure_id": erasure_id, "kind": kind.value, "mark": mark}
    connection.execute(query("erasing.keep_mark"), values)


def _record(row: Row) -> Erasure:
    marks = tuple((kind, mark) for kind, mark in row["marks"])
    return Erasure(**{**row, "person_ids": tuple(row["person_ids"]), "marks": marks})
