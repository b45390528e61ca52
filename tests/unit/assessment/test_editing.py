"""What is wrong with a question that its author has written."""

from __future__ import annotations

from dataclasses import replace

from connector.content.assessment.editing import Fault, faults
from connector.domain.assessments import Kind, Option, Picture, Question


def test_an_option_that_is_only_a_picture_is_one_once_it_says_what_it_shows() -> None:
    """It stands for the option wherever there are texts only; a picture beside a text needs none."""
    picture = Picture("0" * 64, "image/png", {"en": "A red valve"})
    unsaid = replace(picture, alt={})

    def of(text: str, shown: Picture) -> list[Fault]:
        options = [Option("a", {"en": text} if text else {}, right=True, pictures=[shown]), Option("b", {"en": "No"})]
        return faults(Question("q", Kind.SINGLE, {"en": "Which?"}, options=options))

    assert (of("", picture), of("Red", unsaid), of("", unsaid)) == ([], [], [Fault.UNSAID_PICTURE])
