"""What goes wrong with one of many, and what concerns them all."""

from __future__ import annotations

import pytest

from connector.domain.apart import Apart
from connector.domain.errors import CannotKeep, StorageError, Unavailable


@pytest.mark.parametrize("error", [StorageError("The database does not answer."), Unavailable("Nobody is there.")])
def test_what_concerns_all_ends_them_all(error: Exception) -> None:
    apart = Apart("Things")
    with pytest.raises(type(error)), apart.one(1):
        raise error
    assert apart.told() == {}


def test_what_concerns_one_is_told_by_its_number_alone() -> None:
    """However many they are; not what the error says, which may be of people."""
    apart = Apart("Things")
    for number in range(1, 24):
        with apart.one(number):
            raise CannotKeep("Nguyễn Văn An") if number == 1 else KeyError(number)
    told = apart.told()
    assert told["failed"] == "CannotKeep"
    assert str(told["message"]).startswith("Things: 23 could not be done, with the numbers 1, 2, 3, ")
    assert " 20 and 3 others (CannotKeep, test_apart.py:" in str(told["message"])
    assert "An" not in str(told["message"]).replace("All", "")
