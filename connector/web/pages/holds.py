"""Plans that are held: what they would do, and the word of a person on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from connector.domain.plan import BY_NAME, Action, GuardClass, HoldState
from connector.domain.review import HeldClass, ReviewedPlan, Stage, Standing, Wanted, plan_path
from connector.domain.sign_in import Permission
from connector.web.page import Page, Visit, plain
from connector.web.words import differences, reason_of

ROWS = 50
EVERYTHING = "all"
"""The choice of class that shows what is not held too."""
DECISIONS = {"approve": HoldState.APPROVED, "reject": HoldState.REJECTED}
UNDER_WAY = {Stage.APPROVED, Stage.APPLYING}
SETTLED = {Stage.DONE, Stage.REJECTED, *UNDER_WAY}


def holds(visit: Visit) -> Response:
    """Everything that waits, the newest plan first."""
    return visit.show("pages/holds.html", plans=visit.connector.reviews.waiting())


def plan(visit: Visit) -> Response:
    """One plan: by class, and its changes."""
    found = _find(visit)
    if found is None:
        return visit.show("pages/no_plan.html", 404)
    return visit.show("pages/plan.html", **_review(visit, found), **_table(visit, found))


def standing(visit: Visit) -> Response:
    """How far it has come: asked again and again by the page while something is under way."""
    found = _find(visit)
    return visit.show("pages/plan_review.html", **_review(visit, found)) if found else Response(status_code=404)


def ask(visit: Visit) -> Response:
    """Is that meant? With the number of people whom it concerns."""
    found = _find(visit)
    if found is None:
        return visit.show("pages/no_plan.html", 404)
    asked = _asked(visit, found, visit.asked("class"), DECISIONS[visit.path["decision"]])
    if not asked:
        return visit.show("pages/too_late.html", 409, **_review(visit, found))
    return visit.show(
        "pages/decide.html",
        plan=found,
        decision=visit.path["decision"],
        asked=asked,
        chosen=visit.asked("class"),
        people=visit.connector.reviews.people(found, [one.guard for one in asked]),
        changes=sum(one.count for one in asked),
    )


def decide(visit: Visit) -> Response:
    """Keep the decision, for exactly this plan, and ask for it to be carried out."""
    found, chosen = _find(visit), visit.given("class")
    if found is None:
        return visit.show("pages/no_plan.html", 404)
    state = DECISIONS[visit.path["decision"]]
    decided = [
        guard
        for one in _asked(visit, found, chosen, state)
        for guard in visit.connector.plans.decide_hold(found.hash, one.guard, state, visit.person.name, visit.now)
    ]
    if not decided:
        return visit.show("pages/too_late.html", 409, **_review(visit, found))
    if state is HoldState.APPROVED:
        visit.house.wake("sync")
    return visit.go(plan_path(found.hash), said=visit.path["decision"])


def _find(visit: Visit) -> ReviewedPlan | None:
    if visit.path.get("decision", "approve") not in DECISIONS:
        return None
    return visit.connector.reviews.find(plain(visit.path["plan"], 100))


def _asked(visit: Visit, found: ReviewedPlan, chosen: str, decision: HoldState) -> list[HeldClass]:
    """The classes that a decision is about: all that are open, or the one that is named.

    Who approves everything has not approved what has to be named; who named a class may also approve what was
    rejected.
    """
    if found.is_superseded:
        return []
    approving = decision is HoldState.APPROVED
    if chosen:
        named = [one for one in found.held if chosen == one.guard.value and not one.done]
        return [one for one in named if one.is_open(visit.now) or (approving and one.state is HoldState.REJECTED)]
    return [one for one in found.held if one.is_open(visit.now) and not (approving and one.guard in BY_NAME)]


def _review(visit: Visit, found: ReviewedPlan) -> dict[str, Any]:
    """What stands above the table of changes."""
    standings: dict[GuardClass, Standing] = {
        one.guard: one for one in visit.connector.reviews.standings(found, visit.now)
    }
    stages = {one.stage for one in standings.values()}
    overtaken = found.is_superseded and not stages <= SETTLED
    return {
        "plan": found,
        "standings": standings,
        "approvable": _asked(visit, found, "", HoldState.APPROVED),
        "open": _asked(visit, found, "", HoldState.REJECTED),
        "overtaken": overtaken,
        "successor": visit.connector.reviews.successor(found) if overtaken else None,
        "under_way": bool(stages & UNDER_WAY),
        "may_decide": visit.may(Permission.DECIDE_HOLDS),
        "said": _said(visit, found),
    }


def _said(visit: Visit, found: ReviewedPlan) -> str:
    """What this person has just decided; a link that only says so is not believed."""
    said, by = visit.asked("said"), visit.person.name
    true = any(held.decided_by == by and held.state is DECISIONS.get(said) for held in found.held)
    return said if true else ""


def _table(visit: Visit, found: ReviewedPlan) -> dict[str, Any]:
    """The changes that are looked for, a page of them."""
    names = visit.may(Permission.SEE_PEOPLE)
    chosen = visit.asked("class")
    guards = {held.guard for held in found.held if chosen in ("", held.guard.value)}
    wanted = Wanted(
        None if chosen == EVERYTHING else guards,
        _action(visit.asked("action")),
        visit.asked("person", 100).strip() if names else "",
        visit.asked("unit"),
    )
    before = visit.asked("before")
    page = visit.connector.reviews.changes(
        found, wanted, after=_ordinal(visit.asked("after")), before=_ordinal(before) if before else None, limit=ROWS
    )
    kept = {
        "class": chosen,
        "action": wanted.action.value if wanted.action else "",
        "person": wanted.person,
        "unit": wanted.unit,
    }
    kept = {name: value for name, value in kept.items() if value}

    def link(**more: int) -> str:
        return f"{plan_path(found.hash)}?{urlencode({**kept, **more})}"

    rows = [(one, differences(one.change, with_values=names), reason_of(one.change)) for one in page.changes]
    return {
        "rows": rows,
        "total": page.total,
        "earlier": link(before=page.before) if page.before is not None else "",
        "later": link(after=page.after) if page.after is not None else "",
        "kept": kept,
        "chosen": chosen,
        "actions": sorted({action for held in found.held for action in held.actions}),
        "units": visit.connector.reviews.units(found),
        "names": names,
    }


def _action(text: str) -> Action | None:
    return Action(text) if text in set(Action) else None


def _ordinal(text: str) -> int:
    """A place in a plan; what is no number begins at the beginning."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


PAGES = (
    Page("GET", "/holds", Permission.SEE_HOLDS, holds),
    Page("GET", "/holds/{plan}", Permission.SEE_HOLDS, plan),
    Page("GET", "/holds/{plan}/standing", Permission.SEE_HOLDS, standing, quiet=True),
    Page("GET", "/holds/{plan}/{decision}", Permission.DECIDE_HOLDS, ask),
    Page("POST", "/holds/{plan}/{decision}", Permission.DECIDE_HOLDS, decide),
)
