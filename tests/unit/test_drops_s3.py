"""The S3 drop over HTTP: what a bucket may hold, what a service may answer, and what the credentials need."""

from __future__ import annotations

import json
import re
import threading
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from adapters.drops.remote import RemoteDrop
from adapters.drops.s3 import S3Drop
from adapters.drops.s3_errors import CODES
from adapters.drops.sftp import SftpDrop
from connector.domain.errors import (
    AccessRefused,
    ConnectorError,
    FeedRefused,
    ProtocolError,
    SettingsError,
    Unavailable,
)
from tests.drops import ACCESS, BucketSite

DOCS = Path(__file__).parents[2] / "docs" / "sources"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def site(url: str, tmp_path: Path) -> BucketSite:
    return BucketSite(url, f"drop-{uuid.uuid4()}", tmp_path / "spool").make()


def test_every_page_of_a_listing_is_read(site: BucketSite) -> None:
    """More than the 1,000 names of one page: the last is found as the first."""
    with ThreadPoolExecutor(4) as pool:
        client = site.client
        for _ in pool.map(lambda n: client.put_object(Bucket=site.bucket, Key=f"hr/{n:04}.csv"), range(1005)):
            pass
    with site.drop()._open() as place:
        assert len(place.listed()) == 1005
    look = site.drop(pattern="*[01]00[0-4].csv").look()
    assert {each.name for each in look.ready} == {f"{n:04}.csv" for n in (*range(5), *range(1000, 1005))}


def test_only_what_lies_directly_under_the_prefix_is_looked_at(site: BucketSite) -> None:
    """Folders, as tools make them, and what is in them are no deliveries; nor is what lies beside the prefix."""
    site.put("", b"")
    site.put("folder/", b"")
    site.put("folder/a.csv", b"x")
    site.put("b.csv", b"x")
    site.client.put_object(Bucket=site.bucket, Key="hr-other.csv", Body=b"x")
    for prefix in ("hr/", "hr", "/hr"):
        assert [each.name for each in site.drop(prefix=prefix).look().ready] == ["b.csv"]
    assert [each.name for each in site.drop(prefix="").look().ready] == ["hr-other.csv"]


def test_the_older_comes_first(site: BucketSite) -> None:
    """Feeds are applied in the order of their time, whatever their names are."""
    site.put("z.csv", b"x")
    time.sleep(1.1)
    site.put("a.csv", b"x")
    assert [each.name for each in site.drop().look().ready] == ["z.csv", "a.csv"]


def test_an_upload_in_parts_is_taken(site: BucketSite) -> None:
    """Its ETag is no digest, and is never compared with one; the digest is our own."""
    client = site.client
    upload = client.create_multipart_upload(Bucket=site.bucket, Key="hr/a.csv", ContentType="text/csv")["UploadId"]
    where = {"Bucket": site.bucket, "Key": "hr/a.csv", "UploadId": upload}
    parts = [
        {"PartNumber": n, "ETag": client.upload_part(**where, PartNumber=n, Body=body)["ETag"]}
        for n, body in ((1, b"x" * 5_242_880), (2, b"y"))
    ]
    client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    one = site.drop()
    (delivery,) = one.look().ready
    assert delivery.tag.strip('"').endswith("-2")
    assert delivery.path.stat().st_size == 5_242_881
    assert one.mark_done(delivery) == Path("hr/done/a.csv")
    assert client.head_object(Bucket=site.bucket, Key="hr/done/a.csv")["ContentType"] == "text/csv"


@pytest.mark.parametrize("call", ["CopyObject", "DeleteObject"])
def test_an_object_replaced_in_the_moment_of_its_move_stays(
    site: BucketSite, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Copying and deleting are each asked for on a condition; the new object is not deleted."""
    site.put("a.csv", b"old")
    one = site.drop()
    (delivery,) = one.look().ready
    sent: dict[str, Any] = {}

    def replace(request: Any, **_: Any) -> None:
        sent.update({name.lower(): value for name, value in request.headers.items()})
        site.put("a.csv", b"new")

    made = S3Drop.client

    def client(drop: S3Drop) -> Any:
        client = made(drop)
        client.meta.events.register(f"before-send.s3.{call}", replace)
        return client

    monkeypatch.setattr(S3Drop, "client", client)  # for the moment only: what is sent, and its answer, are real
    one.mark_done(delivery)
    assert site.content()["a.csv"] == b"new"
    condition = {"CopyObject": "x-amz-copy-source-if-match", "DeleteObject": "if-match"}[call]
    assert sent[condition].decode() == delivery.tag
    monkeypatch.undo()
    assert [each.path.read_bytes() for each in one.look().ready] == [b"new"]


def test_with_versions_a_replaced_object_is_not_moved(site: BucketSite) -> None:
    """Neither the newer version nor the one that was read is deleted."""
    site.client.put_bucket_versioning(Bucket=site.bucket, VersioningConfiguration={"Status": "Enabled"})
    site.put("a.csv", b"old")
    one = site.drop()
    (delivery,) = one.look().ready
    site.put("a.csv", b"new")
    assert one.mark_done(delivery) is None
    listed = site.client.list_object_versions(Bucket=site.bucket)
    assert (len(listed["Versions"]), "DeleteMarkers" in listed) == (2, False)


def policy(bucket: str) -> dict[str, Any]:
    """The policy of the page, for the bucket."""
    (text,) = re.findall(r"```json\n(.*?)```", (DOCS / "s3.md").read_text("utf-8"), re.DOTALL)
    found: dict[str, Any] = json.loads(text.replace("example-hr-feeds", bucket))
    return found


@contextmanager
def allowed(url: str, rights: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Credentials that have these rights and no others, which the server heeds within the block."""
    iam = boto3.client(
        "iam",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS["access_key"],
        aws_secret_access_key=ACCESS["secret_key"],
    )
    name = f"u{uuid.uuid4()}"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="drop", PolicyDocument=json.dumps(rights))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    httpx.post(f"{url}/moto-api/reset-auth", content="0").raise_for_status()
    try:
        yield {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    finally:
        httpx.post(f"{url}/moto-api/reset-auth", content="inf").raise_for_status()


def test_the_policy_of_the_page_is_enough(site: BucketSite) -> None:
    """Who copies it can have files taken, put away and refused."""
    site.put("a.csv", b"x")
    site.put("b.csv", b"x")
    with allowed(site.url, policy(site.bucket)) as credentials:
        one = site.drop(**credentials)
        first, second = one.look().ready
        one.mark_done(first)
        one.mark_refused(second, "why")
        assert one.look().ready == ()
    assert set(site.content()) == {"done/a.csv", "refused/b.csv", "refused/b.csv.reason.txt"}


def without(rights: dict[str, Any], action: str) -> dict[str, Any]:
    """The policy, but for an action."""
    rest = []
    for one in rights["Statement"]:
        if kept := [each for each in re.findall(r"s3:\w+", json.dumps(one["Action"])) if each != action]:
            rest.append({**one, "Action": kept})
    return {**rights, "Statement": rest}


@pytest.mark.parametrize("action", ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_the_policy_of_the_page_has_nothing_to_spare(site: BucketSite, action: str) -> None:
    """Without any one of its rights something is refused, and told; the object stays where it is."""
    site.put("a.csv", b"x")
    with allowed(site.url, without(policy(site.bucket), action)) as credentials:
        one = site.drop(**credentials)
        if action == "s3:GetObject":
            assert "s3:GetObject" in one.look().unusable["a.csv"]
        elif action == "s3:ListBucket":
            with pytest.raises(AccessRefused, match="ListObjectsV2 was refused"):
                one.look()
        else:
            (delivery,) = one.look().ready
            with pytest.raises(AccessRefused, match="s3:DeleteObject" if "Delete" in action else "was refused"):
                one.mark_done(delivery)
        assert credentials["secret_key"] not in repr(one)
    assert site.content()["a.csv"] == b"x"


@pytest.mark.parametrize("into", ["done", "refused"])
def test_a_move_that_ended_half_way_is_ended_and_not_made_again(site: BucketSite, into: str) -> None:
    """A process was killed, or may not delete: the copy that is there is that of this very object."""
    site.put("a.csv", b"x")

    def mark(one: RemoteDrop) -> Path | None:
        (delivery,) = one.look().ready
        return one.mark_done(delivery) if into == "done" else one.mark_refused(delivery, "why")

    with allowed(site.url, without(policy(site.bucket), "s3:DeleteObject")) as credentials:
        for _ in range(2):
            with pytest.raises(AccessRefused, match="object lock"):
                mark(site.drop(**credentials))
    assert mark(site.drop()) == Path(f"hr/{into}/a.csv")
    assert (
        set(site.content()) == {"done": {"done/a.csv"}, "refused": {"refused/a.csv", "refused/a.csv.reason.txt"}}[into]
    )


def test_wrong_credentials_are_told(site: BucketSite) -> None:
    """Somebody has to correct them; the secret is not in the message."""
    with allowed(site.url, policy(site.bucket)) as credentials:
        for wrong in ({"access_key": "AKIANOBODY"}, {"secret_key": "wrong-secret"}):
            with pytest.raises(AccessRefused) as refused:
                site.drop(**{**credentials, **wrong}).look()
            assert "wrong-secret" not in str(refused.value)


def test_credentials_come_from_where_boto3_looks(site: BucketSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given as a company gives them to everything else; where there are none, that is told."""
    site.put("a.csv", b"x")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    one = site.drop(access_key=None, secret_key=None)
    with pytest.raises(AccessRefused, match="no credentials"):
        one.look()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS["access_key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ACCESS["secret_key"])
    assert len(one.look().ready) == 1


def test_a_bucket_that_is_not_there_is_a_setting_to_correct(site: BucketSite) -> None:
    """No bucket is not the same as no feed."""
    with pytest.raises(SettingsError, match=r"s3 nobodys-bucket.*NoSuchBucket"):
        site.drop(bucket="nobodys-bucket").look()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"access_key": "a", "secret_key": None}, "both"),
        ({"max_bytes": 6 * 1024**3}, "max_bytes"),
        ({"endpoint_url": "minio.example.com"}, "address"),
        ({"endpoint_url": "https://user:pass@minio.example.com"}, "credentials are settings"),
        ({"endpoint_url": "http://minio.example.com"}, "https"),
        ({"endpoint_url": "http://10.0.0.1:9000"}, "https"),
    ],
)
def test_settings_that_cannot_be_are_told(tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
    """When the drop is built, not at night; plain HTTP has to be asked for."""
    with pytest.raises(SettingsError, match=message):
        S3Drop(**{"spool": tmp_path, "bucket": "b", **wrong})
    S3Drop(spool=tmp_path, bucket="b", endpoint_url="http://minio.example.com", allow_http=True)


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A service that answers every GET and HEAD as told."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def refusing(status: int, code: str) -> Answer:
    return saying(status, f"<Error><Code>{code}</Code><Message>secret words</Message></Error>".encode())


def saying(status: int, body: bytes, length: int | None = None, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def elsewhere(url: str, tmp_path: Path, **options: Any) -> S3Drop:
    return BucketSite(url, "feeds", tmp_path / "spool").drop(**options)


@pytest.mark.parametrize(("code", "kind"), [(code, kind) for code, (kind, _) in CODES.items()])
def test_every_known_code_has_its_class(tmp_path: Path, code: str, kind: type[ConnectorError]) -> None:
    """The type says what to do next; the service's own words, which may name keys, are left out."""
    with answering(refusing(400, code)) as url, pytest.raises(ConnectorError) as refused:
        elsewhere(url, tmp_path).look()
    assert type(refused.value) is kind
    assert "secret words" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, AccessRefused), (404, SettingsError), (418, ProtocolError), (429, Unavailable), (503, Unavailable)],
)
def test_an_unknown_code_is_judged_by_its_status(tmp_path: Path, status: int, kind: type[ConnectorError]) -> None:
    """What may pass by itself is told from what may not."""
    with answering(refusing(status, "Whatever")) as url, pytest.raises(kind, match="Whatever"):
        elsewhere(url, tmp_path).look()


def test_nobody_there_and_a_service_that_says_nothing_pass_by_themselves(tmp_path: Path) -> None:
    """Both end in time, and the next run tries again."""
    with answering(lambda _: time.sleep(2)) as url, pytest.raises(Unavailable, match="ReadTimeoutError"):
        elsewhere(url, tmp_path, timeout=0.2).look()
    with pytest.raises(Unavailable, match="EndpointConnectionError"):
        elsewhere(url, tmp_path).look()


LISTED = """<ListBucketResult><IsTruncated>{more}</IsTruncated><NextContinuationToken>same</NextContinuationToken>
<Contents><Key>hr/a.csv</Key><Size>100</Size><ETag>"e"</ETag><LastModified>2026-11-21T10:00:00.123Z</LastModified></Contents>
</ListBucketResult>"""
AT = {"ETag": '"e"', "Last_Modified": "Sat, 21 Nov 2026 10:00:00 GMT"}


@pytest.mark.parametrize("more", [True, False])
def test_a_listing_that_repeats_itself_is_refused(tmp_path: Path, more: bool) -> None:
    """Whether pages or names repeat: it cannot be whole."""
    text = LISTED.format(more=str(more).lower())
    if not more:
        text = text.replace("</ListBucketResult>", text.partition("</NextContinuationToken>")[2])
    with answering(saying(200, text.encode())) as url, pytest.raises(FeedRefused, match="listing"):
        elsewhere(url, tmp_path).look()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html><body>Log in</body></html>", FeedRefused),
        (200, b"", FeedRefused),
        (200, b"<ListBucketResult><IsTrun", Unavailable),
        (400, b"<Error><Co", SettingsError),
    ],
)
def test_a_listing_that_is_no_listing_is_no_empty_folder(
    tmp_path: Path, status: int, body: bytes, kind: type[ConnectorError]
) -> None:
    """A page of a proxy says nothing about what HR put there; one that was cut off is asked for again."""
    with answering(saying(status, body)) as url, pytest.raises(kind):
        elsewhere(url, tmp_path).look()


def an_object(body: bytes, length: int) -> Answer:
    """Lists one object of 100 bytes, and gives another content for it."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        if "list-type" in request.path:
            saying(200, LISTED.format(more="false").encode())(request)
        else:
            saying(200, b"" if request.command == "HEAD" else body, length, **AT)(request)

    return answer


def test_an_answer_cut_within_an_object_gives_no_delivery(tmp_path: Path) -> None:
    """Half a feed is none, and nothing of it stays."""
    with answering(an_object(b"x" * 50, 100)) as url, pytest.raises(Unavailable):
        elsewhere(url, tmp_path, timeout=2).look()
    assert [path for path in (tmp_path / "spool").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("size", [0, 99, 101])
def test_an_object_of_another_size_than_listed_is_no_delivery(tmp_path: Path, size: int) -> None:
    """The listing's size is what has to come."""
    with answering(an_object(b"x" * size, size)) as url:
        look = elsewhere(url, tmp_path).look()
    assert (look.ready, set(look.left)) == ((), {"a.csv"})


def test_fractions_of_a_second_in_a_listing_do_not_matter(tmp_path: Path) -> None:
    """MinIO lists them, and leaves them out of the header of the object."""
    with answering(an_object(b"x" * 100, 100)) as url:
        assert [each.size for each in elsewhere(url, tmp_path).look().ready] == [100]


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_an_endpoint_that_is_no_address_never_gets_by(text: str) -> None:
    """Whatever is written there: a https address, or a setting to correct."""
    try:
        S3Drop(spool=Path("spool"), bucket="b", endpoint_url=text)
    except SettingsError:
        return
    assert text.lower().startswith(("https://", "http://"))


@pytest.mark.parametrize(("page", "kind"), [("sftp", SftpDrop), ("s3", S3Drop)])
def test_the_settings_of_the_pages_are_those_of_the_drops(page: str, kind: type[RemoteDrop]) -> None:
    """What one copies works, and the table has every setting and none that is not there."""
    text = (DOCS / f"{page}.md").read_text("utf-8")
    blocks = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]
    assert blocks
    for block in blocks:
        (settings,) = block["sources"].values()
        assert settings.pop("kind") == page
        kind(**settings)
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(.+?)`", row)}
    assert told == {one.name for one in fields(kind) if one.init} - {"sleep"}
    for name, default in re.findall(r"^\| `(\w+)` \| .* \| `?([\d.]+)`? \|$", text, re.MULTILINE):
        (one,) = (one for one in fields(kind) if one.name == name)
        assert one.default == float(default), name
