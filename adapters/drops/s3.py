"""A bucket of S3, or of a service that speaks as S3 does, into which feeds are put.

An object is known by its ETag, as a new one under the same key has another; it is no digest of the content (of an
upload in parts it is none), so that the digest is always our own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from adapters.drops.choosing import STILL_WRITTEN, NotYetError, Seen, UnusableError, free_names
from adapters.drops.remote import RemoteDrop
from adapters.drops.s3_errors import CHANGED, code_of, translated
from adapters.drops.spool import Write
from adapters.s3 import BucketAccess
from connector.domain.errors import AccessRefused, FeedRefused, SettingsError

_PIECE = 1 << 20
_LARGEST = 5 * 1024**3
"""Bytes that S3 copies in one request."""
_TAKEN = "connector-taken"
"""Name of the metadata of a moved object: what it was and why it is here."""


@dataclass(frozen=True, kw_only=True)
class S3Drop(RemoteDrop, BucketAccess):
    """Takes objects directly under ``prefix`` of ``bucket``, as ``RemoteDrop`` says."""

    def __post_init__(self) -> None:
        RemoteDrop.__post_init__(self)
        BucketAccess.__post_init__(self)
        if self.max_bytes > _LARGEST:
            raise SettingsError(f"max_bytes: S3 moves objects of {_LARGEST} bytes at most.")

    @contextmanager
    def _open(self) -> Iterator[S3Folder]:
        with translated(f"s3 {self.bucket}"), closing(self.client()) as client:
            yield S3Folder(client, self.bucket, self.key(""))


@dataclass(frozen=True)
class S3Folder:
    """A ``Place``: what lies directly under ``prefix`` of ``bucket``."""

    client: Any
    bucket: str
    prefix: str

    def listed(self) -> dict[str, Seen]:
        found: dict[str, Seen] = {}
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"
        )
        for page in pages:
            if "IsTruncated" not in page:  # boto3 makes an empty listing of any XML, such as a proxy's page
                raise FeedRefused(f"s3 {self.bucket}: the answer is no listing. Is something else at endpoint_url?")
            for one in page.get("Contents", []):
                name = one["Key"].removeprefix(self.prefix)
                if name in found:
                    raise FeedRefused(
                        f"s3 {self.bucket}: the listing names an object twice; its pages cannot be right."
                    )
                if name and not name.endswith("/"):  # such are folders, as some tools make them
                    found[name] = _seen(one, one["Size"])
        return found

    def seen(self, name: str) -> Seen | None:
        head = self._head(name)
        return None if head is None else _seen(head, head["ContentLength"])

    def read(self, name: str, seen: Seen, write: Write) -> None:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name, IfMatch=seen.tag)
        except ClientError as error:
            _raise_for_file(code_of(error))
            raise
        with closing(answer["Body"]) as body:
            if _seen(answer, answer["ContentLength"]) != seen:
                raise NotYetError(STILL_WRITTEN)
            while piece := body.read(_PIECE):
                write(piece)

    def move(self, name: str, seen: Seen, into: str, reason: str | None) -> str | None:
        """As ``Place`` says: copied, then deleted, each only while it is the object ``seen``.

        A copy that was made before, by a process that ended there, is recognised by its metadata and not made again.
        """
        taken = _taken(seen, reason)
        for target, note in free_names(name):
            there = self._head(f"{into}/{target}")
            if there is not None and there["Metadata"].get(_TAKEN) == taken:
                break
            if there is None and self._head(f"{into}/{note}") is None:
                if not self._copied(name, seen, f"{into}/{target}", taken):
                    return None
                break
        if reason is not None:
            self._write_new(f"{into}/{note}", reason)
        self._delete(name, seen)
        return f"{self.prefix}{into}/{target}"

    def _head(self, name: str) -> dict[str, Any] | None:
        try:
            head: dict[str, Any] = self.client.head_object(Bucket=self.bucket, Key=self.prefix + name)
        except ClientError as error:
            if code_of(error) in CHANGED or (code_of(error) == "403" and not self._is_listed(name)):
                return None
            raise
        return head

    def _is_listed(self, name: str) -> bool:
        """Where listing is allowed by prefix only, S3 answers 403 for an object that is not there."""
        key = self.prefix + name
        page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        return any(one["Key"] == key for one in page.get("Contents", []))

    def _copied(self, name: str, seen: Seen, target: str, taken: str) -> bool:
        """Copy with what is kept beside the content; False where another object has the name now."""
        head = self._head(name)
        if head is None:
            return False
        kept = {one: head[one] for one in ("ContentType", "ContentEncoding") if one in head}
        try:
            self.client.copy_object(
                Bucket=self.bucket,
                Key=self.prefix + target,
                CopySource={"Bucket": self.bucket, "Key": self.prefix + name},
                CopySourceIfMatch=seen.tag,
                IfNoneMatch="*",
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",  # to copy tags takes rights of their own
                Metadata={**head["Metadata"], _TAKEN: taken},
                **kept,
            )
        except ClientError as error:
            if code_of(error) in CHANGED:
                return False
            raise
        return True

    def _write_new(self, name: str, text: str) -> None:
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=self.prefix + name,
                Body=f"{text}\n".encode(),
                ContentType="text/plain; charset=utf-8",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if code_of(error) not in CHANGED:  # written before, by the process that made the copy
                raise

    def _delete(self, name: str, seen: Seen) -> None:
        """Delete the object ``seen``; one that took its name meanwhile stays."""
        if self.seen(name) != seen:  # for services that know no condition here
            return
        try:
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name, IfMatch=seen.tag)
        except ClientError as error:
            if code_of(error) in CHANGED:
                return
            if code_of(error) in ("AccessDenied", "403", "InvalidRequest"):
                raise AccessRefused(
                    f"s3 {self.bucket}: {self.prefix}{name} was copied but may not be deleted, by a missing right "
                    "(s3:DeleteObject) or an object lock. It is taken again until that is mended."
                ) from error
            raise


def _seen(answer: dict[str, Any], size: int) -> Seen:
    # Whole seconds, as a header gives them; some services list fractions too.
    return Seen(size, float(int(answer["LastModified"].timestamp())), answer["ETag"])


def _taken(seen: Seen, reason: str | None) -> str:
    return hashlib.sha256(f"{seen.tag} {seen.size} {seen.modified} {reason or ''}".encode()).hexdigest()


def _raise_for_file(code: str) -> None:
    """Say what a refused reading means for the file, where it is about the file alone."""
    if code in CHANGED:
        raise NotYetError(STILL_WRITTEN)
    if code == "InvalidObjectState":
        raise UnusableError("it lies in an archive; restore it")
    if code == "AccessDenied":
        raise UnusableError("it may not be read; give these credentials s3:GetObject, and its KMS key if it has one")
