"""What is kept of people, as the file beside the module says it; the databases are compared with it elsewhere."""

from __future__ import annotations

from collections import Counter

from connector.domain.privacy import INVENTORY, Fate


def test_each_column_has_one_fate_and_what_stays_says_why() -> None:
    """A column that stands in two lines would have the fate of the later one alone."""
    for held in INVENTORY:
        named = Counter(name for names in held.fates.values() for name in names.split())
        assert [name for name, times in named.items() if times > 1] == [], held.table
        stays = set(held.fates) & {Fate.BLANK, Fate.PSEUDONYM, Fate.KEEP}
        assert held.holds and bool(held.why) >= bool(stays), held.table
