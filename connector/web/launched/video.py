"""Routes of video lessons for who watches: the player, what was watched, and files, by addresses that are signed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any

from anyio import sleep
from fastapi import Request, Response
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.responses import JSONResponse, StreamingResponse

from connector.bootstrap import Connector
from connector.content.launched import maker_of
from connector.content.sent import Answered, Watched
from connector.content.video import captions
from connector.content.video.learning import question, report_of
from connector.content.video.lessons import read
from connector.content.video.playlists import main_playlist, media_playlist
from connector.content.video.ranges import NoSuchRange, asked
from connector.content.video.seeing import AT, Seen, replaced, viewer_of, watching
from connector.domain.assessments import Answer
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.lti import LaunchSession, Trouble
from connector.domain.multilang import choose
from connector.domain.videos import Made, MediaStore, Viewing
from connector.web.launched import gradebook
from connector.web.launched.launches import HEADERS, ByLaunch, Launches, Part, Visit, Way, bearer, named
from connector.web.launched.sent import body, understood

LARGEST = 100_000
"""Bytes of what a page tells."""
MEDIA_TYPES: Mapping[str, str] = {"ts": "video/mp2t", "mp4": "video/mp4", "jpg": "image/jpeg"}
PLAYLIST, KEPT = "application/vnd.apple.mpegurl", "private, max-age=900"
_FILE = re.compile(
    r"main\.m3u8|([0-9]{1,5})/index\.m3u8|([0-9]{1,5})/([0-9]{1,6})\.ts|(whole|preview)\.mp4|thumb/([0-9]{1,3})\.jpg"
)


async def sent(_here: Launches, request: Request) -> bytes:
    """A body of at most LARGEST bytes."""
    return await body(request, LARGEST)


# ------------------------------------------------------------ the page
def page_of(connector: Connector, session: LaunchSession, content: Content) -> dict[str, Any]:
    """What the player is made from."""
    found = connector.seeing.seen(content)
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
        "base": connector.seeing.base(session, found.media_id) if found else "",
        "teaches": session.launch.teaches,
        "mine": session.launch.teaches and content.is_of(maker_of(session)),
        "cues": cues,
        "place": captions.shown,
    }


# ------------------------------------------------------------ watching
def opened(visit: Visit) -> Response:
    """The player begins, here or on another device: where it goes on."""
    if _is_removed(visit):
        return _over("removed")
    found = _seen(visit)
    viewing = visit.connector.video_learning.open(viewer_of(visit.session, found), found.made.seconds)
    return _standing(visit, found, viewing)


def standing(visit: Visit) -> Response:
    """How far somebody is by now, maybe on another screen; nothing where the player was not begun."""
    found = _seen(visit)
    viewing = visit.connector.viewings.find(viewer_of(visit.session, found))
    return _standing(visit, found, viewing) if viewing else Response(status_code=204, headers=HEADERS)


def watched(visit: Visit, content: bytes) -> Response:
    """What was watched since the page told it last."""
    told: Watched = understood(Watched, content)
    if _is_removed(visit):
        return _over("removed")
    found = _seen(visit)
    if replaced(told.media, found):
        return _over("replaced")
    learning = visit.connector.video_learning
    viewing = learning.report(viewer_of(visit.session, found), found.lesson, found.made.seconds, report_of(told))
    return _standing(visit, found, viewing)


def answered(visit: Visit, content: bytes) -> Response:
    """A question within the video; the first answer counts."""
    told: Answered = understood(Answered, content)
    if _is_removed(visit):
        return _over("removed")
    found, question_id = _seen(visit), visit.request.path_params["question"]
    if replaced(told.media, found):
        return _over("replaced")
    said = Answer(question_id, frozenset(told.chosen), told.text)
    learning = visit.connector.video_learning
    viewing = learning.answer(viewer_of(visit.session, found), found.lesson, found.made.seconds, question_id, said)
    language = visit.speech.language.tag
    why = question(found.lesson, question_id).explanation or {}
    more = {"right": viewing.answers[question_id]["share"], "explanation": choose(why, [language, "en"])}
    return _standing(visit, found, viewing, more)


def player(visit: Visit) -> Response:
    """The player, for who comes back to it from another part of the page."""
    content = visit.content(ContentKind.VIDEO)
    values = page_of(visit.connector, visit.session, content)
    return visit.part("content/video_player.html", **values, token=bearer(visit.request))


def _seen(visit: Visit) -> Seen:
    return visit.connector.seeing.to_watch(visit.content(ContentKind.VIDEO))


def _is_removed(visit: Visit) -> bool:
    """Whether the lesson was removed since the page was opened."""
    return named(visit.connector, visit.session) is None


def _over(why: str) -> Response:
    """The page goes on no more: what it shows was ``replaced`` or ``removed``."""
    return JSONResponse({"why": why}, 409, HEADERS)


def _standing(visit: Visit, found: Seen, viewing: Viewing, more: Mapping[str, Any] | None = None) -> Response:
    base = visit.connector.seeing.base(visit.session, found.media_id)
    told = {"base": base, "media": str(found.media_id), **watching(found, viewing)}
    if viewing.completed_at is not None:
        told["percent"] = gradebook.percent(visit.connector, visit.session)
    return JSONResponse({**told, **(more or {})}, headers=HEADERS)


# ------------------------------------------------------------ files, by signed addresses
async def file(here: Launches, request: Request) -> Response:
    """A playlist, a segment, a picture, or a range of the whole. Only numbers and words of ours name them."""
    return await run_in_threadpool(_file, here, request)


def _file(here: Launches, request: Request) -> Response:
    connector, wanted = here.connector, _FILE.fullmatch(request.path_params["name"])
    opened = connector.media_addresses.opened(request.path_params["ticket"], connector.clock())
    if opened is None:
        raise LaunchRefused("The address is over, or not ours.", Trouble.UNTRUSTED)
    media_id, session_id = opened
    here.may_have_files(session_id)
    media = connector.media.media(media_id)
    if wanted is None or media is None or media.made is None:
        raise LaunchRefused("There is no such file.", Trouble.GONE)
    text, name = _named(wanted, media.made)
    if text:
        return Response(text, media_type=PLAYLIST, headers=HEADERS)
    return _bytes(connector.media_store, f"{media.folder}/{name}", request, partial(_spend, here, str(session_id)))


def _spend(here: Launches, who: str, size: int) -> float:
    return here.megabytes.spend(who, size / 1_000_000)


async def paced(pieces: Iterator[bytes], spend: Callable[[int], float]) -> AsyncIterator[bytes]:
    """As fast as it goes, and where more was had than a minute gives, as fast as that: nothing breaks off."""
    async for piece in iterate_in_threadpool(pieces):
        yield piece
        if seconds := spend(len(piece)):
            await sleep(seconds)


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


def _bytes(store: MediaStore, name: str, request: Request, spend: Callable[[int], float]) -> Response:
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
    return StreamingResponse(paced(store.read(name, first, last), spend), 206 if part else 200, headers, kind)


PARTS = (
    Part("POST", "/lti/video/open", opened),
    Part("POST", "/lti/video/watched", watched, read=sent),
    Part("POST", "/lti/video/answers/{question}", answered, read=sent),
    Part("GET", "/lti/video/standing", standing),
    Part("GET", "/lti/video/player", player),
)
WAYS = (Way(("GET", "HEAD"), AT + "/{ticket}/{name:path}", ByLaunch.SIGNED, file),)
