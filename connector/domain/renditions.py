"""What is made of a video: which renditions, in which steps, of which containers.

A transcoder follows it, whichever it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LADDER: Mapping[int, int] = {1080: 5_000_000, 720: 2_500_000, 480: 1_200_000, 360: 800_000}
"""Lines, and bits a second."""
OVERHEAD = 1.15
"""Sound, and the wrapping in segments."""
SOUND = 128_000
"""Bits a second."""
SHORT = 6.0
"""Seconds of the short preview."""
HEAD = 1024
"""Bytes by which a container is known."""
SQUEEZED = 4
"""A point is at most so many times as wide as high, or as high as wide."""
THUMBS = 50
"""Pictures of a video, at most."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rendition to be made."""

    lines: int
    width: int
    bits: int


def wanted(width: int, height: int) -> list[Wanted]:
    """Renditions for a source of this size, the largest first: never more lines than it has, and one at least.

    Of a source that stands upright its width is what lines are for others. Both sides are even, as H.264 wants it.
    """
    short = max(1, min(width, height))
    rungs = [lines for lines in LADDER if lines <= short] or [short]
    found = []
    for lines in rungs:
        scale = lines / short
        wide, high = (2 * round(side * scale / 2) for side in (width, height))
        found.append(Wanted(max(2, high), max(2, wide), LADDER.get(lines, LADDER[360])))
    return found


def meant(width: int, wide: int, high: int) -> int:
    """How wide a picture is meant, whose points are so wide by so high; such as no camera makes are squares."""
    if not 0 < high <= SQUEEZED * wide or wide > SQUEEZED * high:
        return width
    return round(width * wide / high)


def thumb_every(seconds: float) -> float:
    """Seconds between two pictures."""
    return max(1.0, seconds / THUMBS)


def read_segments(text: str, folder: str = "") -> list[tuple[str, float]]:
    """Names and seconds of the segments of a playlist that a transcoder has written."""
    found: list[tuple[str, float]] = []
    seconds = 0.0
    for line in text.splitlines():
        if told := re.match(r"#EXTINF:([\d.]+)", line):
            seconds = float(told[1])
        elif line and not line.startswith("#"):
            found.append((f"{folder}{line}", seconds))
    return found


CONTAINERS: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyp", "mov"),
    (4, b"moov", "mov"),
    (4, b"wide", "mov"),
    (4, b"mdat", "mov"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"OggS", "ogg"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (8, b"AVI ", "avi"),
)
"""Where which bytes stand in a file, and what reads it, as ffmpeg calls that. None of them refers to other files."""
PACKET = 188
"""Bytes of a packet of an MPEG transport stream, each of which begins with a G."""


def container(head: bytes) -> str | None:
    """What a file is by its first bytes, whatever it is called; None: no video that is taken."""
    for at, magic, name in CONTAINERS:
        if head[at : at + len(magic)] == magic:
            return name
    if len(head) > 2 * PACKET and all(head[at : at + 1] == b"G" for at in (0, PACKET, 2 * PACKET)):
        return "mpegts"
    return None
