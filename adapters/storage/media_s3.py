"""A bucket of S3, or of a service that speaks as S3 does, in which videos lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from botocore.exceptions import ClientError

from adapters.drops.s3_errors import code_of
from adapters.storage.s3 import Bucket, cannot_send
from connector.domain.videos import TRIAL

PIECE = 256 * 1024
"""Bytes that are read at once."""
KINDS: Mapping[str, str] = {".ts": "video/mp2t", ".mp4": "video/mp4", ".jpg": "image/jpeg"}


class MediaBucket(Bucket):
    """A ``MediaStore`` in a bucket; uploads are those of S3 in parts."""

    def begin(self, name: str) -> str:
        with self._open() as client:
            begun = client.create_multipart_upload(
                Bucket=self.bucket, Key=self.key(name), ContentType="application/octet-stream"
            )
            upload: str = begun["UploadId"]
            return upload

    def add(self, name: str, upload: str, number: int, content: bytes) -> str:
        with self._open() as client:
            told = {"Bucket": self.bucket, "Key": self.key(name), "UploadId": upload}
            tag: str = client.upload_part(**told, PartNumber=number, Body=content)["ETag"]
            return tag

    def complete(self, name: str, upload: str, tags: Mapping[int, str]) -> None:
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in sorted(tags.items())]
        with self._open() as client:
            client.complete_multipart_upload(
                Bucket=self.bucket, Key=self.key(name), UploadId=upload, MultipartUpload={"Parts": parts}
            )

    def abandon(self, name: str, upload: str) -> None:
        with self._open() as client:
            try:
                client.abort_multipart_upload(Bucket=self.bucket, Key=self.key(name), UploadId=upload)
            except ClientError as error:
                if code_of(error) != "NoSuchUpload":
                    raise

    def size(self, name: str) -> int | None:
        with self._open() as client:
            try:
                size: int = client.head_object(Bucket=self.bucket, Key=self.key(name))["ContentLength"]
            except ClientError as error:
                if code_of(error) in ("NoSuchKey", "404"):
                    return None
                raise
            return size

    def read(self, name: str, first: int, last: int) -> Iterator[bytes]:
        with self._open() as client:
            answer = client.get_object(Bucket=self.bucket, Key=self.key(name), Range=f"bytes={first}-{last}")
            with closing(answer["Body"]) as body:
                yield from body.iter_chunks(PIECE)

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        with TemporaryDirectory(prefix="moodle-connector-") as folder:
            path = Path(folder) / "source"
            with self._open() as client:
                client.download_file(self.bucket, self.key(name), str(path))
            yield path

    def take(self, name: str, path: Path) -> None:
        kind = KINDS.get(path.suffix, "application/octet-stream")
        with self._open() as client, cannot_send():
            client.upload_file(str(path), self.bucket, self.key(name), ExtraArgs={"ContentType": kind})

    def delete(self, name: str) -> None:
        with self._open() as client:
            client.delete_object(Bucket=self.bucket, Key=self.key(name))

    def delete_folder(self, name: str) -> None:
        with self._open() as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.key(f"{name}/"))
            for page in pages:
                for found in page.get("Contents", ()):
                    client.delete_object(Bucket=self.bucket, Key=found["Key"])

    def check(self) -> str:
        self.abandon(TRIAL, self.begin(TRIAL))
        return f"bucket {self.bucket}"
