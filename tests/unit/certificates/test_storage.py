"""Where files of certificates lie: a folder and a bucket keep the same promises."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from adapters.storage.folder import FolderStore
from adapters.storage.s3 import S3Store
from connector.domain.certifying import FileStore, file_name
from connector.domain.errors import AccessRefused, ConnectorError, SettingsError, Unavailable
from tests.drops import ACCESS
from tests.unit.certificates.papers import ONE

NAME = file_name(ONE)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket(url: str, name: str, **other: object) -> S3Store:
    given = {"bucket": name, "prefix": "paper/", "region": "us-east-1", "endpoint_url": url, "timeout": 5, **ACCESS}
    return S3Store(**{**given, **other})  # type: ignore[arg-type]


@pytest.fixture(params=["folder", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "certificates")
    url = request.getfixturevalue("url")
    name = f"certificates-{uuid.uuid4()}"
    client(url).create_bucket(Bucket=name)
    return bucket(url, name)


def client(url: str) -> object:
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS["access_key"],
        aws_secret_access_key=ACCESS["secret_key"],
    )


def test_what_is_put_can_be_got_and_deleted(files: FileStore) -> None:
    """Under its name, and replaced where it is put again; what is not there can be deleted too."""
    assert files.get(NAME) is None
    files.put(NAME, b"%PDF one")
    files.put(NAME, b"%PDF two")
    files.put("FIRE/20260/x.pdf", b"%PDF three")
    assert files.get(NAME) == b"%PDF two"
    assert list(files.names("FIRE/2026")) == [NAME]
    for _ in range(2):
        files.delete(NAME)
    assert list(files.names("FIRE/2026")) == []


def test_what_is_deleted_is_gone(files: FileStore) -> None:
    """That one and no other; deleting it again, or what was never there, is no mistake."""
    other = "FIRE/2026/FIRE-2026-000043.pdf"
    for name in (NAME, other):
        files.put(name, b"%PDF")
    for _ in range(2):
        files.delete(NAME)
    assert (files.get(NAME), files.get(other)) == (None, b"%PDF")


def test_the_doctor_can_try_it(files: FileStore) -> None:
    """It writes, reads and deletes, and says where."""
    assert files.check().split()[0] in ("folder", "bucket")
    assert files.get("connector-check.txt") is None


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves the old one as it was, and nothing beside it."""
    store = FolderStore(tmp_path)
    store.put(NAME, b"old")

    def full(_path: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(Unavailable, match="No space left"):
            store.put(NAME, b"new")
    assert store.get(NAME) == b"old"
    assert [path.name for path in (tmp_path / NAME).parent.iterdir()] == [Path(NAME).name]
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    """With the next file that is deleted there; what is written at this moment stays."""
    store = FolderStore(tmp_path)
    store.put(NAME, b"%PDF")
    killed, writing = ((tmp_path / NAME).parent / f".{name}.part" for name in ("killed", "writing"))
    for path in (killed, writing):
        path.write_bytes(b"%PDF")
    os.utime(killed, (0, 0))
    store.delete(NAME)
    assert [*(tmp_path / NAME).parent.iterdir()] == [writing]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """It is said which setting is wrong; nothing is written outside of it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"certificates\.folder"):
        FolderStore(tmp_path / "file").put(NAME, b"x")
    with pytest.raises(SettingsError, match="outside"):
        FolderStore(tmp_path / "inner").put("../../x.pdf", b"x")


def missing_bucket(url: str) -> S3Store:
    return bucket(url, "nobody-has-this")


def nowhere(_url: str) -> S3Store:
    return bucket("http://127.0.0.1:9", "any", timeout=0.5)


def nobody(url: str) -> S3Store:
    return bucket(url, "any", access_key=None, secret_key=None, endpoint_url=url)


@pytest.mark.parametrize(
    ("make", "kind"), [(missing_bucket, SettingsError), (nowhere, Unavailable), (nobody, AccessRefused)]
)
def test_a_bucket_that_cannot_be_used(
    url: str,
    make: Callable[[str], S3Store],
    kind: type[ConnectorError],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The error says what to do next, and holds no key."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(kind) as error:
        make(url).put(NAME, b"x")
    assert NAME not in str(error.value)


@pytest.mark.parametrize(
    "wrong", [{"endpoint_url": "http://s3.example.com"}, {"endpoint_url": "ftp://x"}, {"secret_key": None}]
)
def test_wrong_settings_of_a_bucket(wrong: dict[str, object]) -> None:
    """As for a source of kind s3."""
    with pytest.raises(SettingsError):
        bucket("https://s3.example.com", "any", **wrong)
