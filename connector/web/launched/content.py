"""Kinds of content that can be launched: what each shows first, and what an instructor picks it by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from connector.bootstrap import Connector
from connector.content import launched
from connector.content.assessment import bodies
from connector.content.assessment.attempting import MOST
from connector.content.course_view.opening import CONTENT as COURSE_VIEW
from connector.content.my_learning.opening import CONTENT as MY_LEARNING
from connector.content.video.learning import MOST as VIDEO_MOST
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.lti import LaunchSession, Message, Trouble
from connector.domain.multilang import choose
from connector.lti.deep_linking import CONTENT, Picked
from connector.web.languages import Speech, message
from connector.web.launched import (
    assessment,
    assessment_editing,
    assessment_results,
    certified,
    course_view,
    evidence,
    gradebook,
    my_learning,
    pictures,
    video,
    video_authoring,
    zone,
)
from connector.web.launched.fields import Fields
from connector.web.launched.launches import Part, Visit, Way, bearer, named


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: its template, and what stands in it."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """Title and text stand in the picking page, and in Moodle's course. ``most``: of what is graded, its points.
    ``review`` shows what somebody has done, where the gradebook asks for it; ``edit`` is where it is changed, and
    ``asks`` how many questions it has."""

    title: str
    text: str
    show: Callable[[Connector, LaunchSession, Content | None], Shown]
    most: float | None = None
    review: Callable[[Connector, LaunchSession, Content], Shown] | None = None
    edit: str = ""
    asks: Callable[[Content], int] = lambda _content: 0


@dataclass(frozen=True, slots=True)
class Piece:
    """What can be picked: a kind that there is once, or something that was made in this course."""

    name: str
    kind: Kind
    content: Content | None = None

    @property
    def edit(self) -> str:
        return self.kind.edit.format(content=self.name)

    @property
    def questions(self) -> int:
        return self.kind.asks(self.content) if self.content else 0


def in_assessment(content: Content) -> int:
    """Questions of an attempt, with those that are drawn."""
    return sum(len(one.questions) + one.drawn for one in bodies.rules(content.body).sections)


def in_video(content: Content) -> int:
    asked = content.body.get("questions") if isinstance(content.body, Mapping) else None
    return len(asked) if isinstance(asked, list) else 0


def my_learning_page(connector: Connector, session: LaunchSession, _content: Content | None) -> Shown:
    """Courses, due dates and certificates of whoever launched."""
    return Shown("content/my_learning.html", my_learning.page(connector, session))


def assessment_page(connector: Connector, session: LaunchSession, content: Content | None) -> Shown:
    """What an assessment is about, from where it is begun."""
    if content is None:
        raise LaunchRefused("content: which assessment is not said.", Trouble.GONE)
    return Shown("content/assessment.html", assessment.home(connector, session, content))


def assessment_review(connector: Connector, session: LaunchSession, content: Content) -> Shown:
    """The newest attempt of somebody."""
    found = assessment_results.review(connector, session, content)
    return Shown("content/assessment_review.html", {"content": content, **(found or {})})


def course_page(connector: Connector, session: LaunchSession, _content: Content | None) -> Shown:
    """The course of the launch, for who teaches in it."""
    return Shown("content/course_view.html", course_view.page(connector, session))


def video_lesson(connector: Connector, session: LaunchSession, content: Content | None) -> Shown:
    """A player, and for who teaches where it was made how it is made."""
    if content is None:
        raise LaunchRefused("content: there is none of this name.", Trouble.GONE)
    certificate, score = certified.standing(connector, session, content), gradebook.standing(connector, session)
    page = video.page_of(connector, session, content)
    return Shown("content/video.html", {**page, "certificate": certificate, "score": score})


SINGLE: Mapping[str, Kind] = {
    COURSE_VIEW: Kind(
        message("Course view"),
        message("For who teaches: how people progress, results, and what waits to be marked. Hide it from learners."),
        course_page,
    ),
    MY_LEARNING: Kind(
        message("My learning"), message("Your courses, what is due, and your certificates."), my_learning_page
    ),
}
"""Kinds of which there is one only, by the custom parameter ``content``."""
MADE: Mapping[ContentKind, Kind] = {
    ContentKind.ASSESSMENT: Kind(
        message("Assessment"),
        message("Questions with a score for the gradebook."),
        assessment_page,
        MOST,
        assessment_review,
        assessment_editing.EDIT,
        in_assessment,
    ),
    ContentKind.VIDEO: Kind(
        message("Video lesson"),
        message("A video with chapters, captions and questions."),
        video_lesson,
        VIDEO_MOST,
        edit=video_authoring.ONE,
        asks=in_video,
    ),
}
"""Kinds that people make; the custom parameter is the id of one."""
USUAL = MY_LEARNING
"""What an activity opens that was made without picking."""


def shown(connector: Connector, session: LaunchSession) -> Shown:
    """What a launch opens. Raises LaunchRefused where there is no such content."""
    name = session.launch.custom.get(CONTENT, USUAL)
    if name in SINGLE:
        return SINGLE[name].show(connector, session, None)
    content = named(connector, session)
    if content is None or content.kind not in MADE:
        raise LaunchRefused("content: there is none of this name.", Trouble.GONE)
    place(connector, session, content)
    kind = MADE[content.kind]
    if session.launch.message is Message.REVIEW and kind.review is not None:
        return kind.review(connector, session, content)
    return kind.show(connector, session, content)


def place_picked(connector: Connector, session: LaunchSession, names: Sequence[str]) -> None:
    """What was made, and is picked by these names."""
    for one in pieces(connector, session):
        if one.content is not None and one.name in names:
            place(connector, session, one.content)


def place(connector: Connector, session: LaunchSession, content: Content) -> None:
    """It has an activity in the course of the launch: one opens it, or it was picked for one."""
    launch = session.launch
    if launch.course is not None:
        connector.contents.place(content.content_id, launch.platform_id, launch.course.id, connector.clock())


def pieces(connector: Connector, session: LaunchSession) -> list[Piece]:
    """What an instructor can pick: kinds that there are once, and what was made in this course."""
    made = launched.made_here(connector.contents, session)
    return [
        *(Piece(name, kind) for name, kind in SINGLE.items()),
        *(Piece(str(one.content_id), MADE[one.kind], one) for one in made if one.kind in MADE),
    ]


def picked(connector: Connector, session: LaunchSession, name: str, fields: Fields, speech: Speech) -> Picked:
    """What the platform is told of a piece, with the points and the days that the form has for it.

    What is wrong with a field is noted there. Raises LaunchRefused where the piece cannot be picked.
    """
    piece = next((one for one in pieces(connector, session) if one.name == name), None)
    if piece is None:
        raise LaunchRefused("content: nothing was picked.", Trouble.MALFORMED)
    most = fields.number(f"most-{name}", 1, 10_000) or piece.kind.most if piece.kind.most else None
    opens, due = (fields.moment(f"{which}-{name}", fields.text("zone")) for which in ("opens", "due"))
    title = choose(piece.content.title, [speech.language.tag]) if piece.content else speech.t(piece.kind.title)
    return Picked(name, title, "" if piece.content else speech.t(piece.kind.text), most, opens, due)


def show_pieces(visit: Visit) -> Response:
    """What can be picked, once more: something was ``made`` meanwhile, and is chosen already."""
    chosen = visit.request.query_params.getlist("made")
    values = picking(visit.connector, visit.session, bearer(visit.request), chosen=chosen)
    return visit.part("lti/pieces.html", **values)


def picking(
    connector: Connector, session: LaunchSession, token: str, form: Fields | None = None, chosen: Sequence[str] = ()
) -> Mapping[str, Any]:
    """What the picking page shows, once more with a ``form`` and what was ``chosen`` there, which comes first.

    Raises LaunchRefused where nothing is to be picked.
    """
    if session.launch.linking is None:
        raise LaunchRefused("Nothing was to be picked by this launch.", Trouble.NOT_ALLOWED)
    return {
        "pieces": sorted(pieces(connector, session), key=lambda one: one.name not in chosen),
        "several": session.launch.linking.several,
        "token": token,
        "form": form or Fields.untouched(),
        "chosen": chosen,
        "missed": form is not None and not chosen,
    }


PARTS: Sequence[Part] = (
    Part("GET", "/lti/contents", show_pieces, teaches=True),
    *assessment.PARTS,
    *assessment_results.PARTS,
    *assessment_editing.PARTS,
    *evidence.PARTS,
    *pictures.PARTS,
    *certified.PARTS,
    *gradebook.PARTS,
    *course_view.PARTS,
    *my_learning.PARTS,
    *video.PARTS,
    *video_authoring.PARTS,
    *zone.PARTS,
)
"""Routes of content."""
WAYS: Sequence[Way] = video.WAYS
"""Routes of content by which others come than the page of a launch."""
