"""Questions from Moodle XML and GIFT: what comes over is what Moodle would ask, and what does not is told."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from time import monotonic, process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.content.assessment.bringing import MOST_LOOKED_AT, MOST_QUESTIONS, MOST_TOLD, Why, gift, moodle_xml
from connector.content.assessment.editing import TRUTH, Fault, faults
from connector.content.assessment.marking import share
from connector.domain.assessments import Answer, Kind, Question
from connector.domain.multilang import ANY, written_in

GIFT = """
// A comment: line breaks within braces are no end of a question.
$CATEGORY: $course$/Gas safety

::Smell::You smell gas \\: what first? {
  =Open a window #Right, and then close the valve
  ~Switch on the light #No: sparks
  ~Smoke
  ####Gas is heavier or lighter than air.
}

::Earth:: The earth is round. {TRUE#No.#Yes.}

Two of these are metals: {~%50%iron ~%50%copper ~%-100%wood}

Water freezes at {#0:0.5} degrees.

Between one and five {#1..5}

The capital of France is {=Paris =paris france*}.

Write what you did. {}

Match {=a -> 1 =b -> 2}

Just a text.
"""


def right(question: Question) -> set[str]:
    return {option.text[ANY] for option in question.options if option.right}


def assert_true(question: Question) -> None:
    """True is right, and both options are said in each language, as where the question is made here."""
    assert question.kind is Kind.TRUE_FALSE
    assert [(one.text, one.right) for one in question.options] == [(TRUTH[0].text, True), (TRUTH[1].text, False)]


def test_gift_is_brought_over() -> None:
    brought = gift.read(GIFT)
    assert set(brought.questions) == {"$course$/Gas safety"}
    smell, earth, metals, freezes, between, capital, essay = brought.all
    assert (smell.kind, smell.text[ANY], right(smell)) == (
        Kind.SINGLE,
        "You smell gas : what first?",
        {"Open a window"},
    )
    assert smell.options[0].feedback == {ANY: "Right, and then close the valve"}
    assert smell.explanation == {ANY: "Gas is heavier or lighter than air."}
    assert_true(earth)
    assert (earth.options[0].feedback, earth.options[1].feedback) == ({ANY: "Yes."}, {ANY: "No."})
    assert (metals.kind, right(metals)) == (Kind.MULTIPLE, {"iron", "copper"})
    assert (freezes.kind, freezes.value, freezes.tolerance) == (Kind.NUMERIC, 0, 0.5)
    assert freezes.text[ANY] == "Water freezes at _____ degrees."
    assert (between.value, between.tolerance) == (3, 2)
    assert (capital.kind, share(capital, Answer("", text="PARIS, no: Paris France!"))) == (Kind.TEXT, 0)
    assert share(capital, Answer("", text="paris")) == 1
    assert essay.kind is Kind.PRACTICAL


def test_what_gift_has_beyond_is_told_with_its_line() -> None:
    lines = GIFT.splitlines()
    assert [(lines[one.place - 1].split()[0], one.why, one.kind) for one in gift.read(GIFT).left_out] == [
        ("Two", Why.TOGETHER, ""), ("Match", Why.OTHER_KIND, "matching"), ("Just", Why.OTHER_KIND, "description"),
    ]  # fmt: skip


EXPORTED = """// question: 0  name: Switch category to $course$/top
$CATEGORY: $course$/top


// question: 41  name: Sums


// question: 31  name: Call
::Call::[html]<p>What is the call named?</p>{
\t=%100%alarm#
\t=%50%bell#
\t=%0%*#Anything else
}


// question: 23  name: Lamp
::Lamp::[html]<p>Which lamp? <img src\\="@@PLUGINFILE@@/lift.png"></p>{
\t=<p>Alarm</p>
\t~<p>Light</p>
\t~%50%<p>Nearly</p>
}


// question: 34  name: Mass
::Mass::How heavy?{#
\t=%100%630:5#
\t=%50%600:29#almost
}

// question: 42  name: Places
"""


def test_what_moodle_exports_as_gift_is_right_where_moodle_says_so() -> None:
    """An answer that gives nothing is not right, whatever sign it has; the best of which one is chosen is; and what
    Moodle could write the name of only is told."""
    brought = gift.read(EXPORTED)
    call, lamp, mass = brought.all
    assert [share(call, Answer("", text=said)) for said in ("Alarm", "bell", "nonsense")] == [1, 1, 0]
    assert (lamp.kind, right(lamp), lamp.shuffled) == (Kind.SINGLE, {"Alarm"}, True)
    assert (mass.value, mass.tolerance) == (630, 5)
    assert [(one.title, one.why) for one in brought.left_out] == [
        ("Sums", Why.NOT_IN_FILE), ("Call", Why.PARTS), ("Lamp", Why.NO_FILES), ("Lamp", Why.PARTS),
        ("Mass", Why.PARTS), ("Places", Why.NOT_IN_FILE),
    ]  # fmt: skip


def test_what_of_a_question_in_xml_is_not_kept_is_told() -> None:
    """Sound, units, parts of the mark and capital letters; of several numbers that are right the best one counts."""
    text = "<questiontext><text><![CDATA[<audio><source src='a'></audio>Hear?]]></text></questiontext>"
    brought = moodle_xml.read(
        quiz(
            f'<question type="numerical"><name><text>N</text></name>{text}'
            '<answer fraction="50"><text>600</text></answer><answer fraction="100"><text>630</text></answer>'
            "<units><unit><unit_name>kg</unit_name></unit></units></question>",
            '<question type="shortanswer"><name><text>S</text></name><questiontext><text>Sign?</text></questiontext>'
            '<usecase>1</usecase><answer fraction="100"><text>kg</text></answer></question>',
        )
    )
    assert [one.value for one in brought.all] == [630, None]
    assert [(one.title, one.why) for one in brought.left_out] == [
        ("N", Why.MEDIA_LOST), ("N", Why.PARTS), ("N", Why.UNITS), ("S", Why.CAPITALS),
    ]  # fmt: skip


def test_what_is_there_already_stays_as_it_is() -> None:
    """A file that is brought over twice puts back nothing that an author has changed, and tells so; nor is a question
    that stands in it twice lost without a word."""
    once = moodle_xml.read(XML.encode())
    again = moodle_xml.read(XML.encode(), [one.question_id for one in once.all])
    assert not again.all
    assert [one.title for one in again.left_out if one.why is Why.THERE] == [
        "Smell", "Metals", "Earth", "Capital", "Ice", "Report",
    ]  # fmt: skip
    twice = gift.read("Same? {T}\n\nSame? {T}")
    assert (len(twice.all), [one.why for one in twice.left_out]) == (1, [Why.THERE])


@given(st.text(alphabet="{}=~#:%\\$/ \nabT10", max_size=80))
def test_any_text_is_read_as_gift_or_told(text: str) -> None:
    """Nothing breaks it, and nothing is lost without a word: every question comes over or is left out."""
    brought = gift.read(text)
    for question in brought.all:
        assert share(question, None) == 0
    for one in brought.left_out:
        assert 1 <= one.place <= len(text.splitlines()) + 1


XML = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/Gas</text></category></question>
<question type="multichoice"><name><text>Smell</text></name>
<questiontext format="html"><text><![CDATA[<p><span lang="en" class="multilang">What first?</span>
<span lang="vi" class="multilang">Trước tiên?</span></p>]]></text></questiontext>
<generalfeedback format="html"><text>Air first.</text></generalfeedback>
<defaultgrade>2.0</defaultgrade><single>true</single>
<answer fraction="100"><text>Window</text><feedback><text>Yes</text></feedback></answer>
<answer fraction="0"><text>Light</text><feedback><text></text></feedback></answer></question>
<question type="multichoice"><name><text>Metals</text></name>
<questiontext><text>Metals?</text></questiontext><single>false</single>
<answer fraction="50"><text>Iron</text></answer><answer fraction="50"><text>Copper</text></answer>
<answer fraction="-100"><text>Wood</text></answer></question>
<question type="truefalse"><name><text>Earth</text></name><questiontext><text>Round?</text></questiontext>
<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question>
<question type="shortanswer"><name><text>Capital</text></name><questiontext><text>Capital?</text></questiontext>
<answer fraction="100"><text>Paris</text></answer><answer fraction="0"><text>London</text></answer></question>
<question type="numerical"><name><text>Ice</text></name><questiontext><text>Ice?</text></questiontext>
<answer fraction="100"><text>0</text><tolerance>0.5</tolerance></answer></question>
<question type="essay"><name><text>Report</text></name><questiontext><text>Report.</text></questiontext></question>
<question type="ddwtos"><name><text>Drag</text></name><questiontext><text>Drag</text></questiontext></question>
<question type="multichoice"><name><text>None</text></name>
<questiontext><text>None?</text></questiontext><single>true</single>
<answer fraction="0"><text>a</text></answer></question>
</quiz>"""


def test_moodle_xml_is_brought_over() -> None:
    brought = moodle_xml.read(XML.encode())
    assert set(brought.questions) == {"$course$/Gas"}
    smell, metals, earth, capital, ice, report = brought.all
    assert smell.text == {"en": "What first?", "vi": "Trước tiên?"}
    assert (smell.kind, smell.weight, right(smell)) == (Kind.SINGLE, 2, {"Window"})
    assert (smell.explanation, smell.options[0].feedback, smell.options[1].feedback) == (
        {ANY: "Air first."}, {ANY: "Yes"}, None,
    )  # fmt: skip
    assert (metals.kind, right(metals)) == (Kind.MULTIPLE, {"Iron", "Copper"})
    assert_true(earth)
    assert (capital.accepted, ice.value, ice.tolerance, report.kind) == (["Paris"], 0, 0.5, Kind.PRACTICAL)
    told = [(one.title, one.why, one.kind) for one in brought.left_out]
    assert told == [("Metals", Why.TOGETHER, ""), ("Drag", Why.OTHER_KIND, "ddwtos"), ("None", Why.NONE_RIGHT, "")]
    assert all("<question type" in XML.splitlines()[one.place - 1] for one in brought.left_out)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no xml",
        b"<quiz><question",
        b"<rss></rss>",
        b'<!DOCTYPE q [<!ENTITY a SYSTEM "file:///etc/passwd">]><quiz><question type="essay"><questiontext><text>&a;'
        b"</text></questiontext></question></quiz>",
        b'<!DOCTYPE q [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><quiz>&b;</quiz>',
    ],
)
def test_a_file_that_is_none_brings_nothing(content: bytes) -> None:
    """Neither files of this computer nor entities without end."""
    brought = moodle_xml.read(content)
    assert not [one for one in brought.all if "root" in str(one.text)]
    assert brought.all == [] or brought.all[0].text == {}
    assert brought.left_out or content.startswith(b"<!DOCTYPE")


def test_the_same_question_has_the_same_name_each_time() -> None:
    """So that a file that is brought over twice changes nothing."""
    for once, again in (
        (gift.read(GIFT), gift.read(GIFT)),
        (moodle_xml.read(XML.encode()), moodle_xml.read(XML.encode())),
    ):
        assert [one.question_id for one in once.all] == [one.question_id for one in again.all]
        assert len({one.question_id for one in once.all}) == len(once.all)


def test_texts_from_elsewhere_are_put_into_languages_that_authors_write() -> None:
    """A language near to one that is offered is that one; what is in none is the author's, if they wrote nothing."""
    offered = ("en", "zh-TW", "fr")
    assert written_in({"und": "Gas?"}, offered, "fr") == {"fr": "Gas?"}
    assert written_in({"und": "Gas?", "fr": "Du gaz ?"}, offered, "fr") == {"fr": "Du gaz ?"}
    assert written_in({"fr-CA": "Du gaz ?", "de": "Gas?"}, offered, "en") == {"fr": "Du gaz ?", "en": "Gas?"}
    assert written_in({"zh-CN": "煤气？", "zh-TW": "瓦斯？"}, offered, "en") == {"zh-TW": "瓦斯？"}


SAID = "&lt;img src='x'&gt;"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def one_choice(text: str, more: str = "", answer: str = "yes", beside: str = "") -> str:
    return (
        f'<question type="multichoice"><name><text>One</text></name><questiontext format="html"><text>'
        f"<![CDATA[{text}]]></text>{more}</questiontext><single>true</single>"
        f'<answer fraction="100"><text><![CDATA[{answer}]]></text>{beside}</answer>'
        '<answer fraction="0"><text>no</text></answer></question>'
    )


def file(name: str, content: bytes) -> str:
    return f'<file name="{name}" path="/" encoding="base64">{b64encode(content).decode()}</file>'


def quiz(*questions: str) -> bytes:
    return f"<quiz>{''.join(questions)}</quiz>".encode()


def test_pictures_come_along_with_what_they_show() -> None:
    """Those of a question and of its options, each once, whatever its name; of another place, of another kind, or in
    what is said of an answer it is told of the question."""
    shown = "<p>Which?<img alt='A valve &amp; a hose' src=\"@@PLUGINFILE@@/my%20valve.png\"></p>"
    brought = moodle_xml.read(quiz(one_choice(shown, file("my valve.png", PNG))))
    [question] = brought.all
    [picture] = question.pictures
    assert (question.text, picture.alt) == ({ANY: "Which?"}, {ANY: "A valve & a hose"})
    assert (picture.media_type, brought.files) == ("image/png", {picture.picture_id: PNG})
    assert brought.left_out == []
    valve = 'yes <img src="@@PLUGINFILE@@/v.png" alt="A red valve">'
    [question] = (brought := moodle_xml.read(quiz(one_choice("Which?", "", valve, file("v.png", PNG))))).all
    assert [(one.text, [shows.alt for shows in one.pictures]) for one in question.options] == [
        ({ANY: "yes"}, [{ANY: "A red valve"}]), ({ANY: "no"}, []),
    ]  # fmt: skip
    assert (question.pictures, [*brought.files], brought.left_out) == ([], [question.every_picture[0].picture_id], [])
    [question] = brought.written_in(("en",), "en")
    assert question.options[0].pictures[0].alt == {"en": "A red valve"}
    elsewhere = '<p>Which?<img src="https://example.com/a.png"></p>'
    drawn = '<p>Which?<img src="@@PLUGINFILE@@/a.svg"></p>'
    for one in (
        one_choice(elsewhere),
        one_choice(drawn, file("a.svg", b"<svg onload='x'/>")),
        one_choice(drawn),
        one_choice("Which?", answer='yes <img src="@@PLUGINFILE@@/a.png">'),
        one_choice("Which?").replace("</answer>", f"<feedback><text>{SAID}</text></feedback></answer>", 1),
    ):
        brought = moodle_xml.read(quiz(one))
        assert [(one.title, one.why) for one in brought.left_out] == [("One", Why.PICTURE_LOST)]
        assert [(one.text, one.pictures) for one in brought.all] == [({ANY: "Which?"}, [])]
    brought = moodle_xml.read(quiz(one_choice(shown, file("my valve.png", PNG))), keeping=False)
    assert ([one.why for one in brought.left_out], brought.files) == ([Why.NO_PLACE], {})


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">',
        '<!ENTITY c SYSTEM "file:///etc/passwd">',
        '<!ENTITY % d SYSTEM "http://127.0.0.1:1/evil.dtd"> %d;',
    ],
)
def test_a_file_that_declares_anything_is_not_read(declared: str) -> None:
    """Neither what multiplies itself, nor what looks into files or networks."""
    told = quiz(one_choice("x").replace("<![CDATA[x]]>", "&c;" if "c" in declared[:11] + "&b;" else "x")).decode()
    brought = moodle_xml.read(f"<!DOCTYPE quiz [{declared}]>{told}".encode())
    assert (brought.all, [one.why for one in brought.left_out]) in (([], [Why.OTHER_XML]), ([], [Why.NO_XML]))


def test_a_file_brings_so_much_and_no_more() -> None:
    """Questions, answers and texts: of each what is too much is left out, and told."""
    many = quiz(*(one_choice(f"Number {n}?") for n in range(MOST_QUESTIONS + 5)))
    brought = moodle_xml.read(many)
    assert (len(brought.all), [one.why for one in brought.left_out]) == (MOST_QUESTIONS, [Why.MANY_QUESTIONS])
    brought = gift.read("\n\n".join(f"Number {n}? {{T}}" for n in range(MOST_QUESTIONS + 5)))
    assert (len(brought.all), [one.why for one in brought.left_out]) == (MOST_QUESTIONS, [Why.MANY_QUESTIONS])
    long, answers = "x" * 20_001, " ".join(f"~{n}" for n in range(100))
    for text in (f"{long} {{T}}", f"Which? {{=a ~{long}}}", f"{long * 4} {{T}}"):
        assert [one.why for one in gift.read(text).left_out] == [Why.LONG_TEXT]
    assert [one.why for one in gift.read(f"Which? {{=a {answers}}}").left_out] == [Why.MANY_ANSWERS]
    assert [one.why for one in moodle_xml.read(quiz(one_choice(long))).left_out] == [Why.LONG_TEXT]
    assert [one.why for one in moodle_xml.read(quiz(one_choice("<p> " * 20_000 + "x"))).left_out] == [Why.LONG_TEXT]


def test_of_a_file_full_of_mistakes_so_many_are_told() -> None:
    """All are shown on a page: a file of a few megabytes can have a million, and is looked at so far."""
    many = MOST_LOOKED_AT + 5
    for brought in (gift.read("a\n\n" * many), moodle_xml.read(quiz(*['<question type="x"/>'] * many))):
        assert (len(brought.left_out), brought.left_out[-1].why) == (MOST_TOLD + 1, Why.TOO_LONG)
        assert brought.more == MOST_LOOKED_AT - MOST_TOLD


def test_however_much_is_told_the_rest_comes_in() -> None:
    """Questions of which something is missing, and those behind a whole bank that is there already."""
    asked = "\n\n".join(f"<img> number {n}? {{~%50%{n} ~%50%b ~c}}" for n in range(600))
    brought = gift.read(asked)
    assert (len(brought.all), len(brought.left_out), brought.more) == (600, 2 * MOST_TOLD, 2 * (600 - MOST_TOLD))
    numbers = [f"Number {n}? {{T}}" for n in range(MOST_QUESTIONS + 20)]
    there = {one.question_id for one in gift.read("\n\n".join(numbers[:MOST_QUESTIONS])).all}
    brought = gift.read("\n\n".join(numbers), there)
    assert [one.text[ANY] for one in brought.all] == [
        f"Number {n}?" for n in range(MOST_QUESTIONS, MOST_QUESTIONS + 20)
    ]


def test_an_option_that_shows_nothing_is_not_asked() -> None:
    """Its picture is not kept, or the file has nothing for it; who makes such a question is told."""
    valve = '<p><img src="@@PLUGINFILE@@/v.png" alt="A valve"></p>'
    shown = quiz(one_choice("Which?", "", valve, file("v.png", PNG)))
    assert [one.why for one in moodle_xml.read(shown).left_out] == []
    for brought in (moodle_xml.read(shown, keeping=False), gift.read("Which? {=a ~#Nothing}")):
        assert (brought.all, brought.files, [one.why for one in brought.left_out]) == ([], {}, [Why.BLANK_OPTION])
    [question] = moodle_xml.read(shown).all
    assert faults(question) == []
    assert faults(replace(question, options=[replace(one, pictures=()) for one in question.options])) == [
        Fault.BLANK_OPTION
    ]


def test_a_file_that_means_harm_is_read_in_no_time() -> None:
    """A picture that a text shows a thousand times, and answers without end: each is read once, or not at all."""
    large = b64encode(PNG + b"x" * 1_000_000).decode()
    shown = "x" + '<img src="@@PLUGINFILE@@/a">' * 1500
    file = f'<file name="a" encoding="base64">{large}</file>'
    text = f'<questiontext format="html"><text><![CDATA[{shown}]]></text>{file}</questiontext>'
    many = "".join('<answer fraction="1"><text>a</text></answer>' for _ in range(20_000))
    begun = process_time()
    brought = moodle_xml.read(quiz(f'<question type="essay">{text}</question>'))
    assert [(len(one.pictures), len(brought.files)) for one in brought.all] == [(1, 1)]
    for left in (
        moodle_xml.read(
            quiz(f'<question type="multichoice"><questiontext><text>a</text></questiontext>{many}</question>')
        ),
        gift.read("\n\n".join("Which? {" + "~a" * 29_000 + "}" for _ in range(5))),
    ):
        assert {one.why for one in left.left_out} == {Why.MANY_ANSWERS}
    assert process_time() - begun < 3


def test_braces_without_an_end_take_no_time() -> None:
    began = monotonic()
    gift.read("{ " * 20_000 + "\n\n" + "<span " * 9_000 + "{T}")
    assert monotonic() - began < 2
