"""The SFTP drop against a server that does wrong, and against OpenSSH's own: who is trusted, what is never lost."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from adapters.drops.sftp import SftpDrop
from adapters.drops.sftp_keys import private_key
from connector.domain.errors import AccessRefused, ProtocolError, SettingsError, Unavailable
from tests.drops import PASSWORD, SSHD, FolderSite, SshServer, need_sshd, openssh

OTHER = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    folder = tmp_path / "folder"
    folder.mkdir()
    with SshServer(folder).running() as running:
        yield running


@pytest.fixture
def site(server: SshServer, tmp_path: Path) -> FolderSite:
    return FolderSite(server.folder, tmp_path / "spool", server.settings())


@pytest.fixture
def real(tmp_path: Path) -> Iterator[FolderSite]:
    """A folder behind OpenSSH's sshd."""
    need_sshd()
    folder, work = tmp_path / "folder", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    with openssh(work, folder) as settings:
        yield FolderSite(folder, tmp_path / "spool", settings)


def copies(site: FolderSite) -> list[str]:
    """Files in the spool."""
    return [path.name for path in site.spool.rglob("*") if path.is_file()]


def test_another_host_key_is_never_trusted(site: FolderSite, tmp_path: Path) -> None:
    """A machine in between gets neither password nor feed; the message names its key, not what was sent."""
    known = tmp_path / "known_hosts"
    port = site.reached["port"]
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    for line in (f"[127.0.0.1]:{port} {other}", f"[127.0.0.2]:{port} {other}"):
        known.write_text(line)
        with pytest.raises(AccessRefused, match="another machine") as refused:
            site.drop(host_keys=(), known_hosts=known).look()
        assert site.reached["host_keys"][0] in str(refused.value)
        assert PASSWORD not in str(refused.value)
    with pytest.raises(AccessRefused, match="another machine"):
        site.drop(host_keys=(OTHER,)).look()
    site.drop(host_keys=(OTHER, *site.reached["host_keys"])).look()


def test_a_server_in_known_hosts_is_trusted(site: FolderSite, server: SshServer, tmp_path: Path) -> None:
    """OpenSSH's file says who is known."""
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {server.key.export_public_key().decode()}")
    assert site.drop(host_keys=(), known_hosts=known).look().ready == ()


@pytest.mark.parametrize("content", [None, "", "nonsense\n", "@revoked * ssh-ed25519 AAAA\n", "\udcff"])
def test_a_file_of_known_hosts_without_any_is_a_setting_to_correct(
    site: FolderSite, tmp_path: Path, content: str | None
) -> None:
    """What it cannot say is not taken for consent."""
    known = tmp_path / "known_hosts"
    if content is not None:
        known.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError, match="known_hosts"):
        site.drop(host_keys=(), known_hosts=known).look()


@pytest.mark.parametrize("wrong", [{"password": "wrong-secret"}, {"user": "somebody"}])
def test_a_refused_login_is_told_without_the_password(site: FolderSite, wrong: dict[str, str]) -> None:
    """Somebody has to correct it; trying again does not."""
    with pytest.raises(AccessRefused, match="login was refused") as refused:
        site.drop(**wrong).look()
    assert "wrong-secret" not in str(refused.value)
    assert PASSWORD not in repr(site.drop())


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
@pytest.mark.parametrize("passphrase", [None, "pässphrase"])
def test_a_private_key_logs_in(tmp_path: Path, kind: str, passphrase: str | None) -> None:
    """With a passphrase and without, of each kind that is in use."""
    folder, file = tmp_path / "folder", tmp_path / "key"
    folder.mkdir()
    key = asyncssh.generate_private_key(kind)
    key.write_private_key(str(file), passphrase=passphrase, rounds=50)  # 128 take seconds
    file.chmod(0o600)
    with SshServer(folder, client_key=key).running() as server:
        one = FolderSite(folder, tmp_path / "spool", {**server.settings(), "password": None, "key_file": file})
        one.put("a.csv", b"x")
        assert len(one.drop(passphrase=passphrase).look().ready) == 1
        with pytest.raises(SettingsError, match="passphrase"):
            one.drop(passphrase="wrong" if passphrase is None else None).look()
        with pytest.raises(SettingsError, match="passphrase"):
            one.drop(passphrase="wrong").look()


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521", "ssh-rsa"])
@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem", "pkcs1-pem"])
def test_a_private_key_is_read_whatever_its_comment_and_form(tmp_path: Path, kind: str, form: str) -> None:
    """paramiko alone fails where the comment leaves no padding (its issue 2445)."""
    if kind == "ssh-ed25519" and form == "pkcs1-pem":
        form = "pkcs8-pem"  # the older form knows no such key
    file = tmp_path / "key"
    key = asyncssh.generate_private_key(kind)
    for length in range(9 if form == "openssh" else 1):
        key.set_comment("c" * length)
        key.write_private_key(str(file), form)
        file.chmod(0o600)
        assert private_key(file, None).fingerprint == key.get_fingerprint()


def test_a_private_key_that_cannot_be_used_is_told(site: FolderSite, tmp_path: Path) -> None:
    """Absent, open to everybody, nonsense, or not the one that the server knows."""
    file = tmp_path / "key"
    one = site.drop(password=None, key_file=file)
    with pytest.raises(SettingsError, match="cannot be read"):
        one.look()
    file.write_text("nonsense")
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="everybody"):
        one.look()
    file.chmod(0o600)
    with pytest.raises(SettingsError, match="it is none"):
        one.look()
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(file))
    with pytest.raises(AccessRefused, match="login was refused"):
        one.look()


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": None},
        {"password": "x", "key_file": Path("key")},
        {"host_keys": ()},
        {"known_hosts": Path("known")},
        {"host_keys": ("MD5:00",)},
    ],
)
def test_settings_that_do_not_go_together_are_told(tmp_path: Path, wrong: dict[str, Any]) -> None:
    """There is no way to leave the server's key open, and one way to log in."""
    right = {"spool": tmp_path, "host": "h", "user": "u", "password": "p", "host_keys": (OTHER,)}
    SftpDrop(**right)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"password|host_keys"):
        SftpDrop(**{**right, **wrong})


def test_nobody_there_and_a_server_that_says_nothing_pass_by_themselves(tmp_path: Path) -> None:
    """Both end in time, and the next run tries again."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings = {"port": silent.getsockname()[1], "host_keys": (OTHER,), "password": "p", "user": "u"}
        one = FolderSite(tmp_path, tmp_path / "spool", {"host": "127.0.0.1", **settings}).drop(timeout=0.5)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            one.look()
        assert time.monotonic() - began < 5
    with pytest.raises(Unavailable):
        one.look()


def test_a_connection_cut_within_a_file_gives_no_delivery(site: FolderSite, server: SshServer) -> None:
    """Half a feed is none, nothing of it stays, and the whole one comes next time."""
    site.put("a.csv", os.urandom(200_000))
    server.faults["cut_at"] = 100_000
    with pytest.raises(Unavailable):
        site.drop().look()
    assert copies(site) == []
    server.faults.clear()
    assert [each.size for each in site.drop().look().ready] == [200_000]


def test_a_server_that_hangs_within_a_file_gives_no_delivery(site: FolderSite, server: SshServer) -> None:
    """A job does not wait for ever."""
    site.put("a.csv", os.urandom(200_000))
    server.faults["hang_at"] = 100_000
    began = time.monotonic()
    with pytest.raises(Unavailable):
        site.drop(timeout=0.5).look()
    assert time.monotonic() - began < 10
    assert copies(site) == []


def test_a_file_that_comes_shorter_than_listed_is_no_delivery(site: FolderSite, server: SshServer) -> None:
    """The listing's size is what has to come."""
    site.put("a.csv", b"x" * 70_000)
    server.faults["end_at"] = 40_000
    look = site.drop().look()
    assert look.ready == ()
    assert "of 70000 bytes came" in look.left["a.csv"]
    assert copies(site) == []


@pytest.mark.parametrize("content", [b"y" * 100, b"x" * 101])
def test_a_file_replaced_while_it_is_fetched_is_left(site: FolderSite, server: SshServer, content: bytes) -> None:
    """What was fetched is neither the old feed nor the new one."""
    site.put("a.csv", b"x" * 100, age=9)
    server.faults["during_read"] = lambda: site.put("a.csv", content)
    look = site.drop().look()
    assert (look.ready, look.left) == ((), {"a.csv": "it is still being written"})
    assert copies(site) == []


@pytest.mark.parametrize(
    "name", [b"../evil.csv", b"/etc/evil.csv", b"sub/evil.csv", b"evil\n.csv", b"x/../../evil.csv"]
)
def test_names_that_lead_elsewhere_are_not_followed(
    site: FolderSite, server: SshServer, tmp_path: Path, name: bytes
) -> None:
    """A server names files; where they go here is not for it to say."""
    site.put("good.csv", b"x")
    server.faults["names"] = [name]
    look = site.drop(pattern="*evil*").look()
    assert look.ready == ()
    if not name.startswith(b"."):  # such are not even looked at
        assert "not that of a plain file" in look.unusable[name.decode()]
    assert [each.name for each in site.drop().look().ready] == ["good.csv"]
    assert list(tmp_path.rglob("*evil*")) == []


def test_a_name_that_is_not_utf8_is_told(site: FolderSite, server: SshServer) -> None:
    """Somebody has to rename it; no file is guessed at."""
    server.faults["names"] = [b"caf\xe9.csv"]
    with pytest.raises(ProtocolError, match="UTF-8"):
        site.drop().look()


def test_a_symbolic_link_is_not_followed(real: FolderSite, tmp_path: Path) -> None:
    """Who may put files there may not have others read through this service."""
    secret = tmp_path / "secret"
    secret.write_text("of somebody else")
    (real.folder / "link.csv").symlink_to(secret)
    (real.folder / "dangling.csv").symlink_to(tmp_path / "nowhere")
    real.put("good.csv", b"x")
    look = real.drop().look()
    assert [each.name for each in look.ready] == ["good.csv"]
    assert set(look.unusable) == {"link.csv", "dangling.csv"}


def test_a_link_put_in_the_place_of_a_listed_file_is_not_followed(real: FolderSite, tmp_path: Path) -> None:
    """Also not when it comes between listing and reading."""
    secret = tmp_path / "secret"
    secret.write_text("of somebody else")
    real.put("a.csv", b"x")
    real.put("b.csv", b"x", age=-1)
    one = real.drop()
    with one._open() as place:
        listed = place.listed()
        real.delete("a.csv")
        (real.folder / "a.csv").symlink_to(secret)
        read: list[bytes] = []
        with pytest.raises(Exception, match="still being written"):
            place.read("a.csv", listed["a.csv"], read.append)
    assert read == []


def test_a_link_in_the_way_of_a_moved_file_is_a_taken_name(real: FolderSite, tmp_path: Path) -> None:
    """A dangling link in done/ is not written through."""
    (real.folder / "done").mkdir()
    (real.folder / "done" / "a.csv").symlink_to(tmp_path / "elsewhere")
    real.put("a.csv", b"x")
    one = real.drop()
    assert one.mark_done(one.look().ready[0]) == real.folder / "done" / "a.1.csv"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("error", [asyncssh.SFTPPermissionDenied("no"), asyncssh.SFTPFailure("no")])
def test_no_right_to_move_is_told_and_nothing_half_done_stays(
    site: FolderSite, server: SshServer, error: Exception
) -> None:
    """The file stays where it is, without a note that nobody put there on purpose."""
    site.put("a.csv", b"content")
    one = site.drop()
    (delivery,) = one.look().ready
    server.faults["rename"] = error
    for mark in (lambda: one.mark_done(delivery), lambda: one.mark_refused(delivery, "why")):
        with pytest.raises(AccessRefused, match="move files"):
            mark()
    assert site.content() == {"a.csv": b"content"}


def test_a_file_replaced_in_the_moment_of_its_move_stays(site: FolderSite, server: SshServer) -> None:
    """It is put back, and taken at the next look."""
    site.put("a.csv", b"old", age=9)
    one = site.drop()
    (delivery,) = one.look().ready
    server.faults["before_rename"] = lambda: (server.faults.clear(), site.put("a.csv", b"new"))
    assert one.mark_refused(delivery, "why") is None
    assert site.content() == {"a.csv": b"new"}


def test_no_such_folder_is_a_setting_to_correct(site: FolderSite) -> None:
    """No folder is not the same as no feed."""
    with pytest.raises(SettingsError, match="no folder /nowhere"):
        site.drop(folder="/nowhere").look()


def test_the_oldest_or_the_newest_comes_first(site: FolderSite) -> None:
    """Feeds are applied in the order of their time, whatever their names are."""
    for name, age in (("a.csv", 10), ("b.csv", 30), ("c.csv", 20)):
        site.put(name, b"x", age)
    assert [each.name for each in site.drop().look().ready] == ["b.csv", "c.csv", "a.csv"]
    assert [each.name for each in site.drop(order="newest").look().ready] == ["a.csv", "c.csv", "b.csv"]


def test_no_thread_and_no_connection_stays_behind(real: FolderSite) -> None:
    """A service looks thousands of times."""
    real.put("a.csv", b"x")
    one = real.drop()
    before = threading.active_count()
    for _ in range(3):
        one.look()
    one.mark_done(one.look().ready[0])
    for _ in range(50):
        if threading.active_count() <= before:
            break
        time.sleep(0.1)
    assert threading.active_count() <= before


def test_it_works_within_a_running_event_loop(real: FolderSite) -> None:
    """A job calls it from within one."""
    real.put("a.csv", b"x")

    async def job() -> int:
        return len(real.drop().look().ready)

    assert asyncio.run(job()) == 1


def test_the_configuration_of_the_page_is_one_of_sshd(tmp_path: Path) -> None:
    """Who copies it into sshd_config has a server that starts."""
    need_sshd()
    page = (Path(__file__).parents[2] / "docs" / "sources" / "sftp.md").read_text("utf-8")
    (block,) = re.findall(r"```\n(Match .*?)```", page, re.DOTALL)
    key = tmp_path / "host"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(key))
    key.chmod(0o600)
    config = tmp_path / "sshd_config"
    config.write_text(f"HostKey {key}\nSubsystem sftp internal-sftp\n{block}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd that root starts asks for it
    for user, command in (("moodle-connector", "internal-sftp"), ("hr", "none")):
        asked = [str(SSHD), "-T", "-f", str(config), "-C", f"user={user},host=h,addr=127.0.0.1"]
        said = subprocess.run(asked, capture_output=True, check=True, text=True).stdout
        assert f"forcecommand {command}\n" in said
