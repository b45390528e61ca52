"""Who works with what was launched, and what that is, as a session tells: the same for pages and for the API."""

from __future__ import annotations

from uuid import UUID

from connector.content.assessment import bodies
from connector.domain.contents import Content, ContentKind, Contents, Maker
from connector.domain.errors import LaunchRefused
from connector.domain.learning_events import Actor
from connector.domain.lti import LaunchSession, Platforms, Trouble
from connector.lti.deep_linking import CONTENT


def actor_of(session: LaunchSession) -> Actor:
    """Who does what is told of this session."""
    launch = session.launch
    course, link = (place.id if place else "" for place in (launch.course, launch.link))
    content = launch.custom.get(CONTENT, "")
    return Actor(launch.platform_id, course, link, launch.subject, session.person_id, content)


def maker_of(session: LaunchSession) -> Maker:
    """Who makes content in this session."""
    launch = session.launch
    return Maker(launch.platform_id, launch.course.id if launch.course else "", launch.subject)


def line_item_of(session: LaunchSession) -> str:
    """Where scores of this session go, "" for nowhere."""
    scores = session.launch.scores
    return scores.line_item if scores else ""


def made_here(contents: Contents, session: LaunchSession) -> list[Content]:
    """What was made in the course of a launch, the newest first, but for what was begun in another launch and left as
    it was."""
    launch = session.launch
    made = contents.of_course(launch.platform_id, launch.course.id) if launch.course else ()
    return [one for one in made if one.changed_at >= session.began_at or not bodies.is_blank(one)]


def named(contents: Contents, platforms: Platforms, session: LaunchSession) -> Content | None:
    """The content that the custom parameter names by its id; None where there is none, or another Moodle's.

    Whoever teaches anywhere can write such a parameter by hand.
    """
    try:
        wanted = UUID(session.launch.custom.get(CONTENT, ""))
    except ValueError:
        return None
    content = contents.newest(wanted)
    launched_from = session.launch.platform_id
    if content is None or content.platform_id == launched_from:
        return content
    ways = [platforms.one(one) for one in (content.platform_id, launched_from)]
    return content if len({one.issuer for one in ways if one}) == 1 else None


def of_kind(contents: Contents, platforms: Platforms, session: LaunchSession, kind: ContentKind) -> Content:
    """What was launched, as it is now. Raises LaunchRefused where it is of another kind, or gone."""
    found = named(contents, platforms, session)
    if found is None or found.kind is not kind:
        raise LaunchRefused("content: there is none of this kind.", Trouble.GONE)
    return found
