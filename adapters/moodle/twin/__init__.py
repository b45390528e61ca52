"""A small Moodle that answers as real ones were recorded to answer: for the demo and for tests, over real HTTP.

``serve_twin`` runs one; ``Faults`` tells it how to fail; ``Life`` lets learners learn. State is in memory, and two
twins share none of it.
"""

from adapters.moodle.twin.app import Twin
from adapters.moodle.twin.faults import Fault, Faults
from adapters.moodle.twin.life import Life
from adapters.moodle.twin.pace import REAL_PACE, Pace
from adapters.moodle.twin.server import ServedTwin, serve_twin
from adapters.moodle.twin.state import TwinState

__all__ = ["REAL_PACE", "Fault", "Faults", "Life", "Pace", "ServedTwin", "Twin", "TwinState", "serve_twin"]
