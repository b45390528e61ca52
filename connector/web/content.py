"""Kinds of content that can be launched: the page of each, and what an instructor picks it by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.bootstrap import Connector
from connector.content.my_learning.opening import CONTENT as MY_LEARNING
from connector.domain.lti import LaunchSession
from connector.domain.multilang import choose
from connector.web.languages import message

Shown = Callable[[Connector, LaunchSession], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """``show`` gives what the template shows. Title and text stand in the picking page, and in Moodle's course."""

    template: str
    title: str
    text: str
    show: Shown


def my_learning(connector: Connector, session: LaunchSession) -> Mapping[str, Any]:
    """Courses, due dates and certificates of whoever launched."""
    courses = f"{connector.settings.moodle.url}/course/view.php?id="
    return {"mine": connector.my_learning.of(session), "course_url": courses, "choose": choose}


CONTENTS: Mapping[str, Kind] = {
    MY_LEARNING: Kind(
        "content/my_learning.html",
        message("My learning"),
        message("Your courses, what is due, and your certificates."),
        my_learning,
    ),
}
"""By the custom parameter ``content``."""
USUAL = MY_LEARNING
"""What an activity opens that was made without picking."""
