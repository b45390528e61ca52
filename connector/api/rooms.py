"""What the API asks for beyond the views: launched content, and the learning of whoever was launched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from connector.api.problems import NotAllowed, NothingThere
from connector.content.assessment.attempting import Attempting
from connector.content.course_view.opening import CourseView
from connector.content.launched import of_kind
from connector.content.my_learning.opening import Opening
from connector.content.video.learning import Learning
from connector.content.video.seeing import Seeing
from connector.domain.analytics import Analytics
from connector.domain.certifying import CertificateStore
from connector.domain.contents import Content, ContentKind, Contents
from connector.domain.lti import LaunchSession, Platforms


class Rooms(Protocol):
    """The same that pages have."""

    @property
    def analytics(self) -> Analytics: ...

    @property
    def contents(self) -> Contents: ...

    @property
    def platforms(self) -> Platforms: ...

    @property
    def attempting(self) -> Attempting: ...

    @property
    def course_view(self) -> CourseView: ...

    @property
    def my_learning(self) -> Opening: ...

    @property
    def seeing(self) -> Seeing: ...

    @property
    def video_learning(self) -> Learning: ...

    @property
    def certificates(self) -> CertificateStore: ...

    @property
    def clock(self) -> Callable[[], datetime]: ...


def own_course(rooms: Rooms, session: LaunchSession, course_id: str) -> None:
    """Raises NotAllowed where it is not the course of our own Moodle from which somebody was launched."""
    own = rooms.course_view.own_course(session.launch)
    if own is None or str(own) != course_id:
        raise NotAllowed("It is of another course than that of the launch.")


def launched_content(rooms: Rooms, session: LaunchSession, kind: ContentKind, content_id: str) -> Content:
    """What was launched, where it is this. Raises NothingThere, LaunchRefused: a launch opens one content alone."""
    found = of_kind(rooms.contents, rooms.platforms, session, kind)
    if str(found.content_id) != content_id.lower():
        raise NothingThere("It is not what was launched.")
    return found
