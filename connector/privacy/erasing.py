"""A person is erased: first from the way in, then from the facts, each in one transaction; then files of certificates
and those that were handed in.

Killed in between, the record says that the rest is still to follow: the same command, `--again`, or the job of
retention goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

from connector.domain.certifying import FileStore, file_name
from connector.domain.erasing import (
    Clock,
    ErasableFacts,
    Erased,
    Erasure,
    ErasureStore,
    Identity,
    Kind,
    Marker,
    Preview,
    approval,
    checked_reason,
    pseudonyms_of,
)
from connector.domain.errors import Busy, SettingsError

FILES = "files of certificates"
EVIDENCE = "files that were handed in"
"""As which these are counted, beside the tables."""
NOBODY_KNOWN = (
    "PERSON: neither HR's data nor the records of former systems have somebody with this key. A record without a key "
    "is asked for by its address."
)
ALIKE = {Kind.KEY: (Kind.KEY, Kind.IDNUMBER), Kind.EMAIL: (Kind.EMAIL,)}
"""As what a word of a row that came to nothing may have been the person's."""
SHORTEST_HASH = 8
"""Characters of a hash by which somebody approves."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """``erased`` and ``marker`` are those of the store: by what people are known again, and what makes hashes.

    ``files``: where those of certificates lie, ``evidence``: those that people handed in; None where the settings name
    no place.
    """

    store: ErasureStore
    facts: ErasableFacts
    files: FileStore | None
    evidence: FileStore | None
    site: str
    erased: Callable[[], Erased]
    marker: Callable[[], Marker]
    clock: Clock

    def preview(self, key: str) -> Preview:
        """What erasing the person would do; nothing is changed.

        Raises SettingsError where nobody has this key, or the person is erased already; Busy while people are
        worked on.
        """
        with self._alone():
            self._not_erased(key)
            return self._preview(self._identity(key))

    def erase(self, key: str, reason: str, by: str, approved: str) -> Erasure:
        """Erase the person as it was approved, or go on with an erasure that was killed in between.

        Raises as ``preview`` does, and SettingsError where what was approved is not what would be done.
        """
        with self._alone():
            if (begun := self._begun(key)) is not None:
                return self._settle(self._from_facts(begun))
            self._not_erased(key)
            identity = self._identity(key)
            why = checked_reason(reason, by, identity)
            found = self._preview(identity)
            if len(approved) < SHORTEST_HASH or not found.hash.startswith(approved):
                raise SettingsError(
                    "--yes: this is not the hash of what would be erased now. Look again without --yes."
                )
            return self._erase(identity, self._record(why, by))

    def erase_at_once(self, key: str, reason: str, by: str) -> Erasure | None:
        """Erase somebody by a rule that was set; None where there is nobody any more."""
        with self._alone():
            identity = self.store.identity(key)
            return self._erase(identity, self._record(reason, by)) if identity is not None else None

    def again(self, records: Iterable[Erasure] = ()) -> list[Erasure]:
        """After an older backup was restored: erase once more whoever was erased.

        ``records``: those that were written out before.
        """
        with self._alone():
            for record in records:
                self.store.keep_record(record)
            marker = self.marker()
            people = {marker.mark(Kind.KEY, key): key for key in self.store.known_keys()}
            words = [(like, value) for kind, value in self.store.set_aside() for like in ALIKE[kind]]
            aside = {(kind, marker.mark(kind, value)): value for kind, value in words}
            old = [record for record in self.store.records() if record.readmitted_at is None]
            done = [self._once_more(record, marker, people, aside) for record in old]
            both = zip(old, done, strict=True)
            settled = [self._settle(replace(again, counts={**one.counts, **again.counts})) for one, again in both]
        return [replace(one, counts=again.counts) for one, again in zip(settled, done, strict=True) if again.counts]

    def finish(self) -> int:
        """Let the facts follow where an erasure was killed in between; gives how many there were."""
        begun = [record for record in self.store.records() if record.facts_erased_at is None]
        if not begun:
            return 0
        with self._alone():
            for record in [self._from_facts(record) for record in begun]:
                self._settle(record)
        return len(begun)

    def readmit(self, pseudonym: str, by: str, reason: str, only: str | None = None) -> None:
        """The person may be taken in again. Raises SettingsError where nobody has this pseudonym, or did it before."""
        if only is not None and only not in [kind.value for kind in Kind]:
            raise SettingsError(f"--only: it is one of {', '.join(Kind)}.")
        if not reason.strip():
            raise SettingsError("--reason: say why; it is kept on record.")
        if not self.store.readmit(pseudonym, by, reason.strip(), self.clock(), only):
            raise SettingsError(
                "PSEUDONYM: nobody is set aside under this one; `moodle-connector person erasures` lists."
            )

    # ------------------------------------------------------------ steps
    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.store.lock() as way_in, self.facts.lock() as way_back:
            if not (way_in and way_back):
                raise Busy("People are being worked on: a feed, a plan, or the mirror. Try again when that has ended.")
            yield

    def _identity(self, key: str) -> Identity:
        identity = self.store.identity(key)
        if identity is None:
            raise SettingsError(NOBODY_KNOWN)
        return identity

    def _not_erased(self, key: str) -> None:
        if (known := self.erased().find([key])) is not None and self.store.identity(key) is None:
            raise SettingsError(f"PERSON: this person was erased already, as {known.pseudonym}.")

    def _begun(self, key: str) -> Erasure | None:
        known = self.erased().find([key])
        found = (one for one in self.store.records() if known is not None and one.pseudonym == known.pseudonym)
        return next((one for one in found if one.facts_erased_at is None), None)

    def _preview(self, identity: Identity) -> Preview:
        both = {
            **self.store.preview(identity),
            **self.facts.preview(pseudonyms_of("erased", identity.person_ids)),
            **self._filed(identity),
        }
        works_here = self.store.works_here(identity, self.clock())
        console = self.store.namesakes(identity)
        hashed = approval(self.site, identity, both, console)
        return Preview(both, hashed, works_here, len(identity.keys), self.store.standing(identity), console)

    def _record(self, reason: str, by: str) -> Erasure:
        ident = uuid4()
        fingerprint = self.marker().fingerprint
        pseudonym = f"erased-{ident.hex[:12]}"
        return Erasure(str(ident), self.site, pseudonym, (), self.clock(), by, reason, {}, fingerprint)

    def _filed(self, identity: Identity) -> dict[str, int]:
        """How many files the person has, by kind. Raises SettingsError where they could not be deleted."""
        made = sum(paper.made for paper in self.store.papers(identity.person_ids))
        found = {FILES: made, EVIDENCE: len(self.store.handed_in(identity.person_ids))}
        self._reachable(found)
        return {kind: files for kind, files in found.items() if files}

    def _reachable(self, counts: Mapping[str, int]) -> None:
        if counts.get(EVIDENCE) and self.evidence is None:
            raise SettingsError(
                f"content.folder: the settings do not say where {EVIDENCE} lie. Set it as it was at that time."
            )
        if counts.get(FILES) and self.files is None:
            raise SettingsError(
                "certificates.folder: files of certificates name the person, and the settings do not say where they "
                "lie. Set it, or certificates.s3.bucket, as it was when they were made."
            )

    def _erase(self, identity: Identity, record: Erasure) -> Erasure:
        return self._settle(self._from_facts(self._from_way_in(identity, record, self.marker())))

    def _from_way_in(self, identity: Identity, record: Erasure, marker: Marker) -> Erasure:
        """The record is kept with the number of files: whoever goes on after a kill knows that there are some."""
        counts = {**record.counts, **self._filed(identity)}
        standing = self.store.standing(identity) or record.standing
        return self.store.erase(identity, replace(record, counts=counts, standing=standing), marker)

    def _from_facts(self, record: Erasure) -> Erasure:
        counts = self.facts.erase(pseudonyms_of(record.pseudonym, record.person_ids))
        return replace(record, counts={**record.counts, **counts})

    def _settle(self, record: Erasure) -> Erasure:
        """Files go, and all has followed. Raises SettingsError where there are some and nobody says where they lie."""
        handed_in = self.store.handed_in(record.person_ids)
        self._reachable({**record.counts, EVIDENCE: len(handed_in)})
        for paper in self.store.papers(record.person_ids):
            if self.files is not None:
                self.files.delete(file_name(paper))
        if self.evidence is not None:
            for one in handed_in:
                self.evidence.delete(one.place)
            self.store.handed_in_is_gone(handed_in)
        done = replace(record, facts_erased_at=self.clock())
        self.store.facts_erased(done)
        return done

    def _once_more(
        self, record: Erasure, marker: Marker, people: Mapping[bytes, str], aside: Mapping[tuple[Kind, bytes], str]
    ) -> Erasure:
        """Whoever has a key of this record is erased anew, under the same pseudonym, and so is what was set aside
        under a key or an address of it; the facts follow in any case."""
        marks = [(Kind(kind), bytes.fromhex(mark)) for kind, mark in record.marks]
        again = replace(record, counts={})
        for key in [people[mark] for kind, mark in marks if kind is Kind.KEY and mark in people]:
            if (identity := self.store.identity(key)) is not None:
                again = self._from_way_in(identity, again, marker)
        met = [(kind, aside[kind, mark]) for kind, mark in marks if (kind, mark) in aside]
        if met:
            keys = frozenset(value for kind, value in met if kind is not Kind.EMAIL)
            emails = frozenset(value for kind, value in met if kind is Kind.EMAIL)
            nothing = frozenset[str]()
            again = self._from_way_in(Identity((), keys, nothing, emails, nothing, nothing), again, marker)
        return self._from_facts(again)
