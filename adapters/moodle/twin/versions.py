"""What differs between the Moodle versions that the twin can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """One Moodle version. ``names_tables``: an error for a missing record names its table (until 4.5), and has a
    code of its own for some; later versions say ``invalidrecordunknown`` for all unless debugging is on.

    ``counts_past_the_end``: a report's page after the last still tells how many rows there are.
    ``report_customfields``: reports can have custom fields, and their page a container for information.
    """

    family: str
    release: str
    version: str
    branch: str
    names_tables: bool
    counts_past_the_end: bool
    report_customfields: bool


VERSIONS: Mapping[str, Version] = {
    "4.5": Version(
        "4.5",
        "4.5.5+ (Build: 20250613)",
        "2024100705.01",
        "405",
        names_tables=True,
        counts_past_the_end=True,
        report_customfields=False,
    ),
    "5.1": Version(
        "5.1",
        "5.1+ (Build: 20251017)",
        "2025100600.02",
        "501",
        names_tables=False,
        counts_past_the_end=False,
        report_customfields=True,
    ),
}
