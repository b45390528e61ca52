"""Taking a run back, as people ask for it: the plan of it, with what the way in has."""

from __future__ import annotations

from connector.domain.errors import SettingsError
from connector.domain.plan_store import Scope
from connector.domain.undo_store import UndoStore
from connector.sync.make_plan import Step
from connector.sync.make_undo import Undo, make_undo
from jobs.sync import WayIn


async def undo(way: WayIn, undos: UndoStore, number: int, by: str, step: Step) -> Undo:
    """Plan the opposite of what a run did. Nothing in Moodle is changed; ``way.apply`` carries the plan out.

    Raises SettingsError where there is no such run.
    """
    run = undos.run(number)
    if run is None:
        raise SettingsError(f"There is no run {number}. `moodle-connector undo --list` shows the last ones.")
    scope = Scope(way.clock(), way.ahead, leavers=way.leavers)
    return await make_undo(run, by, scope, way.newest_feed(), await way.rules(), way.moodle, way.plans, undos, step)
