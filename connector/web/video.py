"""Routes of video lessons for who watches: the player, what was watched, and files, by addresses that are signed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, StreamingResponse

from connector.bootstrap import Connector
from connector.content.video import captions
from connector.content.video.learning import MOMENTS, Moment, Report, completed, question
from connector.content.video.lessons import read
from connector.content.video.playlists import main_playlist, media_playlist
from connector.content.video.ranges import NoSuchRange, asked
from connector.content.video.watching import Played, frontier
from connector.domain.assessments import Answer
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.learning_events import Verb
from connector.domain.lti import LaunchSession, Trouble
from connector.domain.multilang import choose
from connector.domain.videos import Lesson, Made, Media, MediaState, MediaStore, Viewer, Viewing
from connector.web.launches import HEADERS, ByLaunch, Launches, Part, Visit, Way, bearer, maker_of, named
from connector.web.sent import Kept, Told, body, understood

LARGEST = 100_000
"""Bytes of what a page tells."""
MEDIA_TYPES: Mapping[str, str] = {"ts": "video/mp2t", "mp4": "video/mp4", "jpg": "image/jpeg"}
PLAYLIST, KEPT = "application/vnd.apple.mpegurl", "private, max-age=900"
_FILE = re.compile(
    r"main\.m3u8|([0-9]{1,5})/index\.m3u8|([0-9]{1,5})/([0-9]{1,6})\.ts|(whole|preview)\.mp4|thumb/([0-9]{1,3})\.jpg"
)
Seconds = Annotated[float, Field(ge=-1, le=1_000_000, allow_inf_nan=False)]


class OfMedia(Told):
    """``media``: which video the page has, as it was told when it began; None of pages that do not say."""

    media: UUID | None = None


class Watched(OfMedia):
    """``played``: from when to when, and how fast. ``moments``: what somebody did, and when the video was there."""

    played: Annotated[list[tuple[Seconds, Seconds, Seconds]], Field(max_length=500, default_factory=list)]
    position: Seconds
    moments: Annotated[list[tuple[Verb, Seconds]], Field(max_length=20, default_factory=list)]


class Answered(OfMedia):
    chosen: Annotated[list[Annotated[Kept, Field(max_length=100)]], Field(max_length=50, default_factory=list)]
    text: Annotated[Kept, Field(max_length=2000)] = ""


async def sent(_here: Launches, request: Request) -> bytes:
    """A body of at most LARGEST bytes."""
    return await body(request, LARGEST)


# ------------------------------------------------------------ the page
@dataclass(frozen=True, slots=True)
class Seen:
    """A lesson that can be watched."""

    content: Content
    lesson: Lesson
    media_id: UUID
    made: Made


def ready(connector: Connector, lesson: Lesson) -> Media | None:
    """The video of a lesson: a new one is watched once it is ready, and until then the one before it."""
    for media_id in (lesson.coming, lesson.media_id):
        media = connector.media.media(media_id) if media_id else None
        if media is not None and media.state is MediaState.READY:
            return media
    return None


def seen(connector: Connector, content: Content) -> Seen | None:
    """None where its video is not there yet."""
    lesson = read(content.body)
    media = ready(connector, lesson)
    return Seen(content, lesson, media.media_id, media.made) if media is not None and media.made else None


def page_of(connector: Connector, session: LaunchSession, content: Content) -> dict[str, Any]:
    """What the player is made from."""
    found = seen(connector, content)
    lesson = found.lesson if found else read(content.body)
    cues = {one.language: captions.cues(one.text) for one in lesson.captions}
    told = {
        "noSkip": lesson.no_skip,
        "speeds": lesson.speeds,
        "cues": {tag: [[cue.start, cue.end, cue.text] for cue in said] for tag, said in cues.items()},
    }
    return {
        "told": told,
        "content": content,
        "lesson": lesson,
        "seen": found,
        "base": base(connector, session, found.media_id) if found else "",
        "teaches": session.launch.teaches,
        "mine": session.launch.teaches and content.is_of(maker_of(session)),
        "cues": cues,
        "place": captions.shown,
    }


def base(connector: Connector, session: LaunchSession, media_id: UUID) -> str:
    """Where the files of a media are, for minutes."""
    now = connector.clock()
    return f"/lti/media/{connector.media_addresses.ticket(media_id, session.session_id, session.ends_at, now)}/"


# ------------------------------------------------------------ watching
def opened(visit: Visit) -> Response:
    """The player begins, here or on another device: where it goes on."""
    if _is_removed(visit):
        return _over("removed")
    found = _seen(visit)
    viewing = visit.connector.video_learning.open(_viewer(visit, found), found.made.seconds)
    return _standing(visit, found, viewing)


def standing(visit: Visit) -> Response:
    """How far somebody is by now, maybe on another screen; nothing where the player was not begun."""
    found = _seen(visit)
    viewing = visit.connector.viewings.find(_viewer(visit, found))
    return _standing(visit, found, viewing) if viewing else Response(status_code=204, headers=HEADERS)


def watched(visit: Visit, content: bytes) -> Response:
    """What was watched since the page told it last."""
    told: Watched = understood(Watched, content)
    if _is_removed(visit):
        return _over("removed")
    found = _seen(visit)
    if _replaced(told, found):
        return _over("replaced")
    moments = [Moment(verb, time) for verb, time in told.moments if verb in MOMENTS]
    report = Report([Played(*one) for one in told.played], told.position, moments)
    learning = visit.connector.video_learning
    viewing = learning.report(_viewer(visit, found), found.lesson, found.made.seconds, report)
    return _standing(visit, found, viewing)


def answered(visit: Visit, content: bytes) -> Response:
    """A question within the video; the first answer counts."""
    told: Answered = understood(Answered, content)
    if _is_removed(visit):
        return _over("removed")
    found, question_id = _seen(visit), visit.request.path_params["question"]
    if _replaced(told, found):
        return _over("replaced")
    said = Answer(question_id, frozenset(told.chosen), told.text)
    learning = visit.connector.video_learning
    viewing = learning.answer(_viewer(visit, found), found.lesson, found.made.seconds, question_id, said)
    language = visit.launches.speech(visit.session.launch.locale).language.tag
    why = question(found.lesson, question_id).explanation or {}
    more = {"right": viewing.answers[question_id]["share"], "explanation": choose(why, [language, "en"])}
    return _standing(visit, found, viewing, more)


def player(visit: Visit) -> Response:
    """The player, for who comes back to it from another part of the page."""
    content = visit.content(ContentKind.VIDEO)
    values = page_of(visit.connector, visit.session, content)
    return visit.part("content/video_player.html", **values, token=bearer(visit.request))


def _seen(visit: Visit) -> Seen:
    """Raises LaunchRefused."""
    found = seen(visit.connector, visit.content(ContentKind.VIDEO))
    if found is None:
        raise LaunchRefused("The video is not ready.", Trouble.GONE)
    return found


def _replaced(told: OfMedia, found: Seen) -> bool:
    """Whether another video has taken the place of the one that the page has."""
    return told.media is not None and told.media != found.media_id


def _is_removed(visit: Visit) -> bool:
    """Whether the lesson was removed since the page was opened."""
    return named(visit.connector, visit.session) is None


def _over(why: str) -> Response:
    """The page goes on no more: what it shows was ``replaced`` or ``removed``."""
    return JSONResponse({"why": why}, 409, HEADERS)


def _viewer(visit: Visit, found: Seen) -> Viewer:
    launch = visit.session.launch
    line_item = launch.scores.line_item if launch.scores and not launch.teaches else ""
    content = found.content
    named = (content.content_id, content.version, found.media_id)
    return Viewer(visit.actor, launch.name, line_item, *named, trial=launch.teaches)


def _standing(visit: Visit, found: Seen, viewing: Viewing, more: Mapping[str, Any] | None = None) -> Response:
    told = {
        "base": base(visit.connector, visit.session, found.media_id),
        "media": str(found.media_id),
        "position": viewing.position,
        "frontier": frontier(viewing.watched),
        "share": viewing.share,
        "answered": sorted(viewing.answers),
        "completed": completed(found.lesson, viewing) or viewing.completed_at is not None,
    }
    return JSONResponse({**told, **(more or {})}, headers=HEADERS)


# ------------------------------------------------------------ files, by signed addresses
async def file(here: Launches, request: Request) -> Response:
    """A playlist, a segment, a picture, or a range of the whole. Only numbers and words of ours name them."""
    return await run_in_threadpool(_file, here.connector, request)


def _file(connector: Connector, request: Request) -> Response:
    wanted = _FILE.fullmatch(request.path_params["name"])
    media_id = connector.media_addresses.media(request.path_params["ticket"], connector.clock())
    if media_id is None:
        raise LaunchRefused("The address is over, or not ours.", Trouble.UNTRUSTED)
    media = connector.media.media(media_id)
    if wanted is None or media is None or media.made is None:
        raise LaunchRefused("There is no such file.", Trouble.GONE)
    text, name = _named(wanted, media.made)
    if text:
        return Response(text, media_type=PLAYLIST, headers=HEADERS)
    return _bytes(connector.media_store, f"{media.folder}/{name}", request)


def _named(wanted: re.Match[str], made: Made) -> tuple[str, str]:
    """A playlist's text, or what a file is called. Raises LaunchRefused where there is none."""
    listed, lines, number, whole, thumb = wanted.groups()
    renditions = {one.lines: one for one in made.renditions}
    try:
        if listed:
            return media_playlist(renditions[int(listed)]), ""
        if lines:
            return "", renditions[int(lines)].segments[int(number)][0]
        if thumb:
            return "", made.thumbs[int(thumb)]
    except LookupError:
        raise LaunchRefused("There is no such file.", Trouble.GONE) from None
    if whole:
        return "", made.whole if whole == "whole" else made.preview
    return main_playlist(made.renditions), ""


def _bytes(store: MediaStore, name: str, request: Request) -> Response:
    size = store.size(name)
    if not size:
        raise LaunchRefused("There is no such file.", Trouble.GONE)
    kind = MEDIA_TYPES[name.rpartition(".")[2]]
    headers = {**HEADERS, "Cache-Control": KEPT, "Accept-Ranges": "bytes"}
    try:
        part = asked(request.headers.get("range", ""), size)
    except NoSuchRange:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    first, last = part or (0, size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if part:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    if request.method == "HEAD":
        return Response(status_code=206 if part else 200, headers=headers, media_type=kind)
    return StreamingResponse(store.read(name, first, last), 206 if part else 200, headers, kind)


PARTS = (
    Part("POST", "/lti/video/open", opened),
    Part("POST", "/lti/video/watched", watched, read=sent),
    Part("POST", "/lti/video/answers/{question}", answered, read=sent),
    Part("GET", "/lti/video/standing", standing),
    Part("GET", "/lti/video/player", player),
)
WAYS = (Way(("GET", "HEAD"), "/lti/media/{ticket}/{name:path}", ByLaunch.SIGNED, file),)
