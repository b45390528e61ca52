"""An assessment or a bank of questions as its authors have it: who teaches in the course where it was made."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from connector.content import launched
from connector.content.assessment import bodies, editing
from connector.content.assessment.editing import TRUTH, Fault
from connector.domain.assessments import (
    ATTEMPTS,
    CHOICES,
    MINUTES,
    PASS_MARKS,
    Assessment,
    Bank,
    Explain,
    Kind,
    Option,
    Picture,
    Policy,
    Question,
    Section,
)
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.lti import Trouble
from connector.domain.multilang import Texts
from connector.domain.sign_in import LANGUAGES
from connector.lti.deep_linking import CONTENT
from connector.web.languages import message
from connector.web.launched.certified import choice, chosen
from connector.web.launched.fields import Fields
from connector.web.launched.launches import Launches, Part, Visit
from connector.web.launched.question_fields import FIELD_OF, SHUFFLED, question_in
from connector.web.launched.question_files import LEFT_OUT, read_questions, told
from connector.web.words import ANEW, THEIRS

LARGEST_FORM = 2_000_000
LARGEST_FILE = 20_000_000
"""Bytes."""
MOST_FIELDS = 3000
MOST = 2000
"""Questions of an assessment or a bank, after an import."""
SPARE = 3
"""Empty options that are shown besides those that there are."""
KINDS: Mapping[Kind, str] = {
    Kind.SINGLE: message("One option is right"),
    Kind.MULTIPLE: message("Several options can be right"),
    Kind.TRUE_FALSE: message("True or false"),
    Kind.NUMERIC: message("A number"),
    Kind.TEXT: message("A short text"),
    Kind.PRACTICAL: message("A practical task with evidence, marked by a person"),
    Kind.SCENARIO: message("A step of a scenario, where the answer decides what comes next"),
}
POLICIES: Mapping[Policy, str] = {
    Policy.BEST: message("The best"),
    Policy.LAST: message("The last"),
    Policy.AVERAGE: message("The average of all"),
}
EXPLAINS: Mapping[Explain, str] = {
    Explain.AFTER_ATTEMPT: message("After each attempt"),
    Explain.AFTER_SUCCESS: message("Once it is passed"),
    Explain.NEVER: message("Never"),
}
FAULTS: Mapping[Fault, str] = {
    Fault.NO_TEXT: message("The question has no text."),
    Fault.FEW_OPTIONS: message("At least two options are needed."),
    Fault.BLANK_OPTION: message("An option has neither a text nor a picture."),
    Fault.UNSAID_PICTURE: message("An option that is only a picture needs a text that says what it shows."),
    Fault.NOT_ONE_RIGHT: message("Exactly one option must be right."),
    Fault.NONE_RIGHT: message("At least one option must be right."),
    Fault.NO_VALUE: message("The right number is missing."),
    Fault.NONE_ACCEPTED: message("At least one right answer is needed."),
    Fault.LEADS_NOWHERE: message("An option leads to a question that is not in this section."),
}
CHANGED = message("Somebody else has changed this in the meantime. You see it as it is now; please do yours again.")
COPY = message("{name} (copy)")
FULL = message("There would be too many questions: 2,000 is the most. Make another bank for the others.")
UNREADABLE = message("This file cannot be read: it is neither Moodle XML nor GIFT.")
NEW: Mapping[ContentKind, tuple[str, Assessment | Bank]] = {
    ContentKind.ASSESSMENT: (message("New assessment"), Assessment({}, [Section({})])),
    ContentKind.BANK: (message("New question bank"), Bank({})),
}


# ---------------------------------------------------------------- what is shown
def show(visit: Visit) -> Response:
    return _page(visit, content_of(visit))


def show_question(visit: Visit) -> Response:
    """The form of a question, or of a new one of a kind."""
    content = content_of(visit)
    made = made_of(content)
    there = editing.find(made, visit.request.path_params["question"])
    if there is None:
        raise LaunchRefused("question: it is not there any more.", Trouble.GONE)
    return _question(visit, content, there[1], there[0])


# ---------------------------------------------------------------- what is changed
async def read_form(here: Launches, request: Request) -> FormData:
    """Raises LaunchRefused."""
    return await here.form(request, LARGEST_FORM, fields=MOST_FIELDS)


async def read_file(here: Launches, request: Request) -> tuple[FormData, bytes]:
    """A form with a file. Raises LaunchRefused."""
    form = await here.form(request, LARGEST_FILE, files=1)
    file = form.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    await form.close()
    return form, content


def make(visit: Visit, form: FormData) -> Response:
    """New content in this course."""
    kind = Fields(form).pick("kind", ContentKind.ASSESSMENT)
    if kind not in NEW or not visit.maker.course:
        raise LaunchRefused("kind: there is none of this name, or no course.", Trouble.MALFORMED)
    title, empty = NEW[kind]
    speech = visit.speech
    new = replace(empty, title={speech.language.tag: speech.t(title)})
    content = visit.connector.contents.make(kind, bodies.body(new), visit.maker, visit.connector.clock())
    return _page(visit, content)


def change_settings(visit: Visit, form: FormData) -> Response:
    content = content_of(visit)
    made, fields = made_of(content), Fields(form)
    title = fields.texts("title") or made.title
    if isinstance(made, Bank):
        return _save(visit, content, replace(made, title=title), form, partial(_beside, visit), here="settings")
    pass_mark = fields.number("pass_mark", *PASS_MARKS)
    after = replace(
        made,
        title=title,
        introduction=fields.texts_or_none("introduction"),
        pass_mark=made.pass_mark if pass_mark is None else pass_mark,
        minutes=fields.whole("minutes", *MINUTES),
        attempts=fields.whole("attempts", *ATTEMPTS),
        policy=fields.pick("policy", made.policy),
        explain=fields.pick("explain", made.explain),
        confidence=fields.flag("confidence"),
        certificate=chosen(visit.connector, fields.text("certificate"), made.certificate),
    )
    if fields.wrong:
        return _typed(visit, content, after, fields)
    return _save(visit, content, after, form, partial(_beside, visit), here="settings")


def change_section(visit: Visit, form: FormData) -> Response:
    """A section as it is now, a new one, or one less."""
    content = content_of(visit)
    made, fields = made_of(content), Fields(form)
    place = fields.whole("section", 0, 1000)
    if not isinstance(made, Assessment) or place is None:
        raise LaunchRefused("section: there is none.", Trouble.MALFORMED)
    if fields.flag("drop"):
        return _save(visit, content, editing.drop_section(made, place), form)
    bank = fields.text("bank")
    if bank not in {"", *(str(one.content_id) for one in _banks(visit))}:
        raise LaunchRefused("bank: it is not of this course.", Trouble.MALFORMED)
    drawn = fields.whole("drawn", 0, 1000) or 0
    section = Section(fields.texts("title"), (), bank, drawn if bank else 0, fields.flag("shuffled"))
    after = editing.put_section(made, place, section)
    if fields.wrong:
        return _typed(visit, content, after, fields, section_typed=place)
    is_typed = fields.has(f"title.{LANGUAGES[0]}")

    def again(now: Content) -> Response:
        there = made_of(now)
        if not isinstance(there, Assessment) or place < len(there.sections):
            return _beside(visit, now)
        shown = replace(now, body=bodies.body(editing.put_section(there, place, section)))
        return _page(visit, shown, section_typed=len(there.sections), theirs=ANEW)

    return _save(visit, content, after, form, again if is_typed else None, here=f"section-{place}")


def new_question(visit: Visit, form: FormData) -> Response:
    """The form of a new question; it stands in the section when it is saved."""
    content, fields = content_of(visit), Fields(form)
    kind = fields.pick("kind", Kind.SINGLE)
    options = TRUTH if kind is Kind.TRUE_FALSE else ()
    question = Question(secrets.token_hex(6), kind, {}, options=options, shuffled=kind in SHUFFLED)
    return _question(visit, content, question, fields.whole("section", 0, 1000) or 0)


def change_question(visit: Visit, form: FormData) -> Response:
    """Save a question, or move or drop it."""
    content = content_of(visit)
    made, fields = made_of(content), Fields(form)
    key = visit.request.path_params["question"]
    doing = fields.text("do")
    if doing == "drop":
        return _save(visit, content, editing.drop(made, key), form)
    if doing in ("up", "down"):
        return _save(visit, content, editing.move(made, key, -1 if doing == "up" else 1), form, here=key)
    section = fields.whole("section", 0, 1000) or 0
    there = editing.find(made, key)
    typed = question_in(fields, key, there[1] if there else None)
    question = replace(typed, options=[one for one in typed.options if not one.is_blank])
    beside = editing.sections(made)[section].questions if section < len(editing.sections(made)) else ()
    faults = [] if doing == "more" else editing.faults(question, beside)
    for fault in faults:
        if fault in FIELD_OF:
            fields.wrong.setdefault(FIELD_OF[fault], FAULTS[fault])
    if faults or fields.wrong or doing == "more":
        told: dict[str, Any] = {"fresh": len(question.options)} if doing == "more" else {"faults": faults}
        return _question(visit, content, typed, section, form=fields, seen=fields.text("seen"), **told)

    def again(now: Content) -> Response:
        kept = editing.find(made_of(now), key)
        if kept is None:
            last = len(editing.sections(made_of(now))) - 1
            return _question(visit, now, typed, max(0, min(section, last)), form=fields, theirs=ANEW)
        return _question(visit, now, kept[1], kept[0], theirs=THEIRS)

    return _save(visit, content, editing.put(made, section, question), form, again, here=key)


def bring(visit: Visit, sent: tuple[FormData, bytes]) -> Response:
    """Questions of a file of Moodle XML or GIFT go to the end of a section."""
    content = content_of(visit)
    form, file = sent
    picturing = visit.connector.picturing
    made = made_of(content)
    there = {one.question_id for part in editing.sections(made) for one in part.questions}
    brought = read_questions(file, there, keeping=picturing is not None)
    if brought is None or not (brought.all or brought.left_out):
        return _page(visit, content, trouble=UNREADABLE)
    section = Fields(form).whole("section", 0, 1000) or 0
    questions = brought.written_in(LANGUAGES, _tags(visit)[0])
    after = editing.put(made, section, *questions)
    if sum(len(one.questions) for one in editing.sections(after)) > MOST:
        return _page(visit, content, trouble=FULL)
    save = partial(_save, visit, content, after, form, partial(_beside, visit), brought=brought, told=told(brought))
    pictures = [picture for one in brought.all for picture in one.every_picture]
    return picturing.keep(pictures, brought.files, save) if picturing else save()


def copy(visit: Visit) -> Response:
    """Another one with the same questions and settings, in the same course."""
    content = content_of(visit)
    made, speech = made_of(content), visit.launches.speech
    title = {tag: speech(tag).t(COPY, name=text) for tag, text in made.title.items()}
    body = bodies.body(replace(made, title=title))
    copied = visit.connector.contents.make(content.kind, body, visit.maker, visit.connector.clock())
    return _page(visit, copied, copied=True)


def end(visit: Visit) -> Response:
    """Content that is wanted no more: activities that open it say so. What was tried stays."""
    content = content_of(visit)
    visit.connector.contents.end(content.content_id, visit.connector.clock())
    return visit.part("content/assessment/ended.html", content=content)


# ---------------------------------------------------------------- parts of it
def content_of(visit: Visit) -> Content:
    """Raises LaunchRefused where it is not there, or was made in another course."""
    try:
        content = visit.connector.contents.newest(UUID(visit.request.path_params["content"]))
    except ValueError:
        content = None
    if content is None or content.kind not in NEW:
        raise LaunchRefused("content: there is none of this id.", Trouble.GONE)
    if not content.is_of(visit.maker):
        raise LaunchRefused("content: it was made in another course.", Trouble.NOT_ALLOWED)
    return content


def made_of(content: Content) -> Assessment | Bank:
    read = bodies.assessment if content.kind is ContentKind.ASSESSMENT else bodies.bank
    return read(content.body)


def _save(
    visit: Visit,
    content: Content,
    made: Assessment | Bank,
    form: FormData,
    again: Callable[[Content], Response] | None = None,
    **values: Any,
) -> Response:
    """Keep what was changed by somebody who has seen the content as it was when the form was made; ``here`` is what
    the page then shows first.

    ``again`` makes the page of what others have made of it meanwhile, for a form in which something was typed.
    """
    connector = visit.connector
    if Fields(form).text("seen") == f"{content.version}.{content.changes}":
        after = connector.contents.change(content, bodies.body(made), visit.maker.subject, connector.clock())
        if after is not None:
            return _page(visit, after, **values)
        content = content_of(visit)
    return again(content) if again else _page(visit, content, trouble=CHANGED)


def _beside(visit: Visit, now: Content) -> Response:
    """The page as others have made it, beside which what was typed stays."""
    return _page(visit, now, theirs=THEIRS)


def _typed(visit: Visit, content: Content, made: Assessment, fields: Fields, **values: Any) -> Response:
    """The page once more, with all that was typed, and what is wrong with it."""
    shown = replace(content, body=bodies.body(made))
    return _page(visit, shown, form=fields, seen=fields.text("seen"), **values)


def _page(visit: Visit, content: Content, **values: Any) -> Response:
    made, untouched = made_of(content), Fields.untouched()
    usual: dict[str, Any] = {
        "form": untouched,
        "section_typed": None,
        "trouble": "",
        "theirs": "",
        "brought": None,
        "told": (),
        "copied": False,
        "here": "",
    }
    shown = {
        "content": content,
        "seen": f"{content.version}.{content.changes}",
        "made": made,
        "is_bank": isinstance(made, Bank),
        "sections": editing.sections(made),
        "unfinished": editing.unfinished(made),
        "banks": _banks(visit),
        "newest": next(iter(_of_course(visit, ContentKind.ASSESSMENT)), None),
        "tags": _tags(visit),
        "kinds": KINDS,
        "offered": [one for one in Kind if isinstance(made, Assessment) or one is not Kind.SCENARIO],
        "policies": POLICIES,
        "explains": EXPLAINS,
        "faults": FAULTS,
        "left_out": LEFT_OUT,
        **choice(visit.connector, content),
        "may_edit": True,
        "is_launched": visit.session.launch.custom.get(CONTENT) == str(content.content_id),
        "picking": visit.session.launch.linking is not None,
        "untouched": untouched,
    }
    return visit.part("content/assessment/edit.html", **{**shown, **usual, **values})


def _question(visit: Visit, content: Content, question: Question, section: int, **values: Any) -> Response:
    made = made_of(content)
    beside = editing.sections(made)[section].questions if section < len(editing.sections(made)) else ()
    leads = [one for one in beside if one.kind is Kind.SCENARIO and one.question_id != question.question_id]
    spare = 0 if question.kind is Kind.TRUE_FALSE else SPARE
    usual: dict[str, Any] = {"form": Fields.untouched(), "faults": [], "fresh": None, "theirs": ""}
    there = editing.find(made, question.question_id)
    stored = there[1] if there else None
    had = {one.option_id: one.pictures for one in stored.options} if stored else {}
    shown = {
        "content": content,
        "seen": f"{content.version}.{content.changes}",
        "question": question,
        "section": section,
        "number": [*(one.question_id for one in beside), question.question_id].index(question.question_id) + 1,
        "rows": [*question.options, *(Option("", {}) for _ in range(spare))],
        "is_choice": question.kind in CHOICES,
        "leads": leads,
        "kinds": KINDS,
        "texts_of_faults": FAULTS,
        "pictures": _said_of(stored.pictures if stored else (), question.pictures),
        "pictures_of": {one.option_id: _said_of(had.get(one.option_id, ()), one.pictures) for one in question.options},
        "tags": _tags(visit),
    }
    return visit.part("content/assessment/question.html", **{**shown, **usual, **values})


def _said_of(stored: Sequence[Picture], typed: Sequence[Picture]) -> list[tuple[Picture, Texts]]:
    """Pictures as they are kept, also where they are to be taken away, with what is typed of them."""
    alts = {one.picture_id: one.alt for one in typed}
    return [(one, alts.get(one.picture_id, one.alt)) for one in stored]


def _banks(visit: Visit) -> list[Content]:
    return _of_course(visit, ContentKind.BANK)


def _of_course(visit: Visit, kind: ContentKind) -> list[Content]:
    """What was made in the course, what was changed last before others."""
    return [one for one in launched.made_here(visit.connector.contents, visit.session) if one.kind is kind]


def _tags(visit: Visit) -> list[str]:
    """Languages in which texts are written, the author's own first."""
    own = visit.speech.language.tag
    return [own, *(tag for tag in LANGUAGES if tag != own)]


EDIT = "/lti/contents/{content}/edit"
PARTS = (
    Part("POST", "/lti/contents", make, teaches=True, read=read_form),
    Part("GET", EDIT, show, teaches=True),
    Part("POST", EDIT + "/settings", change_settings, teaches=True, read=read_form),
    Part("POST", EDIT + "/sections", change_section, teaches=True, read=read_form),
    Part("POST", EDIT + "/questions", new_question, teaches=True, read=read_form),
    Part("GET", EDIT + "/questions/{question}", show_question, teaches=True),
    Part("POST", EDIT + "/questions/{question}", change_question, teaches=True, read=read_form),
    Part("POST", EDIT + "/files", bring, teaches=True, far=True, read=read_file),
    Part("POST", EDIT + "/copies", copy, teaches=True),
    Part("DELETE", EDIT, end, teaches=True),
)
