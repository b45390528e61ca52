"""A video lesson that was launched, as whoever watches it has it. Its files lie at signed addresses, as for pages."""

from __future__ import annotations

from uuid import UUID

from connector.api.answering import BASE, Ask, Elsewhere, itself, own_meta
from connector.api.answers_on_content import (
    AnsweredAnswer,
    AnsweredTold,
    CaptionsTold,
    ChapterTold,
    OptionTold,
    VideoAnswer,
    VideoQuestion,
    VideoTold,
    Watching,
    WatchingAnswer,
)
from connector.api.asking import Asked, ManifestAsked, ThumbnailAsked
from connector.api.problems import NothingThere, NotNow
from connector.api.rooms import Rooms, launched_content
from connector.content.sent import Answered, WatchedVideo
from connector.content.video.learning import question, report_of
from connector.content.video.seeing import Seen, replaced, viewer_of, watching
from connector.domain.assessments import Answer
from connector.domain.contents import ContentKind
from connector.domain.videos import Asked as Put
from connector.domain.videos import Viewing


def video(rooms: Rooms, _asked: Asked, ask: Ask) -> VideoAnswer:
    found = _seen(rooms, ask, ask.places["video"])
    lesson, made = found.lesson, found.made
    data = VideoTold(
        id=found.content.content_id,
        media=found.media_id,
        title=ask.text(lesson.title),
        description=ask.text(lesson.description),
        seconds=made.seconds,
        lines=[one.lines for one in made.renditions],
        thumbnails=len(made.thumbs),
        threshold=lesson.threshold,
        no_skip=lesson.no_skip,
        speeds=list(lesson.speeds),
        chapters=[ChapterTold(at=one.at, title=ask.text(one.title)) for one in lesson.chapters],
        captions=[CaptionsTold(language=one.language, text=one.text) for one in lesson.captions],
        questions=[_put(one, ask) for one in lesson.questions],
    )
    here = f"{BASE}/videos/{found.content.content_id}"
    links = {**itself(ask), **{name: f"{here}/{name}" for name in ("manifest", "stream", "thumbnail")}}
    return VideoAnswer(data=data, meta=own_meta(), links=links)


# ---------------------------------------------------------------- files
def manifest(rooms: Rooms, asked: ManifestAsked, ask: Ask) -> Elsewhere:
    found = _seen(rooms, ask, ask.places["video"])
    if asked.lines is None:
        return _file(rooms, ask, found, "main.m3u8")
    if asked.lines not in {one.lines for one in found.made.renditions}:
        raise NothingThere("There is no stream of so many lines.")
    return _file(rooms, ask, found, f"{asked.lines}/index.m3u8")


def stream(rooms: Rooms, _asked: Asked, ask: Ask) -> Elsewhere:
    found = _seen(rooms, ask, ask.places["video"])
    if not found.made.whole:
        raise NothingThere("There is no single file of this video.")
    return _file(rooms, ask, found, "whole.mp4")


def thumbnail(rooms: Rooms, asked: ThumbnailAsked, ask: Ask) -> Elsewhere:
    found = _seen(rooms, ask, ask.places["video"])
    if asked.number >= len(found.made.thumbs):
        raise NothingThere("There are not so many pictures.")
    return _file(rooms, ask, found, f"thumb/{asked.number}.jpg")


def _file(rooms: Rooms, ask: Ask, found: Seen, name: str) -> Elsewhere:
    return Elsewhere(rooms.seeing.base(ask.session, found.media_id) + name)


# ---------------------------------------------------------------- watching
def open_video(rooms: Rooms, _asked: Asked, ask: Ask) -> WatchingAnswer:
    """The player begins: from now on the clock counts what can have been watched."""
    found = _seen(rooms, ask, ask.places["video"])
    viewing = rooms.video_learning.open(viewer_of(ask.session, found), found.made.seconds)
    return WatchingAnswer(data=_standing(found, viewing), meta=own_meta(), links=itself(ask))


def update_progress(rooms: Rooms, _asked: Asked, ask: Ask) -> WatchingAnswer:
    told: WatchedVideo = ask.sent
    found = _same(_seen(rooms, ask, str(told.video)), told.media)
    viewer = viewer_of(ask.session, found)
    viewing = rooms.video_learning.report(viewer, found.lesson, found.made.seconds, report_of(told))
    return WatchingAnswer(data=_standing(found, viewing), meta=own_meta(), links=itself(ask))


def answer_video(rooms: Rooms, _asked: Asked, ask: Ask) -> AnsweredAnswer:
    told: Answered = ask.sent
    found = _same(_seen(rooms, ask, ask.places["video"]), told.media)
    key = ask.places["question"]
    asked = question(found.lesson, key)
    said = Answer(key, frozenset(told.chosen), told.text)
    viewer = viewer_of(ask.session, found)
    viewing = rooms.video_learning.answer(viewer, found.lesson, found.made.seconds, key, said)
    data = AnsweredTold(
        **_standing(found, viewing).model_dump(),
        right=viewing.answers[key]["share"],
        explanation=ask.text(asked.explanation),
    )
    return AnsweredAnswer(data=data, meta=own_meta(), links=itself(ask))


def _seen(rooms: Rooms, ask: Ask, video_id: str) -> Seen:
    return rooms.seeing.to_watch(launched_content(rooms, ask.session, ContentKind.VIDEO, video_id))


def _same(found: Seen, media: UUID | None) -> Seen:
    if replaced(media, found):
        raise NotNow("Another video has taken its place: ask for it once more.")
    return found


def _standing(found: Seen, viewing: Viewing) -> Watching:
    return Watching(media=found.media_id, **watching(found, viewing))


def _put(one: Put, ask: Ask) -> VideoQuestion:
    options = [
        OptionTold(id=option.option_id, text=ask.text(option.text), leads_to=None, right=None, feedback=None)
        for option in one.question.options
    ]
    asked = one.question
    return VideoQuestion(
        id=asked.question_id, at=one.at, kind=asked.kind.value, text=ask.text(asked.text), options=options
    )
