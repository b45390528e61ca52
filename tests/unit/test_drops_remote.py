"""What SFTP and S3 drops promise alike, tried on each: fetched wholly, moved at the other side, never lost."""

from __future__ import annotations

import hashlib
import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from adapters.drops.remote import RemoteDrop
from connector.domain.errors import SettingsError
from connector.domain.feeds import Delivery
from tests.drops import BucketSite, FolderSite, Site, SshServer, need_sshd, openssh


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["sftp", "openssh", "s3"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """An empty place of each kind."""
    folder, work, spool = (tmp_path / name for name in ("folder", "work", "spool"))
    folder.mkdir()
    work.mkdir()
    if request.param == "sftp":
        with SshServer(folder).running() as server:
            yield FolderSite(folder, spool, server.settings())
    elif request.param == "openssh":
        need_sshd()
        with openssh(work, folder) as settings:
            yield FolderSite(folder, spool, settings)
    else:
        url = request.getfixturevalue("s3_url")
        yield BucketSite(url, f"drop-{uuid.uuid4()}", spool).make()


def only(one: RemoteDrop) -> Delivery:
    (delivery,) = one.look().ready
    return delivery


def test_a_file_is_fetched_wholly_and_privately(site: Site, tmp_path: Path) -> None:
    """What is read is what was sent, under its own name and time, for nobody else to see."""
    content = os.urandom(300_000)
    site.put("staff 名.csv", content)
    delivery = only(site.drop())
    assert delivery.path.read_bytes() == content
    assert (delivery.path.name, delivery.name, delivery.size) == ("staff 名.csv", "staff 名.csv", 300_000)
    assert delivery.digest == hashlib.sha256(content).hexdigest()
    found = delivery.path.stat()
    assert found.st_mtime == delivery.modified
    assert stat.S_IMODE(found.st_mode) == 0o600
    for folder in (delivery.path.parent, tmp_path / "spool"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_done_file_is_moved_there_and_its_copy_removed(site: Site, tmp_path: Path) -> None:
    """Every delivery stays at the other side, also where each has the same name, and nothing stays here."""
    one = site.drop()
    for number, content in enumerate((b"first", b"second!", b"third!!!")):
        site.put("staff.csv", content, age=-number)
        assert one.mark_done(only(one)) is not None
    assert site.content() == {
        "done/staff.csv": b"first",
        "done/staff.1.csv": b"second!",
        "done/staff.2.csv": b"third!!!",
    }
    assert list((tmp_path / "spool").iterdir()) == []
    assert one.look().ready == ()


def test_a_refused_file_has_its_reason_beside_it(site: Site) -> None:
    """Who finds the file finds why."""
    one = site.drop()
    for number, reason in enumerate(("fewer than 90 %", "東京")):
        site.put("staff.csv", reason.encode(), age=-number)
        assert one.mark_refused(only(one), reason) is not None
    assert site.content() == {
        "refused/staff.csv": b"fewer than 90 %",
        "refused/staff.csv.reason.txt": b"fewer than 90 %\n",
        "refused/staff.1.csv": "東京".encode(),
        "refused/staff.1.csv.reason.txt": "東京\n".encode(),
    }


def test_a_file_replaced_since_stays_and_is_taken_next(site: Site) -> None:
    """The new delivery was never read, so that it must not be put away as done."""
    site.put("staff.csv", b"old", age=9)
    one = site.drop()
    old = only(one)
    site.put("staff.csv", b"new")
    assert one.mark_done(old) is None
    assert one.mark_refused(old, "why") is None
    assert site.content() == {"staff.csv": b"new"}
    new = only(one)
    assert new.path.read_bytes() == b"new"
    assert one.mark_done(new) is not None
    assert one.mark_done(new) is None


def test_what_comes_goes_or_changes_between_two_looks_is_left(site: Site) -> None:
    """A transfer in progress is not a short feed."""
    for name in ("going.csv", "growing.csv", "staying.csv"):
        site.put(name, b"x")

    def during(_: float) -> None:
        site.delete("going.csv")
        site.put("growing.csv", b"xx")
        site.put("coming.csv", b"x")

    look = site.drop(sleep=during).look()
    assert [each.name for each in look.ready] == ["staying.csv"]
    assert look.left == dict.fromkeys(("coming.csv", "growing.csv"), "it is still being written")


def test_unfinished_hidden_and_other_files_are_not_looked_at(site: Site) -> None:
    """Names that transfer tools use on the way mean: not yet."""
    for name in (".a.csv", "b.csv.tmp", "c.csv.part", "d.csv.FILEPART", "e.txt", "f.csv"):
        site.put(name, b"x")
    look = site.drop(pattern="*.csv*").look()
    assert [each.name for each in look.ready] == ["f.csv"]
    assert (look.left, look.unusable) == ({}, {})


def test_where_a_marker_is_agreed_the_file_waits_for_it(site: Site) -> None:
    """The marker is no feed itself, and goes with its file so that it vouches for no later one."""
    one = site.drop(marker=".done")
    for number in range(2):
        site.put("a.csv", f"content {number}".encode(), age=-number)
        assert one.look().left == {"a.csv": "it waits for a.csv.done"}
        site.put("a.csv.done", b"")
        one.mark_done(only(one))
    assert set(site.content()) >= {"done/a.csv", "done/a.csv.done", "done/a.1.csv"}
    site.put("a.csv", b"content", age=-9)
    assert one.look().ready == ()


def test_a_file_beyond_the_limit_is_not_fetched(site: Site) -> None:
    """One file that is too large stops no other, and fills no disk."""
    site.put("large.csv", b"x" * 11)
    site.put("small.csv", b"x" * 10)
    look = site.drop(max_bytes=10).look()
    assert [each.name for each in look.ready] == ["small.csv"]
    assert "11 bytes" in look.unusable["large.csv"]


def test_an_empty_file_is_a_delivery(site: Site) -> None:
    """Whether it is a feed is for the gates to say."""
    site.put("empty.csv", b"")
    delivery = only(site.drop())
    assert (delivery.size, delivery.digest) == (0, hashlib.sha256().hexdigest())


def test_nothing_there_is_nothing_to_wait_for(site: Site) -> None:
    """Looking costs no wait while there is nothing."""
    waits: list[float] = []
    one = site.drop(sleep=waits.append, settle=7.5)
    assert one.look().ready == ()
    assert waits == []
    site.put("a.csv", b"x")
    one.look()
    assert waits == [7.5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pattern": "a/b"}, "pattern"),
        ({"settle": -1}, "settle"),
        ({"max_bytes": 0}, "max_bytes"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_a_setting_that_cannot_be_is_named(site: Site, options: dict[str, object], message: str) -> None:
    """Wrong settings are told when the drop is built, not at night."""
    with pytest.raises(SettingsError, match=message):
        site.drop(**options)
