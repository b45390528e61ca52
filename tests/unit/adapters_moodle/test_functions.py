"""The list of functions that an administrator has to allow is the list of functions that are called."""

from __future__ import annotations

import re
from pathlib import Path

import adapters.moodle
from adapters.moodle.functions import FUNCTIONS, OPTIONAL_FUNCTIONS
from adapters.moodle.twin.table import FUNCTIONS as OF_THE_TWIN

CALLERS = ("accounts.py", "client.py", "site.py")


def test_the_list_is_complete() -> None:
    """Nothing is called that is not listed, nothing is asked for that is not called, and the twin has it all."""
    folder = Path(adapters.moodle.__file__).parent
    text = "".join((folder / name).read_text("utf-8") for name in CALLERS)
    called = set(re.findall(r'"((?:core|enrol|gradereport|tool)_\w+)"', text))
    assert called - OPTIONAL_FUNCTIONS == FUNCTIONS
    assert set(OF_THE_TWIN) >= FUNCTIONS | OPTIONAL_FUNCTIONS
    assert not FUNCTIONS & OPTIONAL_FUNCTIONS
