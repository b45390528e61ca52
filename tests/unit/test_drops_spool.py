"""The spool: wholly or not at all, for nobody else, nothing left over; and the choice, whatever arrives."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.drops.choosing import UNFINISHED, Choice, NoRoomError, NotYetError, Seen, UnusableError, free_names
from adapters.drops.spool import Spool, Write
from connector.domain.errors import SettingsError, Unavailable
from connector.domain.feeds import Delivery


def spool(folder: Path, max_bytes: int = 1_000_000) -> Spool:
    one = Spool(folder / "spool", max_bytes)
    one.begin()
    return one


def pieces(*content: bytes) -> Callable[[Write], None]:
    def read(write: Write) -> None:
        for piece in content:
            write(piece)

    return read


def files(one: Spool) -> list[Path]:
    return [path for path in one.folder.rglob("*") if path.is_file()]


@given(st.lists(st.binary(max_size=50), max_size=5), st.integers(0, 300))
def test_only_what_is_as_long_as_listed_is_there(content: list[bytes], listed: int) -> None:
    """Shorter or longer is no delivery, in whatever pieces it comes; the digest is that of the content."""
    whole = b"".join(content)
    with tempfile.TemporaryDirectory() as folder:
        one = spool(Path(folder))
        if len(whole) == listed:
            path, digest = one.fetch("a.csv", Seen(listed, 1.5), pieces(*content))
            assert (path.read_bytes(), path.stat().st_mtime) == (whole, 1.5)
            assert digest == hashlib.sha256(whole).hexdigest()
            assert files(one) == [path]
        else:
            with pytest.raises(NotYetError):
                one.fetch("a.csv", Seen(listed, 1.5), pieces(*content))
            assert files(one) == []


def test_a_fetch_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """The error is that of the connection, whatever it is."""
    one = spool(tmp_path)

    def read(write: Write) -> None:
        write(b"x")
        raise Unavailable("gone")

    with pytest.raises(Unavailable):
        one.fetch("a.csv", Seen(5, 0), read)
    assert files(one) == []


def test_a_file_that_fits_no_disk_is_told_before_it_is_fetched(tmp_path: Path) -> None:
    """Who reads the message knows which folder needs room, and how much."""
    one = spool(tmp_path, max_bytes=1 << 62)
    with pytest.raises(NoRoomError, match="bytes are needed"):
        one.fetch("a.csv", Seen(1 << 60, 0), pieces())


def test_a_disk_that_fills_up_within_a_file_is_told(tmp_path: Path) -> None:
    """The limit of the operating system stands for it; what was written is gone again."""
    one = spool(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(NoRoomError, match="no room"):
            one.fetch("a.csv", Seen(500, 0), pieces(b"x" * 500))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(one) == []


def test_a_name_that_is_too_long_here_is_told(tmp_path: Path) -> None:
    """S3 allows names that no file system does; others go on."""
    one = spool(tmp_path)
    with pytest.raises(UnusableError, match="too long"):
        one.fetch("a" * 300, Seen(1, 0), pieces(b"x"))
    assert files(one) == []


def test_the_next_look_removes_what_was_not_put_away(tmp_path: Path) -> None:
    """A refused feed ends the run; copies of those behind it are fetched again."""
    one = spool(tmp_path)
    one.fetch("a.csv", Seen(1, 0), pieces(b"x"))
    one.begin()
    assert files(one) == []
    one.discard(one.fetch("a.csv", Seen(1, 0), pieces(b"x"))[0])
    assert list(one.folder.iterdir()) == []


def test_what_a_living_process_reads_stays_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    """Processes share the folder; only a lock that nobody holds says that a copy is left over."""
    code = (
        "import sys; from pathlib import Path; from adapters.drops.spool import Spool, Seen\n"
        f"one = Spool(Path({str(tmp_path / 'spool')!r}), 10); one.begin()\n"
        "one.fetch('theirs.csv', Seen(1, 0), lambda write: write(b'x')); print('ready', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdin is not None
    with other:
        assert other.stdout.readline() == b"ready\n"
        one = spool(tmp_path)
        assert [path.name for path in files(one)] == ["theirs.csv"]
        other.kill()
        other.wait()
    one.begin()
    assert files(one) == []


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    """Feeds are people's data; the folder is told and the way to mend it."""
    (tmp_path / "spool").mkdir(mode=0o755)
    with pytest.raises(SettingsError, match="chmod 700"):
        spool(tmp_path)
    (tmp_path / "spool").chmod(0o700)
    spool(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_setting_to_correct(tmp_path: Path) -> None:
    """The message names the folder."""
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(SettingsError, match="spool"):
        spool(tmp_path)


NAMES = st.text("ab.csv/\n", min_size=1, max_size=8)
SEEN = st.builds(Seen, st.integers(0, 3), st.integers(0, 3).map(float), st.sampled_from("ab"), st.booleans())
LISTINGS = st.dictionaries(NAMES, SEEN, max_size=6)


@given(LISTINGS, LISTINGS, st.sampled_from([None, ".c", ".csv"]), st.sampled_from(["oldest", "newest"]))
def test_what_is_taken_is_stable_plain_marked_and_in_order(
    before: dict[str, Seen], after: dict[str, Seen], marker: str | None, order: str
) -> None:
    """Whatever two listings say: nothing is taken that is not the same in both, and each name has one answer."""
    listings = iter((before, after))

    def take(name: str, seen: Seen) -> Delivery:
        return Delivery(Path(name), name, "", seen.size, seen.modified, seen.tag)

    choice = Choice("*", 0, order, marker, lambda _: None)  # type: ignore[arg-type]
    look = choice.look(lambda: next(listings), take)
    names = [each.name for each in look.ready]
    for name in names:
        assert before[name] == after[name]
        assert after[name].regular
        assert "/" not in name
        assert "\n" not in name
        assert not name.startswith(".")
        assert not name.endswith(UNFINISHED)
        assert marker is None or name + marker in after
    times = [(each.modified, each.name) for each in look.ready]
    assert times == sorted(times, reverse=order == "newest")
    answered = [*names, *look.left, *look.unusable]
    assert len(answered) == len(set(answered))
    assert set(answered) <= set(after)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 12))
def test_where_room_ends_the_order_is_kept(sizes: list[int], room: int) -> None:
    """The first that does not fit holds back all behind it; where not even one fits, that is told."""
    listed = {f"{number}.csv": Seen(size, number) for number, size in enumerate(sizes)}
    free = [room]

    def take(name: str, seen: Seen) -> Delivery:
        if seen.size > free[0]:
            raise NoRoomError("full")
        free[0] -= seen.size
        return Delivery(Path(name), name, "", seen.size, seen.modified)

    choice = Choice("*", 0, "oldest", None, lambda _: None)
    if sizes[0] > room:
        with pytest.raises(NoRoomError):
            choice.look(lambda: listed, take)
        return
    look = choice.look(lambda: listed, take)
    fitting = next((number for number in range(len(sizes)) if sum(sizes[: number + 1]) > room), len(sizes))
    assert [each.name for each in look.ready] == [f"{number}.csv" for number in range(fitting)]
    assert set(look.left) == set(listed) - {each.name for each in look.ready}


@given(st.text("ab.", min_size=1, max_size=6).filter(lambda name: not name.startswith(".")))
def test_names_to_move_to_never_repeat_and_keep_the_ending(name: str) -> None:
    """Whatever the name is, there is always another one."""
    offered = [pair for pair, _ in zip(free_names(name), range(20), strict=False)]
    flat = [one for pair in offered for one in pair]
    assert len(flat) == len(set(flat))
    assert offered[0] == (name, f"{name}.reason.txt")
    if ending := Path(name).suffix:
        assert all(Path(target).suffix == ending for target, _ in offered)
