"""What counts as watched, when it is done, and what is served: pure decisions about videos."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.content.video import captions
from connector.content.video.addresses import LIVES, Addresses
from connector.content.video.learning import completed, score
from connector.content.video.lessons import (
    CAPTIONS,
    NotRight,
    captions_of,
    chapters_written,
    question_written,
    read,
    with_captions,
    with_chapters,
    with_question,
    with_rules,
    with_words,
    written,
)
from connector.content.video.playlists import main_playlist, media_playlist
from connector.content.video.ranges import NoSuchRange, asked
from connector.content.video.seeing import Seen, goes_on_at
from connector.content.video.watching import (
    BUCKETS,
    MOST,
    Played,
    Rules,
    counted,
    frontier,
    heated,
    kept,
    merged,
    share,
    watched_seconds,
)
from connector.domain.contents import Content, ContentKind
from connector.domain.renditions import LADDER, container, read_segments, wanted
from connector.domain.videos import Lesson, Made, Rendition, Viewing

LENGTH = 100.0
CONTENT = Content(uuid4(), ContentKind.VIDEO, 1, "2", 1, 1, {}, datetime(2026, 11, 30, tzinfo=UTC))
FREE = Rules(LENGTH, 2.0, no_skip=False)
STRICT = Rules(LENGTH, 2.0, no_skip=True)
NOW = datetime(2026, 11, 30, tzinfo=UTC)
times = st.floats(-5, 130, allow_nan=False)
pieces = st.lists(st.builds(Played, times, times, st.sampled_from([0.0, 0.5, 1.0, 2.0, 16.0])), max_size=12)
spans = st.lists(st.tuples(times, times), max_size=12)


# ---------------------------------------------------------------- what was watched
@given(spans)
def test_pieces_that_overlap_are_one(found: list[tuple[float, float]]) -> None:
    """In order and apart; once more changes nothing, and every moment of theirs is in them."""
    once = merged(found)
    assert all(before[1] < after[0] for before, after in pairwise(once))
    assert merged(once) == once
    for start, end in found:
        assert end <= start or any(one[0] <= start and end <= one[1] for one in once)


@given(pieces, st.floats(0, 60))
def test_nobody_watches_faster_than_the_clock(played: list[Played], credit: float) -> None:
    """However a page lies about places and speeds: at twice the speed twice the time, and no more."""
    new, left = counted(played, (), credit, FREE)
    assert 0 <= left <= credit
    assert watched_seconds(new) <= 2 * credit + 1e-6
    assert all(0 <= start < end <= LENGTH for start, end in new)


@given(pieces, st.floats(0, 60))
def test_what_may_not_be_skipped_is_watched_in_order(played: list[Played], credit: float) -> None:
    """What is watched has no gap that is longer than a player's own."""
    new, _ = counted(played, (), credit, STRICT)
    assert all(start <= frontier([one for one in new if one[0] < start]) + 2.0 for start, _ in merged(new))


def test_what_was_played_counts_as_long_as_there_is_time() -> None:
    """Offline for a while, all of it comes at once; what would have taken longer is cut off."""
    new, left = counted([Played(0, 10), Played(50, 60, 2.0), Played(80, 100)], (), 20, FREE)
    assert (new, left) == ([(0, 10), (50, 60), (80, 85)], 0)
    assert share([*new, (5, 15)], LENGTH) == 0.3
    assert counted([Played(30, 40)], [(0, 10)], 60, STRICT)[0] == []


def test_dust_is_not_watched() -> None:
    """Pieces are tenths of seconds, the very end counts, and what is shorter than two of them is none."""
    dust = [Played(one / 10, one / 10 + 1e-6) for one in range(500)]
    assert counted(dust, (), 60, FREE) == ([], 60)
    assert counted([Played(1.04, 2.31)], (), 60, FREE)[0] == [(1.0, 2.3)]
    assert counted([Played(0, 3.03)], (), 60, Rules(3.04, 1, no_skip=False))[0] == [(0, 3.04)]


def test_what_is_kept_of_a_viewing_has_an_end() -> None:
    """Of too many pieces the shortest go, and no gap between two of them is made good."""
    many = [(2.0 * one, 2.0 * one + (0.2 if one % 2 else 0.5)) for one in range(2 * MOST)]
    assert kept(many) == many[::2]
    assert kept(many[:MOST]) == many[:MOST]


@given(spans)
def test_a_heat_map_has_the_time_that_was_watched(found: list[tuple[float, float]]) -> None:
    """Each hundredth as often as it was watched."""
    within = [(max(0.0, start), min(LENGTH, end)) for start, end in found if max(0.0, start) < min(LENGTH, end)]
    heat = heated((), within, LENGTH)
    assert len(heat) == BUCKETS
    assert sum(heat) * LENGTH / BUCKETS == pytest.approx(sum(end - start for start, end in within), abs=0.2)


# ---------------------------------------------------------------- lessons
LESSON = Lesson({"en": "Fire"}, {}, uuid4(), threshold=0.8)
ASKED = {
    "at": "0:10",
    "kind": "single",
    "text": "{mlang en}Which?{mlang}{mlang fr}Lequel ?{mlang}",
    "options": "*A\nB",
}


VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000\nSalut"


def viewing(**more: object) -> Viewing:
    plain = Viewing(1, 1, (), (), 0.0, 0.0, {}, NOW, 0.0, None)
    return replace(plain, **more)  # type: ignore[arg-type]


def test_a_lesson_is_done_when_it_was_watched_and_answered() -> None:
    """Without questions everything goes to who has done it; else by the weights of right answers."""
    asked_too = with_question(with_question(LESSON, "q", ASKED), "p", {**ASKED, "at": "5"})
    assert [one.question.question_id for one in asked_too.questions] == ["p", "q"]
    far, half = viewing(share=0.8), viewing(share=0.8, answers={"q": {"share": 1.0}})
    assert (completed(LESSON, far), completed(LESSON, viewing(share=0.79))) == (True, False)
    assert (completed(asked_too, half), score(LESSON, far), score(asked_too, half)) == (False, 100, 50)
    assert completed(asked_too, viewing(share=1.0, answers={"q": {"share": 0.0}, "p": {"share": 0.0}}))


def test_a_lesson_is_kept_as_it_was_made() -> None:
    made = with_chapters(
        with_question(LESSON, "q", ASKED), "0:00 Start\n\n1:05 {mlang en}End{mlang}{mlang fr}Fin{mlang}"
    )
    made = with_captions(made, "fr", captions_of(VTT))
    assert written(read(written(made))) == written(made)
    assert with_chapters(made, chapters_written(made)) == made
    assert made.questions[0].question.text == {"en": "Which?", "fr": "Lequel ?"}
    assert with_captions(made, "fr", "").captions == []


@pytest.mark.parametrize(
    ("field", "entered"),
    [
        ("at", {"at": "soon"}),
        ("kind", {"kind": "practical"}),
        ("text", {"text": " "}),
        ("options", {"options": "A\nB"}),
        ("options", {"options": "*A\n*B"}),
        ("options", {"kind": "numeric", "options": "many"}),
        ("options", {"kind": "text", "options": ""}),
    ],
)
def test_a_question_that_cannot_be_answered_is_not_taken(field: str, entered: dict[str, str]) -> None:
    """And it is said in which field it is wrong."""
    with pytest.raises(NotRight) as raised:
        with_question(LESSON, "q", {**ASKED, **entered})
    assert raised.value.field == field


@pytest.mark.parametrize(
    "entered",
    [
        {"options": "*{mlang en}A{mlang}{mlang fr}Un{mlang}\n**B\nC", "kind": "multiple", "at": "1:05.5"},
        {"kind": "numeric", "options": "12 ± 0.5", "explanation": "Because."},
        {"kind": "numeric", "options": "-1234567.25", "at": "1:00:05"},
        {"kind": "text", "options": "valve*\ntap"},
    ],
)
def test_a_question_is_changed_from_what_was_entered(entered: dict[str, str]) -> None:
    """Its form is filled as it was, and saved as it is it is the same."""
    lesson = with_question(LESSON, "q", {**ASKED, **entered})
    [one] = lesson.questions
    assert question_written(one) == {"explanation": "", **ASKED, **entered}
    assert written(with_question(lesson, "q", question_written(one))) == written(lesson)


def test_answers_stay_with_a_question_that_is_changed() -> None:
    """It keeps its name, and so do options that it still has, wherever they stand; what is new has another."""
    lesson = with_question(with_question(LESSON, "q", ASKED), "p", {**ASKED, "at": "20"})
    changed = with_question(lesson, "q", {**ASKED, "at": "30", "options": "C\nB\n*A"})
    assert [one.question.question_id for one in changed.questions] == ["p", "q"]
    assert [one.option_id for one in changed.questions[1].question.options] == ["3", "2", "1"]
    assert changed.questions[0] == lesson.questions[1]


def test_mistakes_of_an_author_are_told_by_their_field() -> None:
    wrong = {
        "title": lambda: with_words(LESSON, {"title_en": " "}, ["en"]),
        "threshold": lambda: with_rules(LESSON, {"threshold": "0"}, []),
        "chapters": lambda: with_chapters(LESSON, "Start 0:00"),
        "chapters_late": lambda: with_chapters(LESSON, "0:00 Start\n0:10 End", 10.0),
        "captions": lambda: captions_of(b"no captions"),
        "captions_encoding": lambda: captions_of(VTT + "é".encode("latin-1")),
        "captions_size": lambda: captions_of(VTT + "é".encode() * (CAPTIONS // 2)),
    }
    for field, enter in wrong.items():
        with pytest.raises(NotRight) as raised:
            enter()
        assert raised.value.field == field


def test_captions_are_read_as_editors_save_them() -> None:
    """With a mark of their encoding, as editors on Windows write it."""
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nKhóa van"
    assert [captions.cues(captions_of(text.encode(one)))[0].text for one in ("utf-8-sig", "utf-16")] == [
        "Khóa van"
    ] * 2


def test_one_goes_on_where_something_is_left() -> None:
    """At the end there is nothing to see: from the beginning, or just before a question that is put there."""
    made = Made(LENGTH, [])
    seen = [Seen(CONTENT, one, uuid4(), made) for one in (LESSON, with_question(LESSON, "q", ASKED))]
    near, end = (replace(viewing(), position=at) for at in (98.9, 99.5))
    assert [[goes_on_at(one, at) for at in (near, end)] for one in seen] == [[98.9, 0.0], [98.9, 97.0]]


def test_captions_are_kept_without_nul() -> None:
    """No database keeps it."""
    assert captions_of(VTT + b"\x00!") == "WEBVTT\n\n00:01.000 --> 00:02.000\nSalut!"


def test_rules_as_they_are_entered() -> None:
    """In percent, with a comma too; the usual speed is always there, and none that is not offered."""
    made = with_rules(LESSON, {"threshold": "92,5", "no_skip": "1"}, ["2", "16"])
    assert (made.threshold, made.no_skip, made.speeds) == (0.925, True, [1.0, 2.0])


def test_captions_are_read_as_text() -> None:
    """WebVTT and SubRip, with names, settings and marks; what is none gives nothing."""
    text = (
        "\ufeffWEBVTT\r\n\r\nNOTE none\r\n\r\n1\r\n01:00:01.5 --> 01:00:02.000 line:0\r\n"
        "<v Ada>Fire &amp; <b>smoke</b>\r\nnow\r\n"
        "\r\n00:03,250 --> 00:04,000\r\n<script>\r\n\r\n00:05.000 --> 00:04.000\r\nback\r\n"
    )
    assert captions.cues(text) == (captions.Cue(3601.5, 3602, "Fire & smoke now"),)
    assert captions.cues("00:03,250 --> 00:04,000\nYes")[0].start == 3.25
    assert captions.cues("anything") == ()


@pytest.mark.parametrize("line", ["<" * 1_000_000, "&#" + "9" * 1_000_000, "<v " * 300_000], ids=["<", "9", "<v"])
def test_captions_of_one_long_line_are_read_at_once(line: str) -> None:
    """Whatever stands in it, in a moment, and no more of it than a line of a picture can be."""
    began = time.process_time()
    [cue] = captions.cues(f"00:01.000 --> 00:02.000\nYes {line}")
    assert time.process_time() - began < 1
    assert (cue.text[:3], len(cue.text) <= captions.LINE) == ("Yes", True)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1:05", 65), ("1:02:03", 3723), (" 65 ", 65), ("1:5.5", 65.5), ("x", None)]
)
def test_places_in_a_video(text: str, seconds: float | None) -> None:
    """As people write them."""
    assert captions.at(text) == seconds
    assert captions.shown(3723) == "1:02:03"


# ---------------------------------------------------------------- what is made, and served
@given(st.integers(2, 8000), st.integers(2, 8000))
def test_a_video_is_never_made_larger_than_it_is(width: int, height: int) -> None:
    """Both sides are even; there is always one, and none has more lines than the source."""
    made = wanted(width, height)
    assert made
    assert all(one.lines % 2 == one.width % 2 == 0 for one in made)
    assert all(one.lines <= max(2, height + 1) and one.width <= max(2, width + 1) for one in made)
    assert [one.bits for one in made] == sorted((one.bits for one in made), reverse=True)


def test_renditions_of_usual_sources() -> None:
    assert [(one.width, one.lines, one.bits) for one in wanted(1920, 1080)] == [
        (1920, 1080, 5_000_000), (1280, 720, 2_500_000), (854, 480, 1_200_000), (640, 360, 800_000)
    ]  # fmt: skip
    assert [(one.width, one.lines) for one in wanted(720, 1280)] == [(720, 1280), (480, 854), (360, 640)]
    assert set(LADDER.values()) == {5_000_000, 2_500_000, 1_200_000, 800_000}


def test_playlists_name_segments_by_number_alone() -> None:
    """What a file is called is in no address."""
    one = Rendition(720, 1280, 3_000_000, [("secret/a.ts", 10.0), ("secret/b.ts", 2.5)])
    text = media_playlist(one)
    assert "secret" not in text
    assert [name for name, _ in read_segments(text)] == ["0.ts", "1.ts"]
    assert "#EXT-X-TARGETDURATION:10" in text
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert "BANDWIDTH=3000000,RESOLUTION=1280x720\n720/index.m3u8" in main_playlist([one])


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x00\x00\x00\x20ftypisom", "mov"),
        (b"\x1a\x45\xdf\xa3" + b"\x00" * 20, "matroska"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "avi"),
        ((b"G" + b"\x00" * 187) * 3, "mpegts"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", None),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", None),
        (b"<?xml version='1.0'?><MPD/>", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_its_first_bytes(head: bytes, kind: str | None) -> None:
    """Lists of other files are no video, whatever they are called."""
    assert container(head) == kind


# ---------------------------------------------------------------- addresses and ranges
SECRET, OTHER = "a" * 32, "b" * 32
MEDIA = uuid4()
ARABIC = {ord(str(n)): chr(0x660 + n) for n in range(10)}


def test_an_address_is_good_for_a_while_and_for_its_media() -> None:
    """No longer than the session; with another secret, another media or a letter changed it is none."""
    addresses = Addresses([SECRET])
    ticket = addresses.ticket(MEDIA, 7, NOW + timedelta(hours=4), NOW)
    assert addresses.opened(ticket, NOW + LIVES - timedelta(seconds=1)) == (MEDIA, 7)
    assert addresses.opened(ticket, NOW + LIVES) is None
    assert Addresses([OTHER, SECRET]).opened(ticket, NOW) == (MEDIA, 7), "secrets are changed without a break"
    assert Addresses([OTHER]).opened(ticket, NOW) is None
    soon = addresses.ticket(MEDIA, 7, NOW + timedelta(seconds=5), NOW)
    assert addresses.opened(soon, NOW + timedelta(seconds=5)) is None
    _, session, until, signature = ticket.split(".")
    for forged in (
        f"{uuid4().hex}.{session}.{until}.{signature}", f"{MEDIA.hex}.8.{until}.{signature}",
        f"{MEDIA.hex}.{session}.{int(until) + 9}.{signature}", ticket[:-1], f"{ticket}a", "", "é" * 80,
        f"{MEDIA.hex}.{session}.{until}.{'é' * 43}", f"{MEDIA.hex}.{session}.{until.translate(ARABIC)}.{signature}",
    ):  # fmt: skip
        assert addresses.opened(forged, NOW) is None


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-9", (0, 9)), ("bytes=90-", (90, 99)), ("bytes=-10", (90, 99)), ("bytes=0-1000", (0, 99)),
        ("bytes=-1000", (0, 99)), ("", None), ("bytes=0-1,5-6", None), ("items=0-1", None), ("bytes=9-2", None),
        ("bytes=-", None),
    ],
)  # fmt: skip
def test_ranges(header: str, found: tuple[int, int] | None) -> None:
    """Of a file of 100 bytes; what is no range gives the whole."""
    assert asked(header, 100) == found


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0"])
def test_a_range_that_is_not_there(header: str) -> None:
    with pytest.raises(NoSuchRange):
        asked(header, 100)
