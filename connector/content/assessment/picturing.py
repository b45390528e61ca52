"""Files of pictures of questions: kept when questions come, and gone some time after no question has them any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from connector.domain.assessments import PICTURES, Picture
from connector.domain.certifying import FileStore

T = TypeVar("T")

AT_ONCE = 20
"""Files that are deleted before it is looked whether one is used again: to look takes a walk through all content."""


class Pictures(Protocol):
    """Which pictures are used. One file is of all questions that have the same picture, as its name says."""

    def unused(self, picture_ids: Sequence[str]) -> Sequence[str]:
        """Those of these that no question has: neither of content as it is now, nor of a version that was used."""
        ...

    def note(self, unused: Sequence[str], now: datetime) -> None:
        """Keep since when these, and no others, are unused."""
        ...

    def unused_since(self, unused: Sequence[str], before: datetime) -> Sequence[str]:
        """Those of these of which it was noted before."""
        ...


@dataclass(frozen=True, slots=True)
class Picturing:
    """``count`` and ``remove`` are ``OldFiles`` of ``connector.privacy.retaining``."""

    pictures: Pictures
    files: FileStore
    clock: Callable[[], datetime]

    def keep(self, pictures: Sequence[Picture], contents: Mapping[str, bytes], save: Callable[[], T]) -> T:
        """Keep files, and ``save`` the questions that have them; gives what that gives.

        A file that was there, and went as unused just then, is put there once more: from now on it is used, and stays.
        """
        for one in pictures:
            self.files.put(one.place, contents[one.picture_id])
        saved = save()
        for one in pictures:
            if self.files.get(one.place) is None:
                self.files.put(one.place, contents[one.picture_id])
        return saved

    def count(self, before: datetime) -> int:
        """What ``remove`` would delete; nothing is changed."""
        return len(self.pictures.unused_since(self._unused(), before))

    def remove(self, before: datetime) -> int:
        """What no question has had since. Killed in between, the next run deletes the same again."""
        unused = self._unused()
        self.pictures.note(unused, self.clock())
        due = self.pictures.unused_since(unused, before)
        return sum(self._delete(due[start : start + AT_ONCE]) for start in range(0, len(due), AT_ONCE))

    def _delete(self, picture_ids: Sequence[str]) -> int:
        """What a question has in this moment is put back; gives how many have gone."""
        contents = {one: self.files.get(_place(one)) for one in picture_ids}
        for one in picture_ids:
            self.files.delete(_place(one))
        used = set(picture_ids) - set(self.pictures.unused(picture_ids))
        for one in used:
            if (content := contents[one]) is not None:
                self.files.put(_place(one), content)
        return len(picture_ids) - len(used)

    def _unused(self) -> Sequence[str]:
        return self.pictures.unused([name.rpartition("/")[2] for name in self.files.names(PICTURES)])


def _place(picture_id: str) -> str:
    return f"{PICTURES}/{picture_id}"
