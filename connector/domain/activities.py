"""Several activities of a course that open the same content, told apart by what they are called. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Activity:
    """One of several with the same content in a course. ``title`` is "" where the platform did not say one."""

    number: int
    title: str


def numbered(titles: Mapping[str, str]) -> Mapping[str, Activity]:
    """By their links what they are called; two of one title have their numbers in it."""
    told = Counter(titles.values())
    return {
        key: Activity(at, f"{name} ({at})" if name and told[name] > 1 else name)
        for at, (key, name) in enumerate(titles.items(), 1)
    }
