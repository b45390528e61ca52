"""Routes of video lessons for who teaches in the course where they were made: making, uploading, and results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Request, Response
from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse

from connector.content.sent import Told
from connector.content.video import captions
from connector.content.video.learning import score
from connector.content.video.lessons import (
    CAPTIONS,
    KINDS,
    SPEEDS,
    NotRight,
    asked,
    asked_state,
    captions_of,
    chapters_written,
    question_written,
    read,
    state,
    with_captions,
    with_chapters,
    with_question,
    with_rules,
    with_words,
    without_question,
    written,
)
from connector.content.video.watching import summed, watched_seconds
from connector.domain.activities import Activity
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Message, Trouble
from connector.domain.videos import PART, Audience, Lesson, MediaState, Viewing
from connector.web.languages import OWN_NAMES
from connector.web.launched.certified import choice, chosen
from connector.web.launched.launches import HEADERS, Launches, Part, Visit, bearer
from connector.web.launched.paging import PAGE, Page, page_of
from connector.web.launched.sent import body, understood
from connector.web.launched.video import sent
from connector.web.words import ANEW, FAILURES, NOT_RIGHT, THEIRS

FORM = 4 * CAPTIONS
"""Bytes of a form, captions among them."""
MOST = 2000
"""Viewings by which it is shown what was watched: the newest."""
ATTEMPTS = 3
"""So often a small change is tried where others change the same lesson at once."""


CONFLICT = "conflict"


class Begun(Told):
    """A file that is to be uploaded."""

    name: Annotated[str, Field(max_length=1000)]
    size: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered: the last of each field, all speeds, and a file."""

    fields: Mapping[str, str]
    speeds: Sequence[str] = ()
    file: bytes = b""


async def form(here: Launches, request: Request) -> Entered:
    given = await here.form(request, FORM, files=1, fields=100)
    try:
        file = given.get("file")
        content = await file.read(CAPTIONS + 1) if isinstance(file, UploadFile) else b""
        fields = {name: value.replace("\x00", "") for name, value in given.items() if isinstance(value, str)}
        return Entered(fields, [one for one in given.getlist("speed") if isinstance(one, str)], content)
    finally:
        await given.close()


async def part(_here: Launches, request: Request) -> bytes:
    """A part of an upload, and no more than that."""
    return await body(request, PART)


# ------------------------------------------------------------ making
def begin(visit: Visit) -> Response:
    """A new lesson, with nothing in it yet."""
    if not visit.maker.course:
        raise LaunchRefused("Lessons are made in a course.", Trouble.NOT_ALLOWED)
    speech = visit.speech
    lesson = Lesson({speech.language.tag: speech.t("New video lesson")}, {})
    contents = visit.connector.contents
    return _edited(visit, contents.make(ContentKind.VIDEO, written(lesson), visit.maker, visit.connector.clock()))


def edit(visit: Visit) -> Response:
    return _edited(visit, _own(visit))


def save(visit: Visit, given: Entered) -> Response:
    """Words, rules and chapters, unless somebody else has changed the lesson meanwhile."""
    fields = given.fields

    def change(lesson: Lesson) -> Lesson:
        if fields.get("seen") != state(lesson):
            raise NotRight(CONFLICT)
        lesson = with_rules(with_words(lesson, fields, tuple(OWN_NAMES)), fields, given.speeds)
        earned = chosen(visit.connector, fields.get("certificate"), lesson.certificate)
        lesson = replace(lesson, certificate=earned)
        video = visit.connector.seeing.ready(lesson)
        length = video.made.seconds if video is not None and video.made else 0.0
        return with_chapters(lesson, fields.get("chapters", ""), length)

    return _changed(visit, _own(visit), "words", change, fields, given.speeds)


def caption(visit: Visit, given: Entered) -> Response:
    """Captions in a language, by a file; or those that are there go."""
    language = given.fields.get("language", "")
    if language not in OWN_NAMES:
        raise LaunchRefused("captions: there is no such language.", Trouble.MALFORMED)

    def change(lesson: Lesson) -> Lesson:
        return with_captions(lesson, language, "" if given.fields.get("drop") else captions_of(given.file))

    return _changed(visit, _own(visit), "captions", change)


def ask(visit: Visit, given: Entered) -> Response:
    """One more question."""
    fields, question_id = given.fields, uuid4().hex[:12]
    return _changed(visit, _own(visit), "questions", lambda lesson: with_question(lesson, question_id, fields), fields)


def edit_question(visit: Visit) -> Response:
    """The form of a question, as it is."""
    content, question_id = _own(visit), visit.request.path_params["question"]
    return _edited(visit, content, "" if asked(read(content.body), question_id) else CONFLICT, editing=question_id)


def save_question(visit: Visit, given: Entered) -> Response:
    """A question is another from now on, unless somebody else has changed or removed it meanwhile."""
    fields, question_id = given.fields, visit.request.path_params["question"]

    def change(lesson: Lesson) -> Lesson:
        before = asked(lesson, question_id)
        if before is None or fields.get("question_seen") != asked_state(before):
            raise NotRight(CONFLICT)
        return with_question(lesson, question_id, fields)

    return _changed(visit, _own(visit), "questions", change, fields, editing=question_id)


def drop_question(visit: Visit) -> Response:
    question_id = visit.request.path_params["question"]
    return _changed(visit, _own(visit), "questions", lambda lesson: without_question(lesson, question_id))


def remove(visit: Visit) -> Response:
    """A lesson that is wanted no more: activities and pages that open it say so. What was watched stays."""
    content = _own(visit)
    visit.connector.contents.end(content.content_id, visit.connector.clock())
    picking = visit.session.launch.message is Message.DEEP_LINKING
    return visit.part("content/video_ended.html", content=content, picking=picking)


def _changed(
    visit: Visit,
    content: Content,
    where: str,
    change: Callable[[Lesson], Lesson],
    entered: Mapping[str, str] | None = None,
    speeds: Sequence[str] = (),
    *,
    editing: str = "",
) -> Response:
    """The page of the changed lesson, which says ``where`` it was, or with what is wrong and all that was entered;
    ``editing``: which question."""
    try:
        changed = _change(visit, content, change)
    except NotRight as error:
        if error.field == CONFLICT:
            return _conflicting(visit, entered, editing)
        return _edited(visit, _own(visit), error.field, entered, speeds, editing=editing)
    return _edited(visit, changed, saved=where) if changed else _conflicting(visit, entered, editing)


def _conflicting(visit: Visit, entered: Mapping[str, str] | None, editing: str) -> Response:
    """The lesson as others have made it, beside which what was entered stays."""
    content = _own(visit)
    if entered is None:
        return _edited(visit, content, CONFLICT)
    if editing and asked(read(content.body), editing) is None:
        return _edited(visit, content, entered=entered, theirs=ANEW)
    return _edited(visit, content, editing=editing, theirs=THEIRS)


def _change(visit: Visit, content: Content, change: Callable[[Lesson], Lesson]) -> Content | None:
    """None where others were always faster."""
    connector = visit.connector
    for _ in range(ATTEMPTS):
        body = written(change(read(content.body)))
        changed = connector.contents.change(content, body, visit.maker.subject, connector.clock())
        if changed is not None:
            return changed
        content = _own(visit)
    return None


def _own(visit: Visit) -> Content:
    """The lesson that is named, of the course in which somebody teaches. Raises LaunchRefused."""
    try:
        wanted = UUID(visit.request.path_params["content"])
    except ValueError:
        raise LaunchRefused("content: there is none of this name.", Trouble.GONE) from None
    found = visit.connector.contents.newest(wanted)
    if found is None or found.kind is not ContentKind.VIDEO:
        raise LaunchRefused("content: there is none of this name.", Trouble.GONE)
    if not found.course or not found.is_of(visit.maker):
        raise LaunchRefused("content: it was made in another course.", Trouble.NOT_ALLOWED)
    return found


def _edited(
    visit: Visit,
    content: Content,
    problem: str = "",
    entered: Mapping[str, str] | None = None,
    speeds: Sequence[str] = (),
    *,
    saved: str = "",
    editing: str = "",
    theirs: str = "",
) -> Response:
    lesson = read(content.body)
    edited = asked(lesson, editing)
    values: dict[str, Any] = {
        "content": content,
        "lesson": lesson,
        "problem": NOT_RIGHT[problem] if problem else "",
        "wrong": problem,
        "entered": entered or (question_written(edited) if edited else {}),
        "edited": edited,
        "question_seen": asked_state(edited) if edited else "",
        "speeds": speeds or [f"{one:g}" for one in lesson.speeds],
        "saved": saved,
        "theirs": theirs,
        "seen": state(lesson),
        "chapters": chapters_written(lesson),
        "kinds": KINDS,
        "all_speeds": SPEEDS,
        "token": bearer(visit.request),
        **choice(visit.connector, content),
        "use": visit.connector.viewings.use(content.content_id),
        "picking": visit.session.launch.message is Message.DEEP_LINKING,
    }
    return visit.part("content/video_edit.html", **values, **_media(visit, lesson))


# ------------------------------------------------------------ uploading
def upload(visit: Visit, content: bytes) -> Response:
    """A file is to be uploaded: which parts of it are wanted."""
    _own(visit)
    told: Begun = understood(Begun, content)
    if not visit.connector.has_videos:
        raise LaunchRefused("The settings have no place for videos.", Trouble.NOT_ALLOWED)
    if told.size > visit.connector.uploading.largest:
        return JSONResponse({"too_large": True}, 413, HEADERS)
    media, there = visit.connector.uploading.begin(told.name.replace("\x00", ""), told.size, visit.maker)
    return JSONResponse(
        {"media": str(media.media_id), "part": PART, "parts": media.parts, "there": there}, 200, HEADERS
    )


def upload_part(visit: Visit, content: bytes) -> Response:
    uploading = visit.connector.uploading
    try:
        media_id, number = UUID(visit.request.path_params["media"]), int(visit.request.path_params["number"])
    except ValueError:
        raise LaunchRefused("upload: there is no such part.", Trouble.MALFORMED) from None
    uploading.add(uploading.media(media_id, visit.maker), number, content)
    return Response(status_code=204, headers=HEADERS)


def uploaded(visit: Visit) -> Response:
    """All parts were sent: the lesson has this video from now on."""
    content, uploading = _own(visit), visit.connector.uploading
    try:
        media_id = UUID(visit.request.path_params["media"])
    except ValueError:
        raise LaunchRefused("upload: there is none of this name.", Trouble.MALFORMED) from None
    media = uploading.complete(uploading.media(media_id, visit.maker))

    def change(lesson: Lesson) -> Lesson:
        kept = visit.connector.seeing.ready(lesson)
        return replace(lesson, media_id=kept.media_id if kept else None, coming=media.media_id)

    changed = _change(visit, content, change)
    return _standing(visit, read((changed or content).body))


def standing(visit: Visit) -> Response:
    """How far the video of a lesson is; the page asks again while it is under way."""
    return _standing(visit, read(_own(visit).body))


def _standing(visit: Visit, lesson: Lesson) -> Response:
    content_id = visit.request.path_params["content"]
    return visit.part("content/video_media.html", content_id=content_id, **_media(visit, lesson))


def _media(visit: Visit, lesson: Lesson) -> dict[str, Any]:
    connector = visit.connector
    newest = lesson.coming or lesson.media_id
    media = connector.media.media(newest) if newest else None
    watched = connector.seeing.ready(lesson)
    is_ready = media is not None and media.state is MediaState.READY
    return {
        "media": media,
        "length": watched.made.seconds if watched is not None and watched.made else 0.0,
        "earlier": watched if watched is not None and watched.media_id != newest else None,
        "under_way": media is not None and media.state in (MediaState.WAITING, MediaState.WORKING),
        "why": FAILURES[media.failure] if media is not None and media.failure else "",
        "base": connector.seeing.base(visit.session, media.media_id) if media is not None and is_ready else "",
        "has_place": connector.has_videos,
        "largest": connector.settings.video.largest_mb,
        "place": captions.shown,
    }


# ------------------------------------------------------------ results
def results(visit: Visit) -> Response:
    """Who of this course has watched how much, and what most of them have watched."""
    content = _own(visit)
    lesson = read(content.body)
    media = visit.connector.seeing.ready(lesson)
    made = media.made if media else None
    audience, found, page = Audience(0, 0, 0, ()), list[Viewing](), Page(1, 1)
    activities: Mapping[str, Activity] = {}
    if media is not None:
        viewings, maker = visit.connector.viewings, visit.maker
        there = (content.content_id, media.media_id, maker.platform_id, maker.course)
        audience = viewings.audience(*there, MOST)
        page = page_of(visit.request.query_params, audience.viewings)
        found = list(viewings.of_course(*there, PAGE, page.first))
        activities = viewings.activities(*there)
    return visit.part(
        "content/video_results.html",
        content=content,
        lesson=lesson,
        audience=audience,
        activities=activities if len(activities) > 1 else {},
        heat=summed(audience.heats),
        rows=[(one, watched_seconds(one.watched), score(lesson, one)) for one in found],
        page=page,
        place=captions.shown,
        length=made.seconds if made else 0.0,
    )


ONE = "/lti/video/lessons/{content}"
PARTS = (
    Part("POST", "/lti/video/lessons", begin, teaches=True),
    Part("GET", ONE, edit, teaches=True),
    Part("POST", ONE, save, teaches=True, read=form),
    Part("DELETE", ONE, remove, teaches=True),
    Part("POST", f"{ONE}/captions", caption, teaches=True, read=form),
    Part("POST", f"{ONE}/questions", ask, teaches=True, read=form),
    Part("GET", f"{ONE}/questions/{{question}}", edit_question, teaches=True),
    Part("POST", f"{ONE}/questions/{{question}}", save_question, teaches=True, read=form),
    Part("POST", f"{ONE}/questions/{{question}}/drop", drop_question, teaches=True),
    Part("POST", f"{ONE}/upload", upload, teaches=True, far=True, read=sent),
    Part("POST", f"{ONE}/uploads/{{media}}", uploaded, teaches=True, far=True),
    Part("GET", f"{ONE}/media", standing, teaches=True),
    Part("GET", f"{ONE}/results", results, teaches=True, far=True),
    Part("PUT", "/lti/video/uploads/{media}/{number}", upload_part, teaches=True, far=True, read=part),
)
