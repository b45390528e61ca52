"""Questions of a file that authors bring, and in which words it is told what of them was left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from connector.content.assessment.bringing import IMPORTED, Brought, LeftOut, Why, gift, moodle_xml
from connector.web.languages import message

LEFT_OUT: Mapping[Why, str] = {
    Why.TOO_LONG: message("The file is too long."),
    Why.NO_XML: message("The file is no XML, or is cut off here."),
    Why.OTHER_XML: message("This is XML of another kind than Moodle's questions."),
    Why.OTHER_KIND: message("Questions of the kind “{kind}” cannot be imported."),
    Why.NO_TEXT: message("The question has no text."),
    Why.NONE_RIGHT: message("No answer is right."),
    Why.SEVERAL_NUMBERS: message("Exactly one number must be right."),
    Why.ANSWERS_UNREADABLE: message("Its answers cannot be read."),
    Why.NUMBERS_UNREADABLE: message("Its numbers cannot be read."),
    Why.LONG_TEXT: message("A text of it is longer than 20,000 characters."),
    Why.MANY_ANSWERS: message("It has more than 100 answers."),
    Why.BLANK_OPTION: message("One of its answers has no text, and no picture that can be kept here."),
    Why.MANY_QUESTIONS: message("A file brings 1,000 questions at most; from here on none were imported."),
    Why.PICTURE_LOST: message(
        "It was imported without a picture: only JPEG, PNG, WebP and GIF of up to 5 MB in the texts of the question "
        "and of its options are kept, twenty at most."
    ),
    Why.MEDIA_LOST: message("It was imported without its sound, video or embedded page."),
    Why.NO_FILES: message(
        "It was imported without its pictures, sound or video: a GIFT file holds none. "
        "Export it as Moodle XML instead."
    ),
    Why.NOT_IN_FILE: message("The file names it and holds nothing of it: GIFT has no questions of its kind."),
    Why.PARTS: message("It was imported; parts of the mark for some answers were not. Check which answers are right."),
    Why.TOGETHER: message(
        "It was imported; it is right only when all that is right is chosen, with no part of the mark."
    ),
    Why.CAPITALS: message("It was imported; capital letters make no difference here."),
    Why.UNITS: message("It was imported without its units: only the number is asked for."),
    Why.THERE: message("It is there already, and stays as it is."),
    Why.NO_PLACE: message(
        "It was imported without its pictures: the settings have no place for files. Tell your administrator."
    ),
}


def read_questions(file: bytes, there: Collection[str], *, keeping: bool) -> Brought | None:
    """Questions of a file, by what it looks like, but for those that are ``there``; with pictures where there is a
    place for them. None for what is no such file."""
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\x00" in text:
        return None
    return moodle_xml.read(file, there, keeping=keeping) if text.lstrip().startswith("<") else gift.read(text, there)


def told(brought: Brought) -> list[tuple[Why, str, list[LeftOut]]]:
    """What was left out, by why: first what was not imported."""
    found: dict[tuple[Why, str], list[LeftOut]] = {}
    for one in brought.left_out:
        found.setdefault((one.why, one.kind), []).append(one)
    return [(*key, found[key]) for key in sorted(found, key=lambda key: key[0] in IMPORTED)]
