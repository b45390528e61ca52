"""A photo is kept without the place where it was taken, and with all else as it is."""

from __future__ import annotations

from struct import pack, unpack_from
from zlib import compress, crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.content.assessment.whereabouts import PNG, without_place

LATITUDE = pack("<6I", 25, 1, 2, 1, 12345678, 1000)
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6" exif:GPSLatitude=\'25,2.1N\' drone-dji:GpsLongitude="+121.5">'
XMP += b"<exif:GPSAltitude>9/1</exif:GPSAltitude><dc:title>Valve GPS: none</dc:title></rdf:Description></x:xmpmeta>"
BARE = XMP.replace(b"25,2.1N", b" " * 7).replace(b"+121.5", b" " * 6).replace(b"9/1", b" " * 3)
PICTURE = bytes(range(256)) * 4


def exif(order: str) -> bytes:
    """Orientation 6, the GPS directory, and a date, in this order of bytes; then a second directory."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    gps_at, place_at = 8 + 2 + 3 * 12 + 4 + 18, 8 + 2 + 3 * 12 + 4 + 18 + 2 + 2 * 12 + 4
    head = mark + pack(f"{order}IH", 8, 3)
    head += pack(f"{order}HHIHH", 0x0112, 3, 1, 6, 0) + pack(f"{order}HHII", 0x8825, 4, 1, gps_at)
    head += pack(f"{order}HHII", 0xFE00, 4, 1, 77) + pack(f"{order}I", 50)
    second = pack(f"{order}HHHIII", 1, 0x0103, 4, 1, 6, 0)
    gps = pack(f"{order}HHHI4s", 2, 1, 2, 2, b"N") + pack(f"{order}HHII", 2, 5, 3, place_at) + bytes(4)
    assert len(head + second) == gps_at
    return head + second + gps + LATITUDE


def tags(tiff: bytes, order: str) -> tuple[dict[int, int], int]:
    """Values by tag of the first directory, and where the second is."""
    count = unpack_from(f"{order}H", tiff, 8)[0]
    first = [unpack_from(f"{order}HHI", tiff, 10 + 12 * one) for one in range(count)]
    values = [unpack_from(f"{order}{'H' if kind == 3 else 'I'}", tiff, 18 + 12 * n)[0]
              for n, (_, kind, _) in enumerate(first)]  # fmt: skip
    found = {tag: value for (tag, _, _), value in zip(first, values, strict=True)}
    return found, unpack_from(f"{order}I", tiff, 10 + 12 * count)[0]


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


def jpeg(tiff: bytes, xmp: bytes = XMP) -> bytes:
    """With a smaller picture behind it, as phones make them, that has Exif of its own."""
    told = segment(0xE1, b"Exif\0\0" + tiff) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    return 2 * (b"\xff\xd8" + told + segment(0xDA, bytes(10)) + PICTURE + b"\xff\xd9")


def webp(tiff: bytes, xmp: bytes = XMP) -> bytes:
    parts = ((b"VP8 ", PICTURE), (b"EXIF", tiff), (b"XMP ", xmp))
    body = b"WEBP" + b"".join(
        name + len(part).to_bytes(4, "little") + part + bytes(len(part) % 2) for name, part in parts
    )
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def heic(tiff: bytes, xmp: bytes = XMP) -> bytes:
    return b"\0\0\0\x18ftypheic" + bytes(12) + b"mdat" + PICTURE + b"\0\0\0\x06Exif\0\0" + tiff + xmp


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + crc32(kind + data).to_bytes(4)


def png(tiff: bytes, xmp: bytes = XMP, *more: bytes) -> bytes:
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp
    return PNG + b"".join(
        (chunk(b"IHDR", bytes(13)), *more, chunk(b"eXIf", tiff), chunk(b"iTXt", text), chunk(b"IDAT", PICTURE + tiff),
         chunk(b"IEND", b""))
    )  # fmt: skip


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_place_goes_and_how_it_is_turned_stays(order: str) -> None:
    """Of Exif only the GPS directory goes, with what is in it; all else is found where it was."""
    before, after = exif(order), without_place(exif(order))
    assert LATITUDE in before
    assert after[len(after) - 54 :] == bytes(54)
    assert tags(before, order) == ({0x0112: 6, 0x8825: 68, 0xFE00: 77}, 50)
    assert tags(after, order) == ({0x0112: 6, 0xFE00: 77}, 50)
    assert (len(after), after[50:68]) == (len(before), before[50:68])


@pytest.mark.parametrize("made", [jpeg, webp, heic])
def test_in_each_kind_of_photo_wherever_it_stands(made: type) -> None:
    """Exif and XMP are blank of it, and of the picture no byte is another."""
    assert without_place(made(exif(">"))) == made(without_place(exif(">")), BARE)


def test_in_a_png_sums_are_right_again() -> None:
    """What tools pack into texts goes as a whole; the picture is not looked at, whatever it looks like."""
    packed = chunk(b"zTXt", b"Raw profile type exif\0\0" + compress(exif("<").hex().encode()))
    packed += chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + compress(XMP))
    bare = png(without_place(exif("<")), BARE).replace(
        chunk(b"IDAT", PICTURE + without_place(exif("<"))), chunk(b"IDAT", PICTURE + exif("<"))
    )
    assert without_place(png(exif("<"), XMP, packed)) == bare


def test_what_has_no_place_stays_as_it_is() -> None:
    plain = without_place(exif("<"))
    for one in (jpeg(plain, BARE), webp(plain, BARE), png(plain, BARE), PNG + bytes(64), b"\xff\xd8\xff", b""):
        assert without_place(one) == one


@given(cut=st.integers(0, 500), at=st.integers(0, 121), value=st.integers(0, 255), order=st.sampled_from("<>"))
def test_what_is_broken_breaks_nothing(cut: int, at: int, value: int, order: str) -> None:
    """A file that was cut off, or Exif with any byte changed, is taken, and is as long as it was."""
    tiff = bytearray(exif(order))
    tiff[at] = value
    for made in (jpeg, webp, heic, png):
        whole = made(bytes(tiff))
        assert len(without_place(whole)) == len(whole)
        assert len(without_place(whole[:cut])) == len(whole[:cut])


def test_a_file_that_means_harm_is_read_in_no_time() -> None:
    """Full of beginnings, each of a directory as long as there is one."""
    for full in (b"II*\0\x08\0\0\0\xff\x01", b":GPS a", b':GPS="', b"a:GPS>"):
        without_place(b"\xff\xd8\xff" + full * (500_000 // len(full)))
