"""The composition root: the one place where adapters and the store are built and wired to the rooms.

Each module builds a part and knows those that it needs: ``installation``, ``files``, ``kept``, ``people``,
``moodle``, ``inlets`` (with ``sources``), ``ways``, ``telling``, ``certifying``, ``privacy``, ``exporting``,
``keeping``, ``bringing_over``, ``launching``, ``videos``.
"""

from __future__ import annotations

from adapters.moodle.plugin import packed
from connector.bootstrap.bringing_over import BringingOver
from connector.bootstrap.exporting import Exporting
from connector.bootstrap.installation import Clock, utc_now
from connector.bootstrap.keeping import KeepingInMoodle
from connector.bootstrap.moodle import NEEDED_FUNCTIONS
from connector.bootstrap.privacy import Privacy
from connector.bootstrap.telling import Telling
from connector.bootstrap.videos import Videos
from connector.store.embedded import install_term_handler


class Connector(Telling, Privacy, Exporting, KeepingInMoodle, BringingOver, Videos):
    """One site of an installation, built from its settings: all parts together."""


end_cleanly_on_term = install_term_handler
packed_plugin = packed

__all__ = ["NEEDED_FUNCTIONS", "Clock", "Connector", "end_cleanly_on_term", "packed_plugin", "utc_now"]
