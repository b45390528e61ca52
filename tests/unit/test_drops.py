"""The local folder drop: complete files only, moved and never lost."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.drops.folder import Delivery, FolderDrop
from connector.domain.errors import SettingsError


def put(folder: Path, name: str, content: str = "x", age: float = 0) -> Path:
    path = folder / name
    path.write_text(content)
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    return path


def drop(folder: Path, during: Callable[[], object] = lambda: None, **options: Any) -> FolderDrop:
    """A drop whose wait is what happens ``during`` it."""
    return FolderDrop(folder, sleep=lambda _: during(), **options)


def names(one: FolderDrop) -> list[str]:
    return [delivery.name for delivery in one.look().ready]


def only(one: FolderDrop) -> Delivery:
    (delivery,) = one.look().ready
    return delivery


def test_a_stable_file_is_known_by_name_and_content(tmp_path: Path) -> None:
    """The same file delivered twice can be told from a new one of the same name."""
    path = put(tmp_path, "staff.csv", "id\n1\n")
    digest = hashlib.sha256(b"id\n1\n").hexdigest()
    assert only(drop(tmp_path)) == Delivery(path, "staff.csv", digest, 5, 1_700_000_000)


def test_a_name_that_is_no_text_can_be_told(tmp_path: Path) -> None:
    """A sender's name in another encoding is in nobody's way, and stands in logs as what it is."""
    put(tmp_path, "good.csv")
    (tmp_path / os.fsdecode(b"caf\xe9.csv")).write_text("x")
    look = drop(tmp_path).look()
    assert [delivery.name for delivery in look.ready] == ["good.csv"]
    assert [name.encode() for name in look.unusable] == [rb"caf\udce9.csv"]


def test_the_wait_is_as_long_as_told_and_not_at_all_in_an_empty_folder(tmp_path: Path) -> None:
    """Looking costs nothing while there is nothing."""
    waits: list[float] = []
    one = FolderDrop(tmp_path, settle=7.5, sleep=waits.append)
    assert one.look().ready == ()
    assert waits == []
    put(tmp_path, "a.csv")
    one.look()
    assert waits == [7.5]


@pytest.mark.parametrize(
    "during",
    [
        lambda path: path.write_text("longer than before"),
        lambda path: os.utime(path, (1_700_000_001, 1_700_000_001)),
        lambda path: (path.unlink(), put(path.parent, path.name)),
    ],
    ids=["grows", "touched", "replaced"],
)
def test_a_file_that_changes_between_two_looks_is_left(tmp_path: Path, during: Callable[[Path], object]) -> None:
    """A transfer in progress is not a short feed."""
    path = put(tmp_path, "staff.csv")
    spare = path.open()  # keeps the number of the old file from being given to the new one
    look = drop(tmp_path, lambda: during(path)).look()
    spare.close()
    assert look.ready == ()
    assert look.left == {"staff.csv": "it is still being written"}


def test_a_file_that_comes_or_goes_between_two_looks_is_left(tmp_path: Path) -> None:
    """What was seen once was not seen to be stable."""
    going = put(tmp_path, "going.csv")
    put(tmp_path, "staying.csv")

    def during() -> None:
        going.unlink()
        put(tmp_path, "coming.csv")

    look = drop(tmp_path, during).look()
    assert [each.name for each in look.ready] == ["staying.csv"]
    assert set(look.left) == {"coming.csv"}


def test_unfinished_hidden_and_other_files_are_not_looked_at(tmp_path: Path) -> None:
    """Names that transfer tools use on the way mean: not yet."""
    for name in (".a.csv", "b.csv.tmp", "c.csv.part", "d.csv.FILEPART", "e.txt", "f.csv"):
        put(tmp_path, name)
    (tmp_path / "g.csv").mkdir()
    assert names(drop(tmp_path, pattern="*.csv*")) == ["f.csv"]


def test_the_oldest_or_the_newest_comes_first(tmp_path: Path) -> None:
    """Feeds are applied in the order of their time, whatever their names are."""
    put(tmp_path, "a.csv", age=10)
    put(tmp_path, "b.csv", age=30)
    put(tmp_path, "c.csv", age=20)
    put(tmp_path, "d.csv", age=20)
    assert names(drop(tmp_path)) == ["b.csv", "c.csv", "d.csv", "a.csv"]
    assert names(drop(tmp_path, order="newest")) == ["a.csv", "d.csv", "c.csv", "b.csv"]


def test_where_a_marker_is_agreed_the_file_waits_for_it(tmp_path: Path) -> None:
    """The marker is no feed itself, and goes with its file so that it vouches for no later one."""
    put(tmp_path, "a.csv")
    one = drop(tmp_path, marker=".done")
    assert one.look().left == {"a.csv": "it waits for a.csv.done"}
    put(tmp_path, "a.csv.done")
    one.mark_done(only(one))
    assert sorted(each.name for each in (tmp_path / "done").iterdir()) == ["a.csv", "a.csv.done"]
    put(tmp_path, "a.csv")
    assert one.look().ready == ()


def test_done_files_are_moved_and_never_overwrite(tmp_path: Path) -> None:
    """Every delivery stays to be looked at, also where each has the same name."""
    one = drop(tmp_path)
    for content in ("first", "second", "third"):
        put(tmp_path, "staff.csv", content)
        one.mark_done(only(one))
    kept = {path.name: path.read_text() for path in (tmp_path / "done").iterdir()}
    assert kept == {"staff.csv": "first", "staff.1.csv": "second", "staff.2.csv": "third"}
    assert one.look().ready == ()


def test_refused_files_are_moved_with_the_reason(tmp_path: Path) -> None:
    """Who finds the file finds why."""
    one = drop(tmp_path)
    for reason in ("fewer than 90 %", "東京"):
        put(tmp_path, "staff.csv", reason)
        moved = one.mark_refused(only(one), reason)
        assert moved is not None
        assert moved.read_text() == reason
        assert moved.with_name(f"{moved.name}.reason.txt").read_text(encoding="utf-8") == f"{reason}\n"
    assert len(list((tmp_path / "refused").iterdir())) == 4


def test_a_file_replaced_while_it_was_read_stays(tmp_path: Path) -> None:
    """The new delivery was never read, so that it must not be put away as done."""
    put(tmp_path, "staff.csv", "old")
    one = drop(tmp_path)
    delivery = only(one)
    put(tmp_path, "staff.csv", "new one")
    assert one.mark_done(delivery) is None
    assert only(one).size == 7
    (tmp_path / "staff.csv").unlink()
    assert one.mark_done(delivery) is None


def test_the_folder_may_be_a_link_but_links_in_it_are_not_followed(tmp_path: Path) -> None:
    """Who may put files here may not have the rest of the machine read."""
    real = tmp_path / "real"
    real.mkdir()
    put(real, "a.csv")
    secret = put(tmp_path, "secret")
    (real / "b.csv").symlink_to(secret)
    (real / "c.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "link").symlink_to(real)
    one = drop(tmp_path / "link")
    look = one.look()
    assert [each.name for each in look.ready] == ["a.csv"]
    assert set(look.unusable) == {"b.csv", "c.csv"}
    assert one.mark_done(look.ready[0]) == tmp_path / "link" / "done" / "a.csv"


def test_a_link_in_the_way_of_a_moved_file_is_not_written_through(tmp_path: Path) -> None:
    """A dangling link in done/ is a taken name."""
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "a.csv").symlink_to(tmp_path / "elsewhere")
    put(tmp_path, "a.csv")
    one = drop(tmp_path)
    assert one.mark_done(only(one)) == tmp_path / "done" / "a.1.csv"
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_a_setting_to_correct(tmp_path: Path) -> None:
    """No folder is not the same as no feed."""
    put(tmp_path, "file")
    for wrong in ("gone", "file"):
        with pytest.raises(SettingsError, match=f"drop folder .*{wrong}: there is none"):
            drop(tmp_path / wrong).look()
    with pytest.raises(SettingsError, match="pattern"):
        FolderDrop(tmp_path, "sub/*.csv")
    with pytest.raises(SettingsError, match="settle"):
        FolderDrop(tmp_path, settle=-1)


def test_a_file_that_may_not_be_read_is_left_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file with wrong rights stops no other."""
    put(tmp_path, "a.csv")
    put(tmp_path, "b.csv")
    opened = Path.open

    def guarded(path: Path, *args: Any, **more: Any) -> Any:  # rights do not bind root, who may run these tests
        if path.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **more)

    monkeypatch.setattr(Path, "open", guarded)
    look = drop(tmp_path).look()
    assert [each.name for each in look.ready] == ["b.csv"]
    assert "Permission denied" in look.unusable["a.csv"]


@pytest.mark.parametrize("fails", ["mkdir", "replace"])
def test_a_move_that_fails_leaves_the_file_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """Nothing is lost and nothing half done stays behind."""
    put(tmp_path, "a.csv", "content")
    one = drop(tmp_path)
    delivery = only(one)

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(tmp_path / "refused"))

    monkeypatch.setattr(Path, fails, refuse)
    with pytest.raises(SettingsError, match="Permission denied"):
        one.mark_refused(delivery, "why")
    assert (tmp_path / "a.csv").read_text() == "content"
    assert not list(tmp_path.glob("refused/*"))


def test_a_folder_that_may_not_be_listed_is_a_setting_to_correct(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing rights are not the same as no feed."""

    def refuse(_: Path) -> Any:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(SettingsError, match="Permission denied"):
        drop(tmp_path).look()
