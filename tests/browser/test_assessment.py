"""An assessment in a real browser, in a frame of the platform: answered without a connection, too, and marked."""

from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from threading import Event
from zlib import compress, crc32

import anyio
import pytest
from selenium.webdriver import Chrome, Keys

from adapters.moodle.twin.tools.state import ToolLink
from connector.cli.service import jobs_of
from connector.content.assessment import bodies
from connector.domain.assessments import Kind, Option, Picture
from connector.settings.parts import ContentSettings
from connector.web.launched import live
from tests.browser.pages import DESK, PHONE, Browser, focused, hold, press, shown, tab_to, type_into, type_keys
from tests.browser.platform import at_platform, open_activity, sign_in
from tests.integration.lti.launched import Tool, linked, serving_tool
from tests.integration.lti.made import activity, asked, assessment, changed, made, opened
from tests.integration.lti.test_allowances import ends_in, given, given_unheard
from tests.integration.lti.test_assessment import in_gradebook, leading, sent
from tests.integration.lti.test_certified import GAS, PUBLIC
from tests.integration.lti.test_results import TORN, break_version
from tests.support import House, Seen, row
from tests.unit.certificates.papers import qr_of

pytestmark = pytest.mark.slow
PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8Dwn4EIwDiqkL4KAcT9BAoJbm0OAAAAAElFTkSuQmCC"
)


def tall() -> bytes:
    """A grey picture as a telephone takes it upright, in pixels 3000 by 4000."""
    head = struct.pack(">IIBBBBB", 3000, 4000, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", compress(4000 * (b"\0" + 3000 * b"\x80"))), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(one)) + kind + one + struct.pack(">I", crc32(kind + one)) for kind, one in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


TALL = tall()
SPARK = {"en": "A spark is enough."}
FIRST = asked(
    "a",
    weight=2,
    text={"en": "It smells of gas in a kitchen.\nWhat do you do first?", "fr": "Ça sent le gaz."},
    options=[
        Option("r", {"en": "Close the valve"}, right=True),
        Option("w", {"en": "Switch the light on"}, feedback=SPARK),
    ],
    explanation={"en": "Without gas there is no danger."},
)
SPARKS = [Option("r", {"en": "A doorbell"}, right=True), Option("s", {"en": "A telephone"}, right=True)]
MEASURE = {"en": "Measure the pressure, and say what you have done."}
PICTURE = Picture(sha256(PNG).hexdigest(), "image/png", {"en": "A telephone"})
QUESTIONS = [
    FIRST,
    asked("m", kind=Kind.MULTIPLE, text={"en": "What sparks?"}, options=[*SPARKS, Option("w", {"en": "A rope"})]),
    asked(
        "n", kind=Kind.NUMERIC, options=(), value=112.0, text={"en": "Which number do you call?"}, pictures=[PICTURE]
    ),
    asked("p", kind=Kind.PRACTICAL, options=(), text=MEASURE),
]


@pytest.fixture
def tool(house: House) -> Iterator[Tool]:
    """Known by another host name than the platform, so that its frame is of another site."""
    (house.mapping / "certificates.yaml").write_text(GAS, "utf-8")
    papers = house.settings.certificates.model_copy(update={"folder": house.folder / "papers", "url": PUBLIC})
    told = {"content": ContentSettings(folder=house.folder / "content"), "certificates": papers}
    house.settings = house.settings.model_copy(update=told)
    with serving_tool(house, "localhost") as served:
        yield served


@pytest.fixture
def graded(tool: Tool) -> ToolLink:
    linked(tool)
    introduction = {"en": "Twenty minutes about gas in homes."}
    return activity(tool, made(tool, assessment(*QUESTIONS, minutes=20, confidence=True, introduction=introduction)))


@pytest.fixture
def platform(chromium: Chrome, tool: Tool) -> Iterator[Browser]:
    with at_platform(chromium, tool) as browser:
        yield browser


def choose(at: Browser, question: str, *options: str) -> None:
    for option in options:
        at.click(f"#q-{question} label:has(input[value='{option}'])")


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk light", "phone dark"])
def test_a_learner_takes_it_and_who_teaches_marks_it(
    platform: Browser, tool: Tool, graded: ToolLink, size: tuple[int, int], scheme: str
) -> None:
    """All the way, on a desk and on a phone; axe finds nothing, and nobody has to scroll sideways."""
    seen = f"{size[0]}-{scheme}"

    def looks_well(name: str) -> None:
        platform.picture(f"assessment-{name}-{seen}")
        assert platform.violations() == [], name
        assert not platform.too_wide(), name

    files = tool.house.connector.content_files
    assert files is not None
    files.put(PICTURE.place, PNG)
    open_activity(platform, "learner", graded, (size, scheme))
    looks_well("home")
    press(platform, "Begin")
    shown(platform, "What do you do first?")
    choose(platform, "a", "r")
    looks_well("question")
    press(platform, "Next")
    choose(platform, "m", "r", "s")
    press(platform, "Next")
    platform.until(lambda: platform.find("#q-n img").get_property("naturalWidth") == 1, "the picture is seen")
    type_into(platform, "#q-n input", "112")
    press(platform, "Next")
    type_into(platform, "#q-p textarea", "Manometer on, 22 mbar.")
    photo = tool.house.folder / "manometer.png"
    photo.write_bytes(TALL)
    platform.write("#q-p input[type=file]", str(photo))
    shown(platform, "Remove manometer.png")
    looks_well("practical")
    press(platform, "Submit")
    shown(platform, "Waiting to be marked")
    looks_well("result")
    open_activity(platform, "teacher", graded, (size, scheme))
    press(platform, "Results")
    shown(platform, "Learner Lê")
    looks_well("results")
    press(platform, "Attempt 1 of Learner Lê")
    shown(platform, "Manometer on")
    platform.until(lambda: platform.find("img.handed-in").get_property("naturalHeight") == 4000, "the photo is seen")
    looks_well("mark")
    height = platform.find("img.handed-in").rect["height"]
    assert height < 300, "what is below a photo is in reach, however tall that is"
    platform.click(".photo summary")
    platform.until(lambda: platform.find("img.handed-in").rect["height"] > 3 * height, "it is seen larger")
    looks_well("mark-larger")
    platform.click(".photo summary")
    platform.until(lambda: platform.find("img.handed-in").rect["height"] == height, "and smaller again")
    if size == DESK:
        heads = [platform.find(f"#review-p {one}").rect["y"] for one in ("h3", "details:not(.photo) summary")]
        assert abs(heads[0] - heads[1]) < 60, "the mark is entered beside what was handed in, and not below"
    type_into(platform, "#percent-p", "150")
    press(platform, "Save the mark")
    platform.until(lambda: focused(platform) == "percent-p", "what is wrong comes into view")
    platform.write("#percent-p", "50")
    press(platform, "Save the mark")
    platform.until(lambda: focused(platform) == "saved-p", "what was marked comes into view")
    above = "return document.activeElement.compareDocumentPosition(document.querySelector('#review-p img')) & 4"
    assert platform.chrome.execute_script(above), "above the photo, however tall that is"
    shown(platform, "All is marked", "#saved-p")
    platform.click("#saved-p button", "Back to the results")
    shown(platform, "How well the questions work")
    assert len(set(platform.each(".taken", "getBoundingClientRect().x"))) == 1, "options stand below each other"
    looks_well("items")
    press(platform, "Edit")
    shown(platform, "Settings")
    looks_well("edit")
    press(platform, "Edit question 1")
    shown(platform, "Question 1: One option is right", "h1")
    looks_well("question-form")
    assert platform.complaints() == []


def test_without_a_connection_no_answer_is_lost(platform: Browser, tool: Tool, graded: ToolLink) -> None:
    """Answers are kept, and sent as soon as it is back; nothing is submitted before they have arrived. Whoever leaves
    a field by pressing a number, by which it is kept, has pressed it."""
    open_activity(platform, "learner", graded)
    press(platform, "Begin")
    shown(platform, "What do you do first?")
    tool.cut()
    choose(platform, "a", "r")
    shown(platform, "No connection.")
    press(platform, "Next")
    choose(platform, "m", "r", "s")
    press(platform, "Next")
    type_into(platform, "#q-n input", "112")
    platform.picture("assessment-offline")
    platform.click(".numbers button", "1")
    shown(platform, "What do you do first?")
    tool.mend()
    shown(platform, "All answers are saved.")
    platform.click(".numbers button", "4")
    type_into(platform, "#q-p textarea", "Done.")
    press(platform, "Submit")
    shown(platform, "Waiting to be marked")
    answers = tool.house.connector.attempts.answers(1)
    assert {key: (sorted(one.chosen), one.text) for key, one in answers.items()} == {
        "a": (["r"], ""), "m": (["r", "s"], ""), "n": ([], "112"), "p": ([], "Done."),
    }  # fmt: skip


def test_the_next_step_of_a_scenario_comes_once_an_answer_has_arrived(platform: Browser, tool: Tool) -> None:
    """Until then the page has nothing of it. Without a connection it says so, and nothing is lost, as
    where it cannot be read any more."""
    linked(tool)
    steps = leading("start", "leak", "calm"), leading("leak", ""), leading("calm", "")
    content = made(tool, assessment(*steps, asked("b")))
    open_activity(platform, "learner", activity(tool, content))
    press(platform, "Begin")
    shown(platform, "Which of start?")
    assert not {"leak", "calm"} & {word.strip("?") for word in platform.chrome.page_source.split()}
    choose(platform, "start", "r")
    press(platform, "Next")
    shown(platform, "Which of leak?")
    choose(platform, "leak", "r")
    press(platform, "Back")
    shown(platform, "All answers are saved.")
    tool.cut()
    choose(platform, "start", "w")
    shown(platform, "the next step comes as soon as it is back")
    assert platform.violations() == []
    press(platform, "2")
    shown(platform, "Which of b?")
    choose(platform, "b", "r")
    press(platform, "Submit")
    press(platform, "1")
    press(platform, "Next")
    assert "Which of start?" in platform.find("main").text, "nobody knows yet what comes"
    tool.mend()
    shown(platform, "Which of calm?")
    choose(platform, "calm", "r")
    press(platform, "Next")
    press(platform, "Submit")
    shown(platform, "66.6%")
    assert "Which of leak?" not in platform.find("main").text
    press(platform, "Try again")
    shown(platform, "Which of start?")
    break_version(tool, content, 1, TORN)
    choose(platform, "start", "r")
    shown(platform, "Your answers are saved, but the questions cannot be read any more.")
    assert [*tool.house.connector.attempts.answers(2)["start"].chosen] == ["r"]


REFUSING = """
const real = window.fetch;
window.left = arguments[0];
window.fetch = (...asked) => {
  const looks = (asked[1]?.method ?? "GET") === "GET"; // as the page does by itself, whenever it is told something
  if (looks || window.left-- <= 0) return real(...asked);
  return Promise.resolve(new Response("Too fast", { status: 429, headers: { "Retry-After": "1" } }));
};
"""


def test_who_is_told_to_wait_loses_nothing(platform: Browser, tool: Tool, graded: ToolLink) -> None:
    """Answers, files and pages alike: each is sent again by itself, and the page says that it waits. What it says
    changes without moving what somebody may be pressing above."""
    open_activity(platform, "learner", graded, (PHONE, "light"))
    platform.chrome.execute_script(REFUSING, 1)
    press(platform, "Begin")
    shown(platform, "Nothing is lost", "body")
    shown(platform, "What do you do first?")
    assert "Nothing is lost" not in platform.read("body")
    platform.chrome.execute_script("window.left = 2")
    choose(platform, "a", "r")
    shown(platform, "Saving")
    shown(platform, "All answers are saved.")
    for _ in range(3):
        press(platform, "Next")
    platform.chrome.execute_script("window.left = 1")
    photo = tool.house.folder / "manometer.png"
    photo.write_bytes(PNG)
    one_line = platform.find(".state").rect["height"]
    platform.write("#q-p input[type=file]", str(photo))
    shown(platform, "Your file is on its way.")
    two_lines = platform.find(".state").rect["height"]
    shown(platform, "Remove manometer.png")
    shown(platform, "All answers are saved.")
    assert platform.find(".state").rect["height"] == two_lines > one_line
    attempts = tool.house.connector.attempts
    assert [sorted(attempts.answers(1)["a"].chosen), len(attempts.evidence(1))] == [["r"], 1]
    open_activity(platform, "learner", graded)
    press(platform, "Continue")
    platform.until(lambda: platform.seen("#q-m"), "it goes on at the first question that is open")


def test_screens_keep_up_with_each_other(platform: Browser, tool: Tool, graded: ToolLink) -> None:
    """Another screen of the learner answers and submits: this one has it, and what was typed here stays. Who teaches
    sees it come, with the focus where it was; the learner reads what was marked, and where the score is."""
    other = opened(tool, "learner", graded)
    open_activity(platform, "learner", graded)
    attempt = other.begin()
    shown(platform, "Continue")
    press(platform, "Continue")
    other.answer(attempt, "a", "w")
    platform.until(lambda: platform.find("#q-a input[value=w]").is_selected(), "it is chosen here, too")
    platform.until(lambda: platform.find(".numbers .answered"), "and counted")
    platform.find(".numbers li:nth-child(3) button").click()
    other.answer(attempt, "n", text="110")
    platform.until(lambda: platform.find("#q-n input").get_property("value") == "110", "it stands here, too")
    type_into(platform, "#q-n input", "0")
    answers = tool.house.connector.attempts.answers
    platform.until(lambda: answers(int(attempt))["n"].text == "1100", "it is kept")
    other.ask("POST", f"/lti/assessment/attempts/{attempt}/evidence/p", files={"file": ("gauge.png", PNG)})
    platform.until(lambda: "gauge.png" in platform.find("#q-p").get_property("textContent"), "the photo is here, too")
    other.answer(attempt, "p", text="Done.", place=9)
    other.submit(attempt)
    shown(platform, "Waiting to be marked")

    teacher = opened(tool, "teacher", graded)
    teacher.ask("POST", f"/lti/assessment/results/{attempt}/marks/p", data={"percent": "80", "comment": "Well held"})
    shown(platform, "Well held")
    shown(platform, "The result goes to the gradebook")
    anyio.run(tool.house.connector.sending_scores().work)
    shown(platform, "The result is in the gradebook")

    open_activity(platform, "teacher", graded)
    press(platform, "Results")
    shown(platform, "Learner Lê")
    focus = platform.find("[aria-label='Attempt 1 of Learner Lê']")
    platform.chrome.execute_script("arguments[0].focus()", focus)
    opened(tool, "other", graded).begin()
    shown(platform, "Other Lê")
    assert platform.focus() == focus
    assert platform.complaints() == []


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_is_pressed_after_typing_stays_under_the_pointer(
    platform: Browser, tool: Tool, graded: ToolLink, size: tuple[int, int]
) -> None:
    """A name that was typed filters the list once the press is over. Before an attempt is submitted the answer is told
    that was typed last."""
    learner = opened(tool, "learner", graded)
    attempt = learner.begin()
    learner.answer(attempt, "p", text="Done.")
    learner.submit(attempt)
    open_activity(platform, "teacher", graded, (size, "light"))
    press(platform, "Results")
    shown(platform, "Learner Lê")
    type_into(platform, "#by-name", "nobody")
    hold(platform, "Mark Learner Lê")
    shown(platform, "Save the mark")

    open_activity(platform, "learner", graded, (size, "light"))
    press(platform, "Try again")
    shown(platform, "What do you do first?")
    platform.find(".numbers li:nth-child(4) button").click()
    type_into(platform, "#q-p textarea", "Valve closed.")
    hold(platform, "Submit")
    shown(platform, "Submit anyway?", "dialog")
    platform.click("dialog button.main")
    shown(platform, "Valve closed.")
    assert platform.complaints() == []


def test_the_clock_of_an_open_page_has_the_time_that_is_allowed(platform: Browser, tool: Tool) -> None:
    """Told at once, and asked for at the end by a page that did not hear; who has no attempt left keeps up, too."""
    linked(tool)
    graded = activity(tool, made(tool, assessment(FIRST, minutes=20, attempts=1)))
    teacher = opened(tool, "teacher", graded)
    open_activity(platform, "learner", graded)
    press(platform, "Begin")
    platform.until(lambda: "19:" in platform.read(".timer"), "as all have")
    given(tool, teacher, longer="10")
    platform.until(lambda: "29:" in platform.read(".timer"), "it is told")
    choose(platform, "a", "r")
    shown(platform, "All answers are saved.")
    ends_in(tool, 6)
    given(tool, teacher, longer="10")
    platform.until(lambda: "00:0" in platform.read(".timer"), "it is told what is left")
    given_unheard(tool, longer=15)
    platform.until(lambda: "04:5" in platform.read(".timer"), "it has asked, and goes on")
    ends_in(tool, 3)
    given(tool, teacher, longer="15")
    platform.until(lambda: "00:0" in platform.read(".timer"), "nothing more is allowed")
    ends_in(tool, 0)
    shown(platform, "100%")
    press(platform, "Back to the overview")
    shown(platform, "You have no attempt left.")
    given(tool, teacher, longer="15", more="1")
    shown(platform, "Try again")
    assert platform.complaints() == []


def test_an_attempt_is_discarded(platform: Browser, tool: Tool) -> None:
    """While its learner is at it: the page says so at once, and another can be begun. One that was submitted is
    discarded on its page, asked twice and with a reason, and the grade goes."""
    linked(tool)
    graded = activity(tool, made(tool, assessment(FIRST, attempts=1)))
    teacher = opened(tool, "teacher", graded)
    open_activity(platform, "learner", graded, (PHONE, "dark"))
    press(platform, "Begin")
    choose(platform, "a", "w")
    shown(platform, "All answers are saved.")
    teacher.ask("POST", "/lti/assessment/results/1/discard", data={"why": "A try-out."})
    shown(platform, "Somebody who teaches in this course has discarded this attempt.")
    assert platform.violations() == [] and not platform.too_wide()
    assert platform.complaints() == []
    press(platform, "Back to the overview")
    shown(platform, "Attempt 1 was discarded")
    press(platform, "Begin")
    choose(platform, "a", "r")
    shown(platform, "All answers are saved.")
    press(platform, "Submit")
    shown(platform, "100%")
    sent(tool)
    assert in_gradebook(tool, graded) == 100

    open_activity(platform, "teacher", graded)
    press(platform, "Results")
    shown(platform, "A try-out.")
    platform.click("#found button", "Attempt 2")
    shown(platform, "Discard this attempt")
    press(platform, "Discard this attempt")
    shown(platform, "Discard attempt 2 of", "dialog:modal")
    assert platform.violations() == []
    platform.picture("assessment-discard")
    platform.click("dialog button", "Back")
    platform.until(lambda: not platform.all("dialog:modal"), "nothing was done")
    press(platform, "Discard this attempt")
    platform.click("dialog button.bad")
    shown(platform, "This is needed.", "dialog:modal")
    platform.until(lambda: focused(platform) == "why", "whoever is asked again is led there")
    type_into(platform, "dialog:modal [name=why]", "The exam was disturbed.")
    platform.click("dialog button.bad")
    shown(platform, "This attempt was discarded: it counts nowhere.")
    shown(platform, "The exam was disturbed.")
    tool.house.clock.forward(seconds=2)
    sent(tool)
    assert in_gradebook(tool, graded) is None
    press(platform, "Back to the results")
    shown(platform, "Discarded attempts")
    shown(platform, "Not begun", "#found")
    assert platform.violations() == [] and not platform.too_wide()
    assert platform.complaints() == []


def test_an_instructor_picks_it_and_regrades_it(platform: Browser, tool: Tool) -> None:
    """Made and taken into the course by the form of a new activity, where nothing that was typed is lost without a
    word, nor by another author who was faster; what was wrong in it is mended, and the grade in the platform's
    gradebook follows."""
    linked(tool)
    twin, house = tool.house.twin, tool.house
    before = set(twin.state.tools.links)
    sign_in(platform, "teacher")
    course = twin.state.course_by_idnumber["SAFE"]
    platform.go(f"/mod/lti/contentitem.php?id={tool.registered.id}&course={course}")
    shown(platform, "Pick content")
    press(platform, "New assessment")
    shown(platform, "Settings")
    assert platform.each("[name=pass_mark]", "value") == ["80"], "what is needed to pass is seen without unfolding"
    platform.chrome.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    questions = house.folder / "questions.txt"
    questions.write_text("Which number do you call? {#113}", "utf-8")
    title = "form[hx-post$=settings] [name='title.en']"
    assert platform.each("main form input:not([type=hidden])", "name")[0] == "title.en", "its title comes first"
    platform.write(title, "Gas leaks")
    platform.write("input[type=file]", str(questions))
    type_into(platform, "[name=minutes]", "10")
    press(platform, "Import")
    shown(platform, "1 question was imported.")
    shown(platform, "Not saved yet.")
    press(platform, "Edit question 1")
    shown(platform, "The right number")
    platform.look(PHONE, "light")
    press(platform, "Save")
    shown(platform, "Saved.", ".questions")
    assert platform.each("[name=minutes]", "value") == ["10"], "what was typed and not saved is unfolded above it"
    in_view = "const { top, bottom } = document.querySelector('.questions [data-here]').getBoundingClientRect();"
    assert platform.chrome.execute_script(f"{in_view} return top >= 0 && bottom <= innerHeight"), "what was saved"
    platform.look(DESK, "light")
    shown(platform, "Not saved yet.")
    press(platform, "Back to the selection")
    shown(platform, "What you typed is not saved yet.", "dialog:modal")
    assert platform.violations() == []
    press(platform, "Stay here")
    platform.until(lambda: not platform.all("dialog:modal"), "nothing was done")
    assert platform.each(title, "value") == ["Gas leaks"]
    press(platform, "Back to the selection")
    press(platform, "Save and go on")
    shown(platform, "Pick content")
    shown(platform, "Gas leaks", ".cards li")
    shown(platform, "1 question", ".cards li")
    platform.look(PHONE, "light")
    seen = "return document.querySelector('.stays button').getBoundingClientRect().bottom <= innerHeight"
    assert platform.chrome.execute_script(seen), "the end of a long selection is in reach"
    press(platform, "Edit Gas leaks")
    press(platform, "Back to the selection")
    shown(platform, "Pick content")
    platform.look(DESK, "light")
    assert platform.each("label.option:has(:checked)", "innerText") == ["Gas leaks"], "it is ticked already"
    press(platform, "Add to the course")
    platform.until(lambda: set(twin.state.tools.links) - before, "the platform has the activity")
    [link] = [one for key, one in twin.state.tools.links.items() if key not in before]

    open_activity(platform, "learner", link)
    press(platform, "Begin")
    shown(platform, "Which number do you call?")
    type_into(platform, "fieldset input[type=text]", "112")
    press(platform, "Submit")
    shown(platform, "Not right")
    sent(tool)
    assert in_gradebook(tool, link) == 0

    open_activity(platform, "teacher", link)
    press(platform, "Edit")
    shown(platform, "Settings")
    press(platform, "Edit question 1")
    shown(platform, "The right number")
    assert platform.each("main [name=value]", "value") == ["113"]

    def another_author(value: float) -> None:
        [content] = house.connector.contents.of_course(tool.platform_id, str(course))
        [section] = (there := bodies.assessment(content.body)).sections
        [question] = section.questions
        changed(tool, content, replace(there, sections=[replace(section, questions=[replace(question, value=value)])]))

    another_author(111)
    platform.write("main [name=value]", "110")
    type_into(platform, "main [name='explanation.en']", "It is free.")
    press(platform, "Save")
    shown(platform, "Theirs now: 111")
    shown(platform, "Theirs now: empty")
    assert platform.each("main [name=value]", "value") == ["110"], "what was typed is still there"
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        platform.look(size, scheme)
        platform.picture(f"assessment-theirs-{size[0]}-{scheme}")
        assert platform.violations() == [] and not platform.too_wide()
    platform.look(DESK, "light")
    press(platform, "Save mine over it")
    shown(platform, "Saved.")
    press(platform, "Edit question 1")
    shown(platform, "The right number")
    assert platform.each("main [name=value]", "value") == ["110"]
    assert platform.each("main [name='explanation.en']", "value") == ["It is free."]
    another_author(112)
    platform.write("main [name=value]", "109")
    press(platform, "Save")
    shown(platform, "Theirs now: 112")
    press(platform, "Take theirs")
    platform.until(lambda: platform.each("main [name=value]", "value") == ["112"], "theirs has come instead")
    press(platform, "Save")
    shown(platform, "Saved.")
    press(platform, "Results")
    shown(platform, "1 attempt was marked by an earlier version")
    type_into(platform, "[name=reason]", "The number was wrong.")
    press(platform, "Regrade by the newest version")
    shown(platform, "Marked again")
    jobs_of(house.connector, Event())["regrades"].run()
    shown(platform, "1 result has changed.")
    house.clock.forward(seconds=2)
    sent(tool)
    assert in_gradebook(tool, link) == 100
    assert platform.complaints() == []


def test_by_keyboard_alone(platform: Browser, tool: Tool, graded: ToolLink) -> None:
    """From the first button to the result, with Tab, arrows, Space and Enter."""
    open_activity(platform, "learner", graded)
    tab_to(platform, "Begin")
    type_keys(platform, Keys.ENTER)
    shown(platform, "What do you do first?")
    tab_to(platform, "Close the valve")
    type_keys(platform, Keys.SPACE)
    for _ in range(3):
        tab_to(platform, "Next")
        type_keys(platform, Keys.ENTER)
    tab_to(platform, "Submit")
    type_keys(platform, Keys.ENTER)
    shown(platform, "Questions without an answer: 3")
    tab_to(platform, "Submit")
    type_keys(platform, Keys.ENTER)
    shown(platform, "Not right")


def test_a_certificate_comes_by_itself_and_is_downloaded(
    platform: Browser, tool: Tool, moodle: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever passes reads that it is being made, then has it without doing anything, though nothing can be told at
    once here; and its QR code leads to it."""
    house = tool.house
    monkeypatch.setattr(live, "MOST", 0)
    anyio.run(house.settled_in, [row("E1", unit="Field")])
    graded = activity(tool, made(tool, assessment(FIRST, certificate="GAS")))
    open_activity(platform, "e1", graded, (PHONE, "light"))
    shown(platform, "Passing it gives the certificate “Gas safety”.")
    press(platform, "Begin")
    shown(platform, "What do you do first?")
    choose(platform, "a", "r")
    press(platform, "Submit")
    shown(platform, "It is being made.")
    jobs_of(house.connector, Event())["passed"].run()
    number = f"GAS-{house.clock.now.year}-0001"
    shown(platform, f"Download {number}.pdf")
    platform.picture("assessment-certificate")
    assert platform.violations() == []
    assert not platform.too_wide()
    folder = house.folder / "downloads"
    platform.chrome.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    press(platform, f"Download {number}.pdf")
    platform.until(lambda: (folder / f"{number}.pdf").exists(), "it is saved")
    [kept] = house.connector.certificates.listed("E1", 2)
    assert qr_of((folder / f"{number}.pdf").read_bytes()) == f"{PUBLIC}/certificates/{kept.code}"
    assert [one for one in platform.complaints() if "WebSocket" not in one] == []
