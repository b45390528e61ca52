"""Captions in WebVTT: read into cues, with nothing in them but text. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from connector.domain.multilang import unescape

MOST = 5000
"""Cues of a video: three hours of somebody who speaks without a pause."""
LINE = 2000
"""Letters of a line that are read."""
_TIME = r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_TIME}\s+-->\s+{_TIME}(?:\s.*)?$")
_TAG = re.compile(r"<[^<>]*>")
_AT = re.compile(r"^(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)$")


@dataclass(frozen=True, slots=True)
class Cue:
    start: float
    end: float
    text: str


@lru_cache(maxsize=16)
def cues(text: str) -> Sequence[Cue]:
    """The cues of a file of WebVTT, or of SubRip, whose times have commas, in order of time; none where it is none.

    Those that were read last are kept: each launch asks for them.
    """
    found: list[Cue] = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")):
        lines = [line[:LINE] for line in block.strip("\n").split("\n")]
        for number, line in enumerate(lines[:2]):  # a name of the cue may stand before its times
            if told := _TIMES.match(line):
                start, end = _seconds(told.groups()[:4]), _seconds(told.groups()[4:])
                said = " ".join(" ".join(unescape(_TAG.sub("", one)) for one in lines[number + 1 :]).split())
                if said and end > start:
                    found.append(Cue(start, end, said.replace("\x00", "")))
                break
        if len(found) >= MOST:
            break
    return tuple(sorted(found, key=lambda cue: (cue.start, cue.end)))


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, rest = (one or "0" for one in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(rest.ljust(3, "0")) / 1000


def at(text: str) -> float | None:
    """A place in a video as people write it, such as 1:05 or 1:02:03 or 65; None where it is none."""
    plain = text.strip()
    if found := _AT.match(plain):
        return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3])
    return float(plain) if re.fullmatch(r"\d{1,6}(?:\.\d+)?", plain) else None


def shown(seconds: float) -> str:
    """A place in a video as people read it."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
