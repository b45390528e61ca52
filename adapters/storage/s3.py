"""A bucket of S3, or of a service that speaks as S3 does, in which files lie: those of certificates, and exports."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from re import escape, fullmatch
from tempfile import TemporaryDirectory
from typing import Any

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from adapters.drops.s3_errors import code_of, translated
from adapters.s3 import BucketAccess
from connector.domain.errors import FeedRefused, ProtocolError

TRIAL = "connector-check.txt"
"""What ``check`` writes."""


@dataclass(frozen=True, kw_only=True)
class Bucket(BucketAccess):
    """A bucket in which files lie."""

    @cached_property
    def _client(self) -> Any:
        """One for all files, as to make one takes longer than to put a file."""
        return self.client()

    @contextmanager
    def _open(self) -> Iterator[Any]:
        where = f"s3 {self.bucket}"
        try:
            with translated(where):
                yield self._client
        except FeedRefused as error:
            raise ProtocolError(f"{where}: an answer is cut off or malformed, and cannot be read.") from error


class S3Store(Bucket):
    """A ``FileStore`` in a bucket."""

    def put(self, name: str, content: bytes) -> None:
        kind = "application/pdf" if name.endswith(".pdf") else "text/plain"
        with self._open() as client:
            client.put_object(Bucket=self.bucket, Key=self.key(name), Body=content, ContentType=kind)

    def get(self, name: str) -> bytes | None:
        with self._open() as client:
            try:
                answer = client.get_object(Bucket=self.bucket, Key=self.key(name))
            except ClientError as error:
                if code_of(error) in ("NoSuchKey", "404"):
                    return None
                raise
            with closing(answer["Body"]) as body:
                content: bytes = body.read()
                return content

    def delete(self, name: str) -> None:
        with self._open() as client:
            client.delete_object(Bucket=self.bucket, Key=self.key(name))

    def names(self, folder: str) -> Iterator[str]:
        before = self.key("")
        with self._open() as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.key(f"{folder}/"))
            for page in pages:
                yield from (found["Key"].removeprefix(before) for found in page.get("Contents", ()))

    def check(self) -> str:
        self.put(TRIAL, b"written by moodle-connector doctor\n")
        self.get(TRIAL)
        self.delete(TRIAL)
        return f"bucket {self.bucket}"


class S3Place(Bucket):
    """A ``Place`` in a bucket, for exports. An object is there once all of it has been sent."""

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        with TemporaryDirectory(prefix="moodle-connector-") as folder:
            path = Path(folder) / Path(name).name
            yield path
            with self._open() as client, cannot_send():
                client.upload_file(str(path), self.bucket, self.key(name))

    def shown(self, name: str) -> str:
        return f"s3://{self.bucket}/{self.key(name)}"

    def keep(self, view: str, file: str, months: Collection[str]) -> None:
        stem = self.key(f"{view}/month=")
        wanted = {f"{stem}{month}/{file}" for month in months}
        with self._open() as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=stem)
            for key in [one["Key"] for page in pages for one in page.get("Contents", ())]:
                if fullmatch(rf"[^/]+/{escape(file)}", key.removeprefix(stem)) and key not in wanted:
                    client.delete_object(Bucket=self.bucket, Key=key)

    def check(self) -> str:
        with self.file(TRIAL) as path:
            path.write_text("written by moodle-connector doctor\n")
        return self.shown("")


@contextmanager
def cannot_send() -> Iterator[None]:
    """What boto3's transfers wrap says less than what they wrap."""
    try:
        yield
    except S3UploadFailedError as error:
        if error.__context__ is None:
            raise
        raise error.__context__ from error
