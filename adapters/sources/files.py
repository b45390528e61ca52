"""What every file source shares: the identity of a delivery, and proof that it stayed the same while it was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from connector.domain.errors import FeedRefused
from connector.domain.people import FeedIdentity


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Translate what the operating system says while ``path`` is read into FeedRefused."""
    try:
        yield
    except OSError as error:
        raise FeedRefused(
            f"{path.name}: the file cannot be read ({error.strerror or error}). "
            "Check that it is there and that this service may read it."
        ) from error


def identify(path: Path, *, source: str, complete: bool) -> FeedIdentity:
    """Give the identity of the file; its SHA-256 is streamed. Raises FeedRefused where it cannot be read."""
    with readable(path), path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        stat = path.stat()
    return FeedIdentity(source, path.name, digest, stat.st_size, stat.st_mtime, complete)


def nobody_removed(_values: Mapping[str, str]) -> bool:
    """Of a source whose rows never say that somebody is gone."""
    return False


def refuse_changed(path: Path, identity: FeedIdentity) -> None:
    """Raise FeedRefused where the file is no longer the one whose digest ``identity`` carries.

    What is approved and recorded by its digest has to be what was read. Size and time tell it without hashing twice.
    """
    with readable(path):
        stat = path.stat()
    if (stat.st_size, stat.st_mtime) != (identity.size, identity.modified):
        raise FeedRefused(f"{path.name}: the file changed while it was read. Run again once it is delivered wholly.")
