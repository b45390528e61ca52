"""Photos without the place where they were taken: GPS in Exif and XMP goes, wherever in the file these stand. Pure.

Exif is TIFF, and TIFF is found by how it begins: in JPEG (also in the smaller pictures within one), HEIC, WebP and
PNG. What goes is overwritten where it stands, so that nothing else moves. What is not as the standards have it stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import error, unpack_from
from zlib import crc32

PNG = b"\x89PNG\r\n\x1a\n"
HEADERS, CHAINED, ENTRIES = 64, 4, 512
"""So many of each are looked at: a file that means harm is read in no time."""
LONGEST = 4096
"""Bytes of a value of GPS, at most."""
GPS, LONG = 0x8825, 4
"""The tag that says where the GPS directory is, and the type of what it says (Exif 2.32, 4.6.3)."""
LAST_OF_GPS = 0x1F
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of a value by its type (TIFF 6.0, section 2)."""
_TIFF = re.compile(rb"II\*\x00|MM\x00\*")
_XMP = re.compile(
    rb""":GPS\w{0,40}+(?:\s{0,9}+=\s{0,9}+(?:"([^"<>]{0,200}+)"|'([^'<>]{0,200}+)')"""
    rb"""|(?:\s[^<>]{0,200}+)?>([^<>]{0,200}+)</)""",
    re.IGNORECASE,
)
"""Properties such as exif:GPSLatitude and drone-dji:GpsLatitude, as attributes and as elements."""
_PROFILES = (b"Raw profile type exif\x00", b"Raw profile type APP1\x00", b"Raw profile type xmp\x00")
"""Exif and XMP as ImageMagick puts them into texts of a PNG, written as digits."""
_PACKED = b"XML:com.adobe.xmp\x00\x01"
"""XMP in a PNG that is compressed."""


def without_place(photo: bytes) -> bytes:
    """The photo with the same picture, turned the same way, and without the place where it was taken."""
    if photo.startswith(PNG):
        return PNG + b"".join(_chunks(photo))
    return _blanked(photo)


def _chunks(photo: bytes) -> Iterator[bytes]:
    """Those of a PNG: each its length, its type, what is in it, and a sum of that."""
    at = len(PNG)
    while at + 12 <= len(photo):
        end = at + 12 + int.from_bytes(photo[at : at + 4])
        kind, data = photo[at + 4 : at + 8], photo[at + 8 : end - 4]
        if end > len(photo) or kind == b"IDAT" or (changed := _blanked(data)) == data:
            if not (kind in (b"tEXt", b"zTXt", b"iTXt") and data.startswith((*_PROFILES, _PACKED))):
                yield photo[at:end]
        else:
            yield photo[at : at + 8] + changed + crc32(kind + changed).to_bytes(4)
        at = end
    yield photo[at:]


def _blanked(content: bytes) -> bytes:
    found = bytearray(content)
    for number, header in enumerate(_TIFF.finditer(content)):
        if number == HEADERS:
            break
        _blank_tiff(found, header.start())
    for said in _XMP.finditer(content):
        start, end = said.span(said.lastindex or 0)
        found[start:end] = b" " * (end - start)
    return bytes(found)


def _blank_tiff(content: bytearray, start: int) -> None:
    """Take the GPS directory out of the TIFF that begins here; what is none stays as it is."""
    order = "<" if content[start] == ord("I") else ">"
    try:
        [at] = unpack_from(f"{order}I", content, start + 4)
        for _ in range(CHAINED):
            tags = _directory(content, start, at, order)
            for tag, kind, count, _, place in tags:
                if (tag, kind, count) == (GPS, LONG, 1):
                    [where] = unpack_from(f"{order}I", content, place + 8)
                    _blank_gps(content, start, where, order)
                    return _drop(content, start + at, len(tags), place, order)
            [at] = unpack_from(f"{order}I", content, start + at + 2 + 12 * len(tags))
            if not at:
                return None
    except (ValueError, error):
        return None


def _blank_gps(content: bytearray, start: int, at: int, order: str) -> None:
    tags = _directory(content, start, at, order)
    if any(tag > LAST_OF_GPS for tag, *_ in tags):
        raise ValueError("no directory of GPS")
    for _, _, _, size, place in tags:
        [where] = unpack_from(f"{order}I", content, place + 8)
        if 4 < size <= LONGEST and start + where + size <= len(content):
            content[start + where : start + where + size] = bytes(size)
    size = 2 + 12 * len(tags)
    content[start + at : start + at + size] = bytes(size)


def _directory(content: bytearray, start: int, at: int, order: str) -> list[tuple[int, int, int, int, int]]:
    """Tag, type, count, bytes and place of each entry. Raises ValueError and struct.error where there is none."""
    [count] = unpack_from(f"{order}H", content, start + at)
    if at < 8 or not 0 < count <= ENTRIES:
        raise ValueError("no directory")
    found = []
    for place in range(start + at + 2, start + at + 2 + 12 * count, 12):
        tag, kind, values = unpack_from(f"{order}HHI", content, place)
        found.append((tag, kind, values, _SIZES[kind] * values if kind in _SIZES else 0, place))
    return found


def _drop(content: bytearray, at: int, count: int, place: int, order: str) -> None:
    """An entry goes out of its directory: those behind it, and where the next directory is, move up."""
    end = at + 2 + 12 * count + 4
    content[place : end - 12] = content[place + 12 : end]
    content[end - 12 : end] = bytes(12)
    content[at : at + 2] = (count - 1).to_bytes(2, "little" if order == "<" else "big")
