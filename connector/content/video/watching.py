"""What counts as watched: no more than the clock allows, no piece twice, and in order where it must be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite

from connector.domain.videos import Span

BUCKETS = 100
"""Of a heat map."""
NEAR = 2.0
"""Seconds by which somebody may be ahead of what they have watched: players seek to whole pictures."""
LEAST = 0.2
"""Seconds of a piece, which begins and ends at a tenth of a second."""
MOST = 500
"""Pieces that are kept of a viewing. Who jumps more often than that loses the shortest: gaps are never made good."""
NOTHING, NOTHING_SHARE = 1.0, 0.02
"""Seconds that may be missing, and of a short video this share."""


@dataclass(frozen=True, slots=True)
class Played:
    """A piece that was played without a break, at one speed."""

    start: float
    end: float
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Rules:
    """``length`` of the video in seconds; ``fastest`` speed that the lesson allows."""

    length: float
    fastest: float
    no_skip: bool


def merged(spans: Sequence[Span]) -> list[Span]:
    """The same pieces in order, none of which overlaps or touches another."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > start:
            found.append((start, end))
    return found


def kept(spans: Sequence[Span]) -> list[Span]:
    """The same pieces as ``merged``, but for the shortest of them where there are too many."""
    found = merged(spans)
    if len(found) <= MOST:
        return found
    return sorted(sorted(found, key=lambda span: span[0] - span[1])[:MOST])


def watched_seconds(spans: Sequence[Span]) -> float:
    return sum(end - start for start, end in merged(spans))


def share(spans: Sequence[Span], length: float) -> float:
    """From 0 to 1. A second that is missing in all is nothing: players begin and end between pictures."""
    if length <= 0:
        return 0.0
    missing = max(0.0, length - watched_seconds(spans))
    return 1.0 if missing <= min(NOTHING, NOTHING_SHARE * length) else round(1 - missing / length, 4)


def frontier(spans: Sequence[Span]) -> float:
    """How far somebody has watched without a gap."""
    found = 0.0
    for start, end in merged(spans):
        if start > found + NEAR:
            break
        found = max(found, end)
    return found


def counted(played: Sequence[Played], before: Sequence[Span], credit: float, rules: Rules) -> tuple[list[Span], float]:
    """What of that which a page says was played counts, and what is left of so many seconds in which it can have been.

    What would have taken longer is cut off; where nothing may be skipped, so is what lies beyond a gap.
    """
    left = max(0.0, credit)
    known = list(before)
    found: list[Span] = []
    for one in played:
        speed = min(one.speed, rules.fastest) if one.speed > 0 else 0.0
        if not all(map(isfinite, (one.start, one.end, speed))) or not speed:
            continue
        start, end = round(max(0.0, one.start), 1), _end(one.end, rules.length)
        if rules.no_skip and start > frontier(known) + NEAR:
            continue
        if end > start + left * speed:
            end = floor(10 * (start + left * speed) + 1e-6) / 10
        if round(end - start, 1) < LEAST:
            continue
        left = max(0.0, left - (end - start) / speed)
        found.append((start, end))
        known.append((start, end))
    return found, left


def _end(end: float, length: float) -> float:
    """At a tenth of a second, or at the very end."""
    found = round(end, 1)
    return length if found >= round(length, 1) else found


def heated(heat: Sequence[float], spans: Sequence[Span], length: float) -> list[float]:
    """A heat map with these pieces added: how often each hundredth of the video was watched."""
    found = [*heat, *([0.0] * BUCKETS)][:BUCKETS]
    wide = length / BUCKETS
    if wide <= 0:
        return found
    for start, end in spans:
        for number in range(int(start / wide), min(BUCKETS, int(end / wide) + 1)):
            within = min(end, (number + 1) * wide) - max(start, number * wide)
            found[number] = round(found[number] + max(0.0, within) / wide, 3)
    return found


def summed(heats: Sequence[Sequence[float]]) -> list[float]:
    """The heat map of all."""
    return [sum(column) for column in zip(*([*heat, *([0.0] * BUCKETS)][:BUCKETS] for heat in heats), strict=True)]
