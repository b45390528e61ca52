"""A certificate to make a file of, and what can be read of a PDF."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pypdfium2
import zxingcpp

from connector.domain.certificates import code_of
from connector.domain.certifying import Certificate, FileState

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE = Certificate(
    certificate_id=1,
    person_id=1,
    person="E1",
    template="FIRE",
    number="FIRE-2026-000042",
    code=code_of(2**99 + 12345),
    language="en",
    name="Ada Okafor",
    title="Fire safety",
    issuer="Example Works",
    deed="requirement FIRE 1 1",
    earned_at=NOON,
    issued_at=NOON,
    issued_on=date(2026, 3, 1),
    expires_on=date(2028, 3, 1),
    expires_at=datetime(2028, 3, 2, tzinfo=UTC),
    issued_by="",
    by_hr=False,
    reason="",
    revoked_at=None,
    revoked_by="",
    revoked_why="",
    file=FileState.WAITING,
    file_message="",
    sha256=None,
)


def paper(**other: Any) -> Certificate:
    return replace(ONE, **other)


def text_of(pdf: bytes) -> str:
    """All text of the pages, in one line."""
    document = pypdfium2.PdfDocument(pdf)
    found = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return unicodedata.normalize("NFC", " ".join(found.split()))


def pages(pdf: bytes) -> int:
    document = pypdfium2.PdfDocument(pdf)
    count = len(document)
    document.close()
    return count


def qr_of(pdf: bytes) -> str:
    """What a phone reads that is held before the page."""
    document = pypdfium2.PdfDocument(pdf)
    picture = document[0].render(scale=2, grayscale=True)
    grey = memoryview(bytes(picture.buffer)).cast("B", (picture.height, picture.stride))
    [found] = zxingcpp.read_barcodes(grey)
    document.close()
    return str(found.text)
