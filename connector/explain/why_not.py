"""Why somebody has not got something, from the row of HR to the answer of Moodle; the first cause counts."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.decide import Status
from connector.domain.explaining import ChangeTold, Dossier, Standing, Wanted
from connector.domain.grants import GrantKind
from connector.explain.carried_out import action_name, held
from connector.explain.heard import ABSENT, where
from connector.explain.question import Question
from connector.explain.spelling import seen_values
from connector.explain.texts import Text, joined, text


def cause(question: Question, kind: GrantKind, target: str, path: str) -> Text:
    """Why nothing of this kind and target is granted, though somebody asks for it."""
    person = question.dossier.person
    if person is None:
        return _never(question.dossier)
    if person.status is Status.LEFT:
        return left(question)
    if person.status is Status.UPCOMING:
        starts = person.said.fields.get("starts")
        return text("the first day is {day}, and accounts are not made so long ahead", day=starts)
    wanted = question.wanted(kind, target)
    if wanted is None:
        return joined([_no_rule(question, path), *_before(question, kind, target)])
    if wanted.missing:
        courses = ", ".join(wanted.missing)
        return text("{rule} gives it once {courses} is completed", rule=wanted.rule, courses=courses)
    if person.account_id is None:
        account = _account(question)
        return text("{rule} gives it, and it waits for the account: {cause}", rule=wanted.rule, cause=account)
    return text("{rule} gives it: {cause}", rule=wanted.rule, cause=pending(question, kind, target))


def _never(dossier: Dossier) -> Text:
    if dossier.rejections:
        one = dossier.rejections[0]
        values = {"where": where(dossier, one.feed_id, one.line), "field": one.field, "reason": one.reason}
        return text("no row of HR could be used; the last one, {where}: {field}: {reason}", **values)
    return text("the sources that name this key do not make a person")


def left(question: Question) -> Text:
    """Why somebody counts as having left."""
    person = question.dossier.person
    if person is None:
        return _never(question.dossier)
    if person.gone:
        return text(f"{ABSENT}, which counts as having left", day=person.absent_since)
    if not person.said.fields.get("active"):
        return text("HR says not active, {where}", where=_where(question.dossier, person))
    return text(
        "the last day was {day}, {where}", day=person.said.fields.get("ends"), where=_where(question.dossier, person)
    )


def _where(dossier: Dossier, person: Standing) -> Text:
    return where(dossier, person.said.feed_id, person.said.line)


def no_longer(question: Question, wanted: Wanted | None) -> Text:
    """Why what was granted is suspended."""
    if question.has_left:
        return left(question)
    return text("no rule gives it any more") if wanted is None else pending(question, wanted.kind, wanted.target)


def _no_rule(question: Question, path: str) -> Text:
    """Why the path's rule does not fire, with what it sees."""
    seen = next((one for one in question.rules if one.rule == f"path {path}"), None)
    if seen is None:
        return text("path {path} is for those only to whom it is assigned", path=path)
    if seen.fired:
        return text("path {path} gives it by the mapping of today, by which HR has not been read yet", path=path)
    values = {"path": path, "when": seen.when, "sees": seen_values(seen)}
    if seen.undecided:
        return text(
            "path {path} asks for {when}, which cannot be decided ({undecided})", undecided=seen.undecided, **values
        )
    return text("path {path} asks for {when}, and here {sees}", **values)


def _before(question: Question, kind: GrantKind, target: str) -> list[Text]:
    last = question.ended(kind, target)
    if last is None:
        return []
    values = {"since": last.granted_at, "until": last.ended_at}
    if last.lost:
        return [text("it was there from {since} until {until}, when somebody took it away in Moodle", **values)]
    return [text("it was there from {since} until {until}, when it was taken", **values)]


def _account(question: Question) -> Text:
    """Why there is no account yet."""
    dossier = question.dossier
    waiting = [one for one in dossier.cases if one.subject == dossier.key and one.settled_at is None]
    if waiting:
        return joined(
            [
                text("case {number}, {kind}: {reason}", number=one.number, kind=one.kind, reason=one.reason)
                for one in waiting
            ]
        )
    found = [one for one in dossier.changes if one.change.action in ("create_account", "adopt_account")]
    return became(found[-1]) if found else text("the next plan makes or finds one")


def pending(question: Question, kind: GrantKind, target: str) -> Text:
    """What became of the last change of a grant."""
    for case in question.dossier.cases:
        if case.subject == target and case.settled_at is None:
            return text("case {number}, {kind}: {reason}", number=case.number, kind=case.kind, reason=case.reason)
    if any((one.kind, one.target) == (kind, target) for one in question.dossier.undone):
        return text("it was taken back by hand, and a plan that gives it again is held")
    change = question.last_change(kind, target)
    return became(change) if change else text("the next plan sees to it")


def became(one: ChangeTold) -> Text:
    """What became of a change."""
    values: Mapping[str, object] = {
        "change": action_name(one.change.action),
        "plan": one.plan_hash[:12],
        "run": one.run,
        "answer": " ".join(filter(None, (one.message, one.code and f"[{one.code}]"))),
    }
    if one.state is not None:
        return text(_ANSWERS[one.state], **values)
    if one.plan_status == "superseded":
        return text("{change} of plan {plan} was superseded by a newer plan", **values)
    if one.hold is not None and one.hold != "approved":
        return text("{change} of plan {plan} is {held}", held=held(one), **values)
    return text("{change} of plan {plan} is not carried out yet", **values)


_ANSWERS: Mapping[str, str] = {
    "refused": "Moodle refused {change} in run {run}: {answer}",
    "sent": "{change} was sent in run {run}, and no answer came yet",
    "waiting": "{change} waits since run {run}: {answer}",
    "done": "{change} was done last, in run {run}; the next plan sees to it",
}
