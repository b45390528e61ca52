"""Assessments as authors have them: made, changed, filled from files, looked at, marked, and taken into a course."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from html import unescape

import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.content.assessment import bodies
from connector.content.assessment.bringing import MOST_TOLD
from connector.domain.assessments import Bank, Kind, Policy, Section
from connector.settings.parts import ContentSettings
from connector.web.launched.paging import PAGE
from tests.integration.lti.launched import Tool, form
from tests.integration.lti.made import BEARER, Page, activity, asked, assessment, made, opened
from tests.integration.lti.test_assessment import pass_by
from tests.integration.lti.test_evidence import PNG
from tests.integration.lti.test_picking import picking

SEEN = re.compile(r'name="seen" value="([\d.]+)"')
GIFT = "// bring\n::Gas:: What smells? {=Mercaptan ~Nitrogen}\n\n::Match:: Pairs {=a -> b =c -> d}\n"
XML = """<?xml version="1.0"?><quiz><question type="truefalse"><name><text>Valve</text></name>
<questiontext format="html"><text><![CDATA[<p>Is it <b>closed</b>?</p>]]></text></questiontext>
<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question></quiz>"""


class Author:
    """Somebody who changes content by its forms, each with what the form before had seen."""

    def __init__(self, page: Page, html: str = "", content: str = "") -> None:
        self.page = page
        self.content = content
        self.html = html

    def send(
        self, part: str, status: int = 200, files: dict[str, tuple[str, str]] | None = None, **fields: str
    ) -> str:
        seen = SEEN.search(self.html)
        sent = {**({"seen": seen[1]} if seen else {}), **{name.replace("__", "."): v for name, v in fields.items()}}
        answer = self.page.ask("POST", f"/lti/contents{part}", status, data=sent, files=files)
        if status == 200:
            self.html = unescape(answer.text)
        return self.html

    def edit(self, part: str, status: int = 200, **fields: str) -> str:
        return self.send(f"/{self.content}/edit/{part}", status, **fields)

    def open(self) -> str:
        self.html = unescape(self.page.ask("GET", f"/lti/contents/{self.content}/edit").text)
        return self.html

    def new_question(self, kind: str) -> str:
        """The form of one; gives its id."""
        found = re.search(r"/edit/questions/(\w+)", self.edit("questions", kind=kind, section="0"))
        assert found
        return found[1]


@pytest.fixture
def author(tool: Tool, link: ToolLink) -> Author:
    """Somebody who has begun a new assessment while they picked content."""
    answer = picking(tool, "teacher")
    token = BEARER.search(answer.text)
    assert token
    made_new = Author(Page(tool, answer.text, token[1]))
    found = re.search(r"/lti/contents/([0-9a-f-]{36})/edit", made_new.send("", kind="assessment"))
    assert found
    made_new.content = found[1]
    return made_new


def test_an_author_makes_an_assessment_and_takes_it_into_the_course(tool: Tool, author: Author) -> None:
    """From nothing to an activity in Moodle, with its points and its due day, that a learner passes."""
    key = author.new_question("single")
    options = {"option-0-text.en": "Open a window", "option-1-text.en": "Light a match", "option-1-text.fr": "Allumer"}
    fields = {"kind": "single", "section": "0", "text.en": "It smells of gas?", "weight": "2", "right": "0", **options}
    shown = author.edit(f"questions/{key}", **fields)
    assert re.search(r"<li data-here.*?It smells of gas\?.*?Saved\.", shown, re.S), "what was saved comes into view"
    author.edit("settings", **{"title.en": "Gas leaks", "pass_mark": "50", "attempts": "3", "policy": "last"})
    assert "Gas leaks" in author.html
    kept = author.page.tool.house.connector.contents.of_course(tool.platform_id, "2")[0]
    written = bodies.assessment(kept.body)
    assert (written.title, written.pass_mark, written.attempts, written.policy) == (
        {"en": "Gas leaks"},
        50,
        3,
        Policy.LAST,
    )
    [question] = written.sections[0].questions
    assert [(one.text.get("en"), one.right) for one in question.options] == [
        ("Open a window", True),
        ("Light a match", False),
    ]
    token = author.page.token
    picked = {
        "session": token,
        "content": author.content,
        "zone": "Asia/Taipei",
        f"due-{author.content}": "2027-01-31T18:00",
    }
    again = tool.client.post("/lti/pick", data={**picked, f"most-{author.content}": "twenty"})
    assert (again.status_code, "This is not a number." in again.text) == (200, True)
    assert all(
        one in again.text for one in (f'{author.content}" checked', 'value="twenty"', 'value="2027-01-31T18:00"')
    )
    back, signed = form(tool.client.post("/lti/pick", data={**picked, f"most-{author.content}": "20"}))
    with tool.browser("teacher") as browser:
        assert browser.post(back, data=signed).status_code == 200
    [activity_made] = [one for one in tool.house.twin.state.tools.links.values() if one.name == "Gas leaks"]
    assert tool.house.twin.state.tools.items[activity_made.item].most == 20
    page = opened(tool, "learner", activity_made)
    assert "100%" in page.take((key, question.options[0].option_id))


def test_what_was_begun_and_left_is_not_offered_again(tool: Tool, author: Author) -> None:
    """It can be picked where it was begun, elsewhere once something of it was saved; it is in the course view once it
    was picked."""
    view = tool.house.twin.tools.add_link("SAFE", tool.registered, "Course", content="course-view")

    def is_offered() -> bool:
        return author.content in picking(tool, "teacher").text

    assert author.content in author.page.ask("GET", "/lti/contents").text
    chosen = author.page.ask("GET", f"/lti/contents?made={author.content}").text
    assert re.search(r'name="content" value="([^"]+)"', chosen)[1] == author.content
    assert re.findall(r'value="([^"]+)" checked', chosen) == [author.content]
    assert not is_offered()
    assert "New assessment" not in opened(tool, "teacher", view).html
    author.edit("settings", **{"title.en": "Gas alarm"})
    assert is_offered()
    assert "Gas alarm" not in opened(tool, "teacher", view).html, "a draft is nobody's work"
    assert tool.client.post("/lti/pick", data={"session": author.page.token, "content": author.content}).is_success
    assert "Gas alarm" in opened(tool, "teacher", view).html


def test_what_is_wrong_with_a_question_is_said_and_nothing_is_lost(author: Author) -> None:
    key = author.new_question("single")
    fields = {"kind": "single", "section": "0", "text.en": "Which?", "option-0-text.en": "Only one", "weight": "a lot"}
    shown = author.edit(f"questions/{key}", **fields)
    assert "At least two options are needed." in shown
    assert "Exactly one option must be right." in shown
    assert "This is not a number." in shown
    assert "Only one" in shown
    assert "Only one" not in author.open(), "it is not kept before it is right"


def stands(html: str, name: str, typed: str, why: str) -> bool:
    """Whether a field has what was typed, is marked as wrong, and is told of by what stands beside it."""
    field = re.search(rf'<input id="([\w-]+)" name="{name}"[^>]*value="{re.escape(typed)}"[^>]*>', html)
    beside = re.search(rf'id="{field[1]}-error">([^<]*)<', html) if field else None
    told = field is not None and 'aria-invalid="true"' in field[0] and f'"{field[1]}-error' in field[0]
    return told and beside is not None and beside[1] == why


def test_what_was_typed_and_is_wrong_is_shown_again(tool: Tool, author: Author) -> None:
    """In every form of an author: of settings, sections, questions and marks, and where content is picked."""
    bank = made(tool, Bank({"en": "Pool"}, [asked("b")]))
    author.open()
    shown = author.edit("settings", **{"title.en": "Gas", "pass_mark": "abc", "minutes": "1,5", "attempts": "-1"})
    assert stands(shown, "pass_mark", "abc", "This is not a number.")
    assert stands(shown, "minutes", "1,5", "This is not a number.")
    assert stands(shown, "attempts", "-1", "This is too small or too large.")
    assert 'value="Gas"' in shown
    section = {"title.en": "Drawn", "bank": str(bank.content_id), "drawn": "two"}
    shown = author.edit("sections", section="0", **section)
    assert stands(shown, "drawn", "two", "This is not a number.")
    assert 'value="Drawn"' in shown
    assert f'value="{bank.content_id}" selected' in shown
    assert "Drawn" not in author.open(), "nothing of it is kept"
    key = author.new_question("numeric")
    fields = {"kind": "numeric", "section": "0", "text.en": "How many?", "weight": "1"}
    shown = author.edit(f"questions/{key}", **fields, value="many", tolerance="-3")
    assert stands(shown, "value", "many", "This is not a number.")
    assert stands(shown, "tolerance", "-3", "This is too small or too large.")
    assert stands(author.edit(f"questions/{key}", **fields), "value", "", "The right number is missing.")
    author.edit(f"questions/{key}", **fields, value="1.234.567,25", tolerance="0,0000001")
    again = unescape(author.page.ask("GET", f"/lti/contents/{author.content}/edit/questions/{key}").text)
    assert re.search(r'name="value"[^>]* value="1234567.25"', again), "as exact as it was typed"
    assert re.search(r'name="tolerance"[^>]* value="0.0000001"', again)
    several = {"option-0-feedback.en": "What I wrote", "kind": "multiple", "section": "0", "text.en": "Which?"}
    assert "What I wrote" in author.edit(f"questions/{author.new_question('multiple')}", **several), (
        "without a text yet"
    )
    days = {
        f"due-{author.content}": "tomorrow",
        f"most-{author.content}": "lots",
        f"opens-{author.content}": "2027-01-31T18:00",
    }
    answer = tool.client.post("/lti/pick", data={"session": author.page.token, "content": author.content, **days})
    page = unescape(answer.text)
    assert stands(page, f"most-{author.content}", "lots", "This is not a number.")
    assert 'value="tomorrow" aria-invalid="true"' in page
    assert 'value="2027-01-31T18:00"' in page
    assert f'value="{author.content}" checked' in page


def test_a_mark_that_is_wrong_is_shown_again_with_its_comment(tool: Tool, link: ToolLink) -> None:
    graded = activity(tool, made(tool, assessment(asked("p", kind=Kind.PRACTICAL, options=()))))
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    page.answer(attempt, "p", text="Done.")
    page.submit(attempt)
    marks = f"/lti/assessment/results/{attempt}/marks/p"
    teacher = opened(tool, "teacher", graded)
    wrong = unescape(teacher.ask("POST", marks, data={"percent": "good", "comment": "Well held."}).text)
    assert stands(wrong, "percent", "good", "This is not a number.")
    assert "Well held." in wrong
    empty = unescape(teacher.ask("POST", marks, data={"percent": "", "comment": "Well held."}).text)
    assert stands(empty, "percent", "", "Enter a number from 0 to 100.")


@pytest.mark.parametrize(
    ("kind", "fields", "lacks"),
    [
        ("numeric", {"value": "9,81", "tolerance": "0.01"}, {"value": ""}),
        ("text", {"accepted": "Mercaptan\nTHT*"}, {"accepted": " "}),
        ("true_false", {"option-0-id": "true", "option-1-id": "false", "right": "1"}, {"right": ""}),
        (
            "multiple",
            {"option-0-text.en": "a", "option-1-text.en": "b", "option-1-right": "1"},
            {"option-1-right": ""},
        ),
        ("practical", {}, {"text.en": ""}),
    ],
)
def test_each_kind_of_question_can_be_made(
    author: Author, kind: str, fields: dict[str, str], lacks: dict[str, str]
) -> None:
    """And is not kept while something is missing that it needs."""
    key = author.new_question(kind)
    whole = {"kind": kind, "section": "0", "text.en": "What now?", **fields}
    assert "Please check this" in author.edit(f"questions/{key}", **{**whole, **lacks})
    assert "What now?" in author.edit(f"questions/{key}", **whole)
    assert "Please check this" not in author.html


def test_questions_come_from_files(author: Author) -> None:
    """Of GIFT and of Moodle XML; what cannot be brought in is told with its line, so much of it."""
    shown = author.edit("files", section="0", files={"file": ("a.txt", GIFT)})
    assert "1 question was imported." in shown
    assert "What smells?" in shown
    assert re.search(r"kind “matching” cannot be imported\. <[^>]*>Line 4: Match<", shown)
    again = author.edit("files", section="0", files={"file": ("a.txt", GIFT)})
    assert re.search(r"It is there already, and stays as it is\. <[^>]*>Line", again)
    assert "Is it closed?" in author.edit("files", section="0", files={"file": ("a.xml", XML)})
    many = "Only said.\n\n" * (MOST_TOLD + 3)
    shown = author.edit("files", section="0", files={"file": ("a.txt", many)})
    assert (shown.count("Line "), "3 more were left out and are not listed." in shown) == (MOST_TOLD, True)
    assert "cannot be read" in author.edit("files", section="0", files={"file": ("a.bin", "\x00\x01")})


def test_what_came_from_a_file_can_be_changed(author: Author) -> None:
    """Its texts stand in the form of the question, in the author's language where the file names none."""
    shown = author.edit("files", section="0", files={"file": ("a.txt", GIFT)})
    [question] = dict.fromkeys(re.findall(r"/edit/questions/(\w+)", shown))
    form = author.page.ask("GET", f"/lti/contents/{author.content}/edit/questions/{question}").text
    for text in ("What smells?", "Mercaptan", "Nitrogen"):
        assert text in form


def test_pictures_of_questions_are_kept(tool: Tool, author: Author) -> None:
    """From the file of Moodle to who learns, with what they show; who has no such question sees none."""
    house = tool.house
    picture = f"<file name='v.png' encoding='base64'>{b64encode(PNG).decode()}</file>"
    xml = XML.replace("<b>closed</b>", "closed <img src='@@PLUGINFILE@@/v.png' alt='A red valve'>")
    xml = xml.replace("]]></text></questiontext>", f"]]></text>{picture}</questiontext>")
    shown = author.edit("files", section="0", files={"file": ("a.xml", xml)})
    assert "imported without its pictures: the settings have no place" in shown
    author.edit(f"questions/{re.findall(r'/edit/questions/([0-9a-f]+)', shown)[0]}", do="drop")
    place = ContentSettings(folder=house.folder / "content")
    house.connector.settings = house.connector.settings.model_copy(update={"content": place})
    del house.connector.__dict__["content_files"]
    shown = author.edit("files", section="0", files={"file": ("a.xml", xml)})
    assert "imported without" not in shown
    edit = f"/lti/contents/{author.content}/edit"
    [key] = dict.fromkeys(re.findall(r"/edit/questions/([0-9a-f]+)", shown))
    question = unescape(author.page.ask("GET", f"{edit}/questions/{key}").text)
    [found] = re.findall(rf'alt="A red valve" data-file="({edit}/pictures/[0-9a-f]{{64}})"', question)
    answer = author.page.ask("GET", found)
    assert (answer.content, answer.headers["vary"]) == (PNG, "Authorization"), "it is kept for who may see it alone"
    picture_id = found.rpartition("/")[2]
    fields = {"kind": "true_false", "section": "0", "text.en": "Is it closed?", "right": "0", "weight": "1",
              "option-0-id": "true", "option-1-id": "false"}  # fmt: skip
    author.edit(f"questions/{key}", **fields, **{f"picture-{picture_id}-alt.en": "A green valve"})
    content = house.connector.contents.of_course(tool.platform_id, "2")[0]
    graded = activity(tool, content)
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    taken = unescape(page.ask("GET", f"/lti/assessment/attempts/{attempt}").text)
    [own] = re.findall(r'alt="A green valve" data-file="([^"]+)"', taken)
    answer = page.ask("GET", own)
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert own in unescape(page.submit(attempt))
    for who, path in (("other", own), ("learner", f"{edit}/pictures/{picture_id}")):
        opened(tool, who, graded).ask("GET", path, 403)
    page.ask("GET", own[:-1] + "x", 400)
    author.open()
    author.edit(f"questions/{key}", **fields, **{f"picture-{picture_id}-drop": "1"})
    assert picture_id not in author.page.ask("GET", f"{edit}/questions/{key}").text


def test_pictures_of_options_are_kept(tool: Tool, author: Author) -> None:
    """Shown where the option is, with what they show; changed and taken away in the form; seen with the result."""
    house = tool.house
    place = ContentSettings(folder=house.folder / "content")
    house.connector.settings = house.connector.settings.model_copy(update={"content": place})
    picture = f"<file name='v.png' encoding='base64'>{b64encode(PNG).decode()}</file>"
    shows = "&lt;img src='@@PLUGINFILE@@/v.png' alt='A red valve'&gt;"
    answers = f"<answer fraction='100'><text>{shows}</text>{picture}</answer><answer><text>None</text></answer>"
    asks = "<questiontext><text>Which valve?</text></questiontext><single>true</single>"
    xml = f"<quiz><question type='multichoice'>{asks}{answers}</question></quiz>"
    shown = author.edit("files", section="0", files={"file": ("a.xml", xml)})
    assert "imported without" not in shown
    edit = f"/lti/contents/{author.content}/edit"
    [key] = dict.fromkeys(re.findall(r"/edit/questions/([0-9a-f]+)", shown))
    form = unescape(author.page.ask("GET", f"{edit}/questions/{key}").text)
    [found] = re.findall(rf'alt="A red valve" data-file="({edit}/pictures/[0-9a-f]{{64}})"', form)
    assert author.page.ask("GET", found).content == PNG
    name = f"picture-1-{found.rpartition('/')[2]}"
    fields = {"kind": "single", "section": "0", "text.en": "Which?", "right": "0", "weight": "1",
              "option-0-id": "1", "option-1-id": "2", "option-1-text.en": "None"}  # fmt: skip
    unsaid = author.edit(f"questions/{key}", **fields, **{f"{name}-alt.en": ""})
    assert "needs a text that says what it shows" in unsaid
    author.edit(f"questions/{key}", **fields, **{f"{name}-alt.en": "A green valve"})
    graded = activity(tool, house.connector.contents.of_course(tool.platform_id, "2")[0])
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    taken = unescape(page.ask("GET", f"/lti/assessment/attempts/{attempt}").text)
    [own] = re.findall(r'<label class="option">.*alt="A green valve" data-file="([^"]+)"', taken)
    assert page.ask("GET", own).content == PNG
    page.answer(attempt, key, "1")
    result = page.submit(attempt)
    assert own in result
    assert page.ask("GET", own).content == PNG
    assert "A green valve" in opened(tool, "teacher", graded).ask("GET", "/lti/assessment/results").text
    author.open()
    kept = author.edit(f"questions/{key}", **{**fields, "text.en": ""}, **{f"{name}-drop": "1"})
    assert re.search(rf'name="{name}-drop"[^>]* checked', kept), "what was typed is shown again"
    author.edit(f"questions/{key}", **{**fields, "option-0-text.en": "Red"}, **{f"{name}-drop": "1"})
    assert name not in author.page.ask("GET", f"{edit}/questions/{key}").text


def test_two_authors_do_not_write_over_each_other(tool: Tool, author: Author) -> None:
    other = Author(author.page, author.html, author.content)
    author.edit("settings", **{"title.en": "Mine"})
    assert "Somebody else has changed this" in other.edit("settings", **{"title.en": "Theirs"})
    assert "Mine" in other.html
    assert "Theirs" in other.edit("settings", **{"title.en": "Theirs"})


def test_what_was_typed_stays_where_another_author_has_removed_its_place(tool: Tool, author: Author) -> None:
    """A question, and a section: they are added to what there is now when they are saved once more."""
    key = author.new_question("numeric")
    number = {"kind": "numeric", "section": "1", "value": "112", "text.en": "Which number?"}
    author.edit("sections", section="1", **{"title.en": "Second"})
    author.edit(f"questions/{key}", **number)
    other = Author(author.page, author.html, author.content)
    author.edit("sections", section="1", drop="1")
    before = other.html
    assert "Which number, now?" in other.edit(f"questions/{key}", **{**number, "text.en": "Which number, now?"})
    assert "What you typed is still here" in other.html
    assert "Which number, now?" in other.edit(
        f"questions/{key}", **{**number, "section": "0", "text.en": "Which number, now?"}
    )
    other.html = before
    assert 'value="Mine"' in other.edit("sections", section="1", **{"title.en": "Mine"})
    assert "Mine" in other.edit("sections", section="1", **{"title.en": "Mine"})
    assert "Saved." in other.html


def test_an_assessment_is_copied(tool: Tool, author: Author) -> None:
    """With its questions and settings; a change of the copy is none of the original, and both are offered."""
    author.edit("files", section="0", files={"file": ("a.txt", "One? {T}")})
    original = author.content
    shown = author.edit("copies")
    assert "New assessment (copy)" in shown and "This is the copy." in shown and "One?" in shown
    found = re.search(r"/lti/contents/([\w-]+)/edit/settings", shown)
    assert found and found[1] != original
    author.content = found[1]
    author.html = shown
    [question] = dict.fromkeys(re.findall(r"/edit/questions/(\w+)", shown))
    author.edit(f"questions/{question}", do="drop")
    assert "One?" not in author.html
    assert "One?" in author.page.ask("GET", f"/lti/contents/{original}/edit").text
    offered = unescape(author.page.ask("GET", "/lti/contents").text)
    assert "New assessment (copy)" in offered


def test_a_page_that_was_open_for_too_long_says_so_and_keeps_what_was_typed(author: Author) -> None:
    """No word of an administrator, who could do nothing; and what is told stands above the form, not in its place."""
    author.page.token = "of a launch that is over"
    answer = author.page.ask("POST", f"/lti/contents/{author.content}/edit/settings", 401, data={"title.en": "Mine"})
    assert "open for too long" in answer.text and "administrator" not in answer.text
    assert ("This page has expired" in answer.text, "cannot be opened" in answer.text) == (True, False)
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#main", "afterbegin")


def test_questions_are_ordered_and_removed(author: Author) -> None:
    author.edit("sections", section="1", **{"title.en": "Second"})
    author.edit("files", section="0", files={"file": ("a.txt", "One? {T}\n\nTwo? {T}\n")})
    [one, two] = dict.fromkeys(re.findall(r"/edit/questions/(\w+)", author.html))
    assert author.html.index("One?") < author.html.index("Two?")
    author.edit(f"questions/{one}", do="down")
    assert author.html.index("One?") > author.html.index("Two?")
    author.edit(f"questions/{one}", do="down")
    assert author.html.index("Second") < author.html.index("One?"), "beyond the end it goes into the next section"
    author.edit(f"questions/{two}", do="drop")
    assert "Two?" not in author.html
    author.edit("sections", section="1", drop="1")
    assert "One?" not in author.html


def test_who_learns_edits_nothing_and_who_teaches_elsewhere_neither(tool: Tool, link: ToolLink) -> None:
    content = made(tool, assessment(asked("a")))
    graded = activity(tool, content)
    edit = f"/lti/contents/{content.content_id}/edit"
    learner = opened(tool, "learner", graded)
    results = "/lti/assessment/results"
    for method, path in (("GET", edit), ("POST", f"{edit}/settings"), ("DELETE", edit), ("POST", "/lti/contents"),
                         ("GET", results), ("POST", f"{results}/regrades")):  # fmt: skip
        learner.ask(method, path, 403, **({"data": {"x": "1"}} if method == "POST" else {}))
    twin = tool.house.twin
    twin.tools.copy_course("SAFE", "SAFE-2")
    [there] = [one for one in twin.state.tools.links.values() if one.name == "Safety" and one.id != graded.id]
    twin.life.enrol("teacher", "SAFE-2", "self")
    with twin.state.lock:
        user = twin.state.by_username["teacher"]
        twin.state.roles[user]["course", there.course_id] = {3}
    elsewhere = opened(tool, "teacher", there)
    assert "Edit" not in elsewhere.html
    assert "It is changed in the course in which it was made" in elsewhere.html
    elsewhere.ask("GET", edit, 403)
    attempt = learner.begin()
    learner.submit(attempt)
    elsewhere.ask("GET", f"/lti/assessment/results/{attempt}", 403)
    assert "There are no attempts yet." in elsewhere.ask("GET", "/lti/assessment/results").text


def test_who_teaches_sees_results_marks_and_regrades(tool: Tool, link: ToolLink) -> None:
    """With the names that the platform tells; what they try themselves counts nowhere."""
    questions = [asked("a"), asked("p", kind=Kind.PRACTICAL, options=())]
    graded = activity(tool, made(tool, replace(assessment(*questions), pass_mark=60.0)))
    learner = opened(tool, "learner", graded)
    attempt = learner.begin()
    learner.answer(attempt, "a", "r", seconds=3)
    learner.answer(attempt, "p", text="Done <b>well</b>")
    learner.submit(attempt)
    teacher = opened(tool, "teacher", graded)
    teacher.take(("a", "w"))
    shown = unescape(teacher.ask("GET", "/lti/assessment/results").text)
    assert "Learner Lê" in shown
    assert "Teacher Lê" not in shown
    assert re.search(r"Other Lê</th>.*?Not begun", shown, re.S), "who has not begun is listed"
    assert "Mark what waits: 1 attempt" in shown
    listed = "/lti/assessment/list"
    assert "Other Lê" not in unescape(teacher.ask("GET", listed, params={"state": "waiting"}).text)
    assert "Learner Lê" not in unescape(teacher.ask("GET", listed, params={"name": "other"}).text)
    lines = teacher.ask("GET", f"{listed}.csv", params={"order": "last"}).content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["Learner Lê", "Waiting to be marked"], ["Other Lê", "Not begun"],
    ]  # fmt: skip
    learner.ask("GET", listed, 403)
    assert "Waiting to be marked" in shown
    assert 'aria-label="Mark Learner Lê"' in shown
    assert "How results are spread" not in shown
    one = teacher.ask("GET", f"/lti/assessment/results/{attempt}").text
    assert "Done &lt;b&gt;well&lt;/b&gt;" in one
    assert re.findall(r'id="review-(\w)" data-here', one) == ["p"], "what waits comes into view"
    marks = f"/lti/assessment/results/{attempt}/marks/p"
    wrong = teacher.ask("POST", marks, data={"percent": "110", "comment": "Nearly there"}).text
    assert "This is too small or too large." in wrong
    assert 'value="110"' in wrong, "what was typed stays"
    assert "Nearly there</textarea>" in wrong
    other = opened(tool, "other", graded)
    second = other.begin()
    other.answer(second, "p", text="Done too")
    other.submit(second)
    marked = unescape(teacher.ask("POST", marks, data={"percent": "80", "comment": "Nice work"}).text)
    assert re.search(rf'Saved\..*?results/{second}".*?Mark the next: 1 waits', marked, re.S)
    assert "90%" in marked
    told = r'id="saved-p" data-here.*?Saved\..*?All is marked: <strong>90%.*?goes to the gradebook'
    assert re.search(told, marked, re.S)
    assert "Nice work" in unescape(learner.ask("GET", f"/lti/assessment/attempts/{attempt}").text)
    shown = unescape(teacher.ask("GET", "/lti/assessment/results").text)
    assert "90%" in shown
    assert "right: 1 ✓" in shown
    learner.ask("POST", marks, 403, data={"percent": "100"})


SAME = (
    "content_id", "version", "marked_version", "banks", "marked_banks", "paper", "platform_id", "course", "link",
    "started_at", "submitted_at", "settled_at",
)  # fmt: skip
"""Of attempts of many people, what is as it is of one."""


def test_results_of_many_are_shown_page_by_page(tool: Tool, link: ToolLink) -> None:
    """The figures are of all; the questions are counted over the newest, of each of which is told what it gave."""
    graded = activity(tool, made(tool, assessment(asked("a"))))
    learner = opened(tool, "learner", graded)
    learner.take(("a", "r"))
    tool.house.sql(
        f"INSERT INTO connector.attempt ({', '.join(SAME)}, subject, trial, number, line_item, percent, passed) "
        f"SELECT {', '.join(SAME)}, 'many' || n, false, 1, '', 0, false "
        "FROM connector.attempt CROSS JOIN generate_series(1, %s) n WHERE link = %s",
        PAGE,
        str(graded.id),
    )
    teacher = opened(tool, "teacher", graded)
    first = unescape(teacher.ask("GET", "/lti/assessment/results").text)
    assert (first.count('scope="row"'), "Page 1 of 2" in first) == (PAGE + len("a"), True)
    assert f"<dt>Have tried it</dt><dd>{PAGE + 1}</dd>" in first
    assert "right: 1 ✓" in first
    last = unescape(teacher.ask("GET", "/lti/assessment/list?page=2").text)
    assert ("Page 2 of 2" in last, "Account many" in last) == (True, True)
    assert f'data-live-from="/lti/assessment/list?name=&state=&order=name&activity={graded.id}&page=2"' in last


def test_two_activities_with_the_same_assessment_are_told_apart(tool: Tool, link: ToolLink) -> None:
    """Results open on the activity that was launched. Of all, who takes both stands there twice, each with its
    activity, and counts once; figures are of what is chosen. More is allowed in the activity of whose row it is asked
    for."""
    content = made(tool, assessment(asked("a")))
    first, second = activity(tool, content, "Gas"), activity(tool, content, "Gas (copy)")
    opened(tool, "learner", first).take(("a", "r"))
    opened(tool, "other", first).take(("a", "w"))
    opened(tool, "learner", second).take(("a", "w"))
    teacher = opened(tool, "teacher", second)

    def figures(wanted: str = "") -> list[str]:
        shown = teacher.ask("GET", f"/lti/assessment/results{wanted}").text
        return re.findall(r"<dt>(?:Have tried it|Finished|Passed)</dt><dd>(\d+)</dd>", shown)

    def lines(wanted: str = "") -> list[list[str]]:
        told = teacher.ask("GET", f"/lti/assessment/list.csv{wanted}").content.decode("utf-8-sig")
        return [line.split(",")[:3] for line in told.splitlines()]

    every, of_first, of_second = "?activity=", f"?activity={first.id}", f"?activity={second.id}"
    whole = teacher.ask("GET", f"/lti/assessment/results{every}").text
    assert re.findall(r"<dt>Average</dt><dd>([^<]+)|(\d+ p\w+)<", whole) == [("50%", ""), ("", "2 people")]
    assert ("less than a minute" in whole, "0 min" in whole) == (True, False)
    assert re.findall(r'aria-label="([1-9]\d* \w+)"', whole) == ["1 person", "1 person"], "as they are spread"
    assert sorted(lines(every)) == [
        ["Learner Lê", "Gas", "Passed"],
        ["Learner Lê", "Gas (copy)", "Not passed"],
        ["Name", "Activity", "State"],
        ["Other Lê", "Gas", "Not passed"],
    ]
    assert [line[:2] for line in lines(of_first)[1:]] == [["Learner Lê", "Gas"], ["Other Lê", "Gas"]]
    assert figures(every) == figures(of_first) == ["2", "2", "1"]
    assert figures(of_second) == ["1", "1", "0"]
    opens_on = teacher.ask("GET", "/lti/assessment/results").text
    assert (figures(), lines()) == (figures(of_second), lines(of_second))
    assert re.findall(r'<option value="(\d*)" selected', opens_on)[0] == str(second.id)
    assert "/lti/assessment/results?name=&amp;state=&amp;order=name&amp;activity=&amp;page=1" in whole, "all stay all"
    shown = unescape(teacher.ask("GET", f"/lti/assessment/list{of_first}").text)
    [more] = re.findall(r'hx-get="(/lti/assessment/allowances[^"]*)"[^>]*Other', shown)
    form = teacher.ask("GET", more).text
    subject = re.search(r'name="subject" value="(\w+)"', form)
    assert subject and f'name="link" value="{first.id}"' in form
    elsewhere = {"subject": subject[1], "link": str(link.id)}
    teacher.ask("POST", "/lti/assessment/allowances", 403, data=elsewhere)


def test_who_comes_back_from_an_attempt_finds_the_list_as_it_was(tool: Tool, link: ToolLink) -> None:
    """Filter, order and page go along to the attempt, to its marks and back, also where nobody is left in the list."""
    graded = activity(tool, made(tool, assessment(asked("a"), asked("p", kind=Kind.PRACTICAL, options=()))))
    learner = opened(tool, "learner", graded)
    attempt = learner.begin()
    learner.answer(attempt, "p", text="Done")
    learner.submit(attempt)
    teacher = opened(tool, "teacher", graded)
    wanted = f"?name=learn&state=waiting&order=last&activity={graded.id}&page=1"
    listed = unescape(teacher.ask("GET", f"/lti/assessment/list{wanted}").text)
    assert f'hx-get="/lti/assessment/results/{attempt}{wanted}"' in listed
    one = unescape(teacher.ask("GET", f"/lti/assessment/results/{attempt}{wanted}").text)
    marks, home = f"/lti/assessment/results/{attempt}/marks/p{wanted}", f'hx-get="/lti/assessment/results{wanted}"'
    assert (marks in one, home in one) == (True, True)
    assert home in unescape(teacher.ask("POST", marks, data={"percent": "80"}).text)
    back = unescape(teacher.ask("GET", f"/lti/assessment/results{wanted}").text)
    assert ('value="waiting" selected' in back, 'value="last" selected' in back, 'value="learn"' in back) == (
        True, True, True,
    )  # fmt: skip
    assert ("0 people" in back, "There are no attempts yet." in back) == (True, False)


def test_the_gradebook_leads_to_what_somebody_has_done(tool: Tool, link: ToolLink) -> None:
    """A submission review: who teaches sees and marks it, the learner sees their own and nobody else's, and none that
    still takes answers."""
    graded = activity(tool, made(tool, assessment(asked("a", explanation={"en": "KEY"}), minutes=10)))
    opened(tool, "learner", graded).take(("a", "r"))
    state = tool.house.twin.state
    ids = {name: str(state.by_username[name]) for name in ("learner", "other")}

    def review(who: str, whose: str) -> tuple[int, str]:
        answer = tool.forged(
            who, graded, _message_type="LtiSubmissionReviewRequest", _for_user={"user_id": ids[whose]}
        )
        return answer.status_code, unescape(answer.text)

    status, shown = review("teacher", "learner")
    assert (status, "Learner Lê" in shown, "Save the mark" in shown) == (200, True, True)
    status, shown = review("learner", "learner")
    assert (status, "100%" in shown, "Save the mark" in shown) == (200, True, False)
    assert review("other", "learner")[0] == 403
    assert "Nothing was handed in yet." in review("teacher", "other")[1]
    assert "KEY" in shown, "it was submitted"
    page = opened(tool, "other", graded)
    attempt = page.begin()
    pass_by(tool, minutes=10)
    assert page.answer(attempt, "a", "w").json()["open"], "what is on its way is taken"
    assert "Nothing was handed in yet." in (early := review("other", "other")[1])
    assert "KEY" not in early


def test_what_was_removed_says_so(tool: Tool, author: Author) -> None:
    graded = tool.house.twin.tools.add_link("SAFE", tool.registered, "Gone", content=author.content)
    author.page.ask("DELETE", f"/lti/contents/{author.content}/edit")
    assert tool.launch("learner", graded).status_code == 400
    author.edit("settings", 400, **{"title.en": "x"})


def test_questions_are_drawn_from_a_bank_of_the_course(tool: Tool, author: Author) -> None:
    bank = Author(author.page)
    found = re.search(r'hx-post="/lti/contents/([0-9a-f-]{36})/edit', bank.send("", kind="bank"))
    assert found
    bank.content = found[1]
    bank.edit("files", section="0", files={"file": ("a.txt", "One? {T}\n\nTwo? {T}\n\nThree? {F}\n")})
    assert f'/lti/contents/{author.content}/edit" hx-target="#main">Edit New assessment' in bank.html, "the way back"
    author.open()
    shown = author.edit("sections", section="0", bank=bank.content, drawn="2", **{"title.en": "Drawn"})
    assert "and 2 questions drawn from the bank" in shown
    kept = tool.house.connector.contents.of_course(tool.platform_id, "2")
    [written] = [bodies.assessment(one.body) for one in kept if str(one.content_id) == author.content]
    assert written.sections == [Section({"en": "Drawn"}, [], bank.content, 2)]
    author.edit("sections", 400, section="0", bank="11111111-1111-4111-8111-111111111111")
