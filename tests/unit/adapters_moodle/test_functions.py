"""The list of functions that an administrator has to allow is the list of functions that are called."""

from __future__ import annotations

import re
from pathlib import Path

import adapters.moodle
from adapters.moodle.functions import (
    FOR_BADGES,
    FOR_CALENDAR,
    FOR_DELETION,
    FOR_LEARNERS,
    FOR_LOGINS,
    FOR_PLUGIN,
    FOR_REPORTS,
    FOR_SIGN_IN,
    FOR_WRITER,
    FUNCTIONS,
)
from adapters.moodle.twin.state import TwinState
from adapters.moodle.twin.table import functions

CALLERS = (
    "accounts.py", "calendar.py", "client.py", "groups.py", "logins.py", "messages.py", "site.py", "readers/*.py",
    "writers/*.py",
)  # fmt: skip


def test_the_list_is_complete() -> None:
    """Nothing is called that is not listed, nothing is asked for that is not called, and the twin has it all."""
    folder = Path(adapters.moodle.__file__).parent
    text = "".join(path.read_text("utf-8") for name in CALLERS for path in sorted(folder.glob(name)))
    called = set(re.findall(r'"((?:core|enrol|gradereport|local_connector|tool_mobile)_\w+)"', text))
    beside = FOR_REPORTS | FOR_PLUGIN | FOR_BADGES | FOR_LEARNERS | FOR_DELETION | FOR_SIGN_IN
    beside |= FOR_WRITER | FOR_CALENDAR | FOR_LOGINS
    assert called == FUNCTIONS | beside
    assert set(functions(TwinState(plugin=True))) >= called
