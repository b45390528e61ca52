"""All works by name, in the order in which they are measured. Those whose name begins with REAL need a real Moodle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tests.bench import atscale, launched, mirroring, promises
from tests.bench.figures import Figure
from tests.bench.works import Bench

REAL = "moodle-"
WITH_TOOL = frozenset({"moodle-first-load", "moodle-reports"})
"""Works that time Moodle's own upload tool, for which its code must be on this machine."""

WORKS: Mapping[str, Callable[[Bench], Iterator[Figure]]] = {
    "mapping-row": Bench.mapping_row,
    "feed-100k": Bench.feed_100k,
    "feed-1m": Bench.feed_1m,
    "rules-200": promises.rules_200,
    "plan-unchanged": Bench.plan_unchanged,
    "twin-first-load": Bench.twin_first_load,
    "paced-first-load": promises.paced_first_load,
    "on-demand": promises.on_demand,
    "scim-push": promises.pushed,
    "mirror-plugin": mirroring.mirror_plugin,
    "hints": promises.told,
    "lti-event": promises.launched,
    "lti-launches": launched.launches,
    "lti-answers": launched.answers,
    "lti-page": launched.page,
    "lti-score": launched.scores,
    "lti-scale": atscale.at_scale,
    "views": Bench.views,
    "moodle-first-load": Bench.moodle_first_load,
    "moodle-reports": Bench.moodle_reports,
    "moodle-mirror-plugin": mirroring.moodle_mirror_plugin,
    "moodle-on-demand": promises.moodle_on_demand,
    "moodle-scim-push": promises.moodle_pushed,
    "moodle-hints": promises.moodle_told,
}


def needed(names: list[str], *, url: bool, code: bool) -> str | None:
    """What is missing for one of these works, as a sentence."""
    for name in names:
        if name in WITH_TOOL and not (url and code):
            return f"{name} needs --moodle-dir and --moodle-url"
        if name.startswith(REAL) and not url:
            return f"{name} needs --moodle-url"
    return None


def possible(*, url: bool, code: bool) -> list[str]:
    """The works for which nothing is missing."""
    return [name for name in WORKS if needed([name], url=url, code=code) is None]
