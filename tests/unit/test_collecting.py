"""How often Python looks for objects that only hold each other."""

from __future__ import annotations

import gc

from connector.cli.service import collect_seldom
from connector.mirror.ahead import SELDOM, seldom_collected


def test_a_service_looks_seldom_and_never_at_what_it_has_loaded() -> None:
    """A reading of Moodle within it leaves it so."""
    usual, loaded = gc.get_threshold(), [[] for _ in range(10)]
    try:
        collect_seldom()
        with seldom_collected():
            pass
        assert gc.get_threshold()[0] == SELDOM
        assert not any(one is loaded for one in gc.get_objects())
    finally:
        gc.set_threshold(*usual)
