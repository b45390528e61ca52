"""Retention: what is older than the settings want goes, by the clock. Where nothing is set, nothing goes but
launches that are over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from connector.domain.certifying import FileStore, file_name
from connector.domain.erasing import Clock, HandedIn, Paper
from connector.domain.errors import SettingsError
from connector.privacy.erasing import EVIDENCE, Erasing

STEPS: Mapping[str, tuple[str, ...]] = {
    "statements_days": ("statements", "staged", "users"),
    "history_days": ("history", "rejections", "cases"),
    "imports_days": ("set_aside", "import_rejections"),
    "journal_days": ("changes", "operations"),
    "notices_days": ("due_notices",),
    "evidence_days": ("comments", "discards"),
    "attempts_days": ("attempts",),
    "viewings_days": ("viewings", "watched_on_trial"),
    "sign_in_days": ("sessions", "tries"),
}
"""By setting what is removed from the tables of the way in; each step is a query of its own."""
BY_RULE = "retention"
"""Who erases by the rule, and why, in the record."""


class RetentionStore(Protocol):
    def count(self, step: str, before: datetime) -> int: ...

    def remove(self, step: str, before: datetime) -> int: ...

    def remove_passed(self, now: datetime) -> None:
        """What goes whatever is set: launches that are over, and scores that arrived long ago."""
        ...

    def leavers(self, before: datetime, now: datetime) -> list[str]: ...

    def papers(self, before: datetime) -> list[Paper]:
        """Certificates that were over before, with a name still."""
        ...

    def withdraw_papers(self, before: datetime) -> None:
        """They have no file any more, whether it is gone yet or not."""
        ...

    def blank_papers(self, before: datetime) -> int:
        """Names and codes go of those that were withdrawn and not made anew meanwhile."""
        ...

    def handed_in(self, before: datetime) -> list[HandedIn]:
        """Files for questions that are marked, of attempts that were submitted before."""
        ...

    def handed_in_is_gone(self, gone: Sequence[HandedIn]) -> None:
        """The files are deleted; forget them."""
        ...


class OldFiles(Protocol):
    """Files that go by themselves, such as those that were read or refused, in folders of this computer."""

    def count(self, before: datetime) -> int: ...

    def remove(self, before: datetime) -> int: ...


@dataclass(frozen=True, slots=True)
class Retaining:
    """``days`` has the settings under ``retention``, each in days; what is None stays for good. ``files`` are by the
    setting by which they go."""

    days: Mapping[str, int | None]
    store: RetentionStore
    files: Mapping[str, OldFiles]
    papers: FileStore | None
    erasing: Erasing
    clock: Clock

    def preview(self) -> dict[str, int]:
        """What ``run`` would remove, by setting."""
        return self._each(
            self.store.count,
            lambda files, before: files.count(before),
            len,
            lambda before: len(self.store.papers(before)),
            lambda before: len(self.store.handed_in(before)),
        )

    def run(self) -> dict[str, int]:
        """Remove it; gives rows, files and people by setting. Raises the error tree; then the next run goes on.

        Erasures that were killed between the two databases end here, too, and what needs no setting to go.
        """
        self.erasing.finish()
        self.store.remove_passed(self.clock())
        return self._each(
            self.store.remove,
            lambda files, before: files.remove(before),
            self._erase,
            self._blank,
            self._forget,
        )

    def _each(
        self,
        rows: Callable[[str, datetime], int],
        files: Callable[[OldFiles, datetime], int],
        people: Callable[[list[str]], int],
        papers: Callable[[datetime], int],
        evidence: Callable[[datetime], int],
    ) -> dict[str, int]:
        now = self.clock()
        found: dict[str, int] = {}
        for setting, days in self.days.items():
            if days is None:
                continue
            before = now - timedelta(days=days)
            if setting in self.files:
                found[setting] = files(self.files[setting], before)
            elif setting == "leavers_days":
                found[setting] = people(self.store.leavers(before, now))
            elif setting == "certificates_days":
                found[setting] = papers(before)
            else:
                found[setting] = sum(rows(step, before) for step in STEPS[setting])
            if setting == "evidence_days":
                found[setting] += evidence(before)
        return found

    def _blank(self, before: datetime) -> int:
        """Killed anywhere in between, the next run finds them by the names that are there still, and nobody is
        offered a file that has gone."""
        old = self.store.papers(before)
        if self.papers is None and any(one.made for one in old):
            raise SettingsError(
                "retention.certificates_days: the settings do not say where files of certificates lie. Set "
                "certificates.folder, or certificates.s3.bucket, as it was when they were made."
            )
        self.store.withdraw_papers(before)
        for one in old:
            if self.papers is not None:
                self.papers.delete(file_name(one))
        return self.store.blank_papers(before)

    def _forget(self, before: datetime) -> int:
        """Killed in between, the next run deletes the same files again, which is no mistake."""
        old = self.store.handed_in(before)
        if self.erasing.evidence is None and old:
            raise SettingsError(
                f"content.folder: the settings do not say where {EVIDENCE} lie. Set it as it was then."
            )
        for one in old:
            if self.erasing.evidence is not None:
                self.erasing.evidence.delete(one.place)
        self.store.handed_in_is_gone(old)
        return len(old)

    def _erase(self, keys: list[str]) -> int:
        return sum(self.erasing.erase_at_once(key, f"{BY_RULE}.leavers_days", BY_RULE) is not None for key in keys)
