"""What is fetched becomes a file when it is whole, and never else."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.drops.fetched import FetchedDrop, Output
from connector.domain.errors import FeedRefused, SettingsError, Unavailable
from connector.domain.feeds import Delivery


@dataclass
class Told:
    """A source that writes these pieces, and then does what it is told to."""

    pieces: list[bytes]
    then: Callable[[], str] = lambda: ""
    since: list[str] = field(default_factory=list)

    def fetch(self, into: Output, since: str, /) -> str:
        self.since.append(since)
        for piece in self.pieces:
            into.write(piece)
        return self.then()


def gone() -> str:
    raise Unavailable("gone")


def only(drop: FetchedDrop) -> Delivery:
    (delivery,) = drop.look().ready
    return delivery


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_one_look_is_one_delivery(tmp_path: Path) -> None:
    """Known by its name and the digest of what came; the same content has the same digest."""
    drop = FetchedDrop(tmp_path / "spool", "hr", Told([b"a\n", b"b\n"]))
    delivery = only(drop)
    assert (delivery.name, delivery.size) == ("hr.jsonl", 4)
    assert delivery.digest == hashlib.sha256(b"a\nb\n").hexdigest() == only(drop).digest
    assert delivery.path.read_bytes() == b"a\nb\n"


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """The spool holds everything about everybody, and so does what was refused."""
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o755)
    drop = FetchedDrop(spool, "hr", Told([b"a\n"], lambda: "mark"))
    drop.mark_refused(only(drop), "too small")
    only(drop)
    assert {stat.S_IMODE(path.stat().st_mode) for path in [spool, *spool.rglob("*")] if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in spool.rglob("*") if path.is_file()} == {0o600}


def test_a_fetch_that_fails_is_no_delivery(tmp_path: Path) -> None:
    """What came before stays as it was, and nothing half is left."""
    good = only(FetchedDrop(tmp_path, "hr", Told([b"whole\n"])))
    with pytest.raises(Unavailable):
        FetchedDrop(tmp_path, "hr", Told([b"half"], gone)).look()
    assert files(tmp_path) == ["hr.jsonl"]
    assert good.path.read_bytes() == b"whole\n"


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    """Half a company does not lie about for ever."""
    (tmp_path / ".hr.abc.part").write_bytes(b"half")
    only(FetchedDrop(tmp_path, "hr", Told([b"a\n"])))
    assert files(tmp_path) == ["hr.jsonl"]


def test_done_is_removed_and_refused_is_kept_once(tmp_path: Path) -> None:
    """Personal data does not pile up: the last refused one is there to be looked at."""
    drop = FetchedDrop(tmp_path, "hr", Told([b"a\n"]))
    assert drop.mark_done(only(drop)) is None
    assert files(tmp_path) == []
    drop.mark_refused(only(drop), "one")
    assert drop.mark_refused(only(drop), "two") == tmp_path / "refused" / "hr.jsonl"
    assert files(tmp_path) == ["refused/hr.jsonl", "refused/hr.jsonl.reason.txt"]
    assert (tmp_path / "refused" / "hr.jsonl.reason.txt").read_text() == "two\n"


def test_a_newer_fetch_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    """What was not read is neither removed nor called refused."""
    old = only(FetchedDrop(tmp_path, "hr", Told([b"a\n"])))
    drop = FetchedDrop(tmp_path, "hr", Told([b"other\n"]))
    only(drop)
    assert drop.mark_done(old) is None
    assert drop.mark_refused(old, "no") is None
    assert files(tmp_path) == ["hr.jsonl"]


def test_a_delta_goes_on_after_what_was_done(tmp_path: Path) -> None:
    """A delivery that was refused, or never read, comes again."""
    marks = iter(["one", "two", "three", "four"])
    source = Told([b"a\n"], lambda: next(marks))
    drop = FetchedDrop(tmp_path, "hr", source)
    drop.mark_done(only(drop))
    drop.mark_refused(only(drop), "no")
    only(drop)
    drop.mark_done(only(drop))
    only(FetchedDrop(tmp_path, "hr", last := Told([])))
    assert source.since == ["", "one", "one", "one"]
    assert last.since == ["four"]


def test_too_much_is_refused(tmp_path: Path) -> None:
    """A system that never ends does not fill the disk."""
    with pytest.raises(FeedRefused, match="hr: more came than may"):
        FetchedDrop(tmp_path, "hr", Told([b"12345"] * 3), most_bytes=10).look()
    assert files(tmp_path) == []


def test_a_spool_that_cannot_be_used(tmp_path: Path) -> None:
    """The sentence names the folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"spool folder .*file"):
        FetchedDrop(tmp_path / "file", "hr", Told([])).look()
