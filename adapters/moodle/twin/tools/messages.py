"""What the platform signs: the claims of a launch, in the words and order of ``mod/lti/locallib.php``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jwt

from adapters.moodle.twin.state import ROLES, SITE_COURSE, TwinCourse, TwinState, TwinUser
from adapters.moodle.twin.tools.state import SCOPES, ExternalTool, SigningKey, ToolLink

CORE = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
PERSON = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
EDITORS = frozenset({"editingteacher", "manager"})
TEACHERS = EDITORS | {"teacher"}
SECONDS = 60
"""For so long Moodle's tokens are good."""


def roles(state: TwinState, user: TwinUser, course: TwinCourse, teachers: frozenset[str] = TEACHERS) -> list[str]:
    """As a launch tells them. An administrator is both; who is in no role of a course is a learner. For a roster
    Moodle asks another capability (``lti_get_ims_role`` without an activity): there ``EDITORS`` alone teach."""
    if user.fields["username"] == "admin":
        return [f"{PERSON}Administrator", f"{MEMBERSHIP}Instructor"]
    here = {ROLES[role] for role in state.course_roles(user.id, course.id)}
    return [f"{MEMBERSHIP}{'Instructor' if here & teachers else 'Learner'}"]


def signed(claims: dict[str, Any], key: SigningKey) -> str:
    pem = key.key.export_to_pem(private_key=True, password=None)
    return jwt.encode(claims, pem, "RS256", {"kid": key.kid})


def launch(state: TwinState, user: TwinUser, link: ToolLink, nonce: str, for_user: int = 0) -> dict[str, Any]:
    """A launch of an activity, or of what somebody has done in it."""
    course = state.courses[link.course_id]
    claims = _common(state, user, link.tool, course, nonce, link.url or link.tool.tool_url)
    claims |= {
        f"{CORE}message_type": "LtiSubmissionReviewRequest" if for_user else "LtiResourceLinkRequest",
        f"{CORE}resource_link": {"title": link.name, "description": "", "id": str(link.id)},
        f"{CORE}custom": _custom(user, {**link.tool.custom, **link.custom}),
    }
    claims[f"{CORE}launch_presentation"] |= {
        "document_target": "iframe",
        "return_url": f"{state.url}/mod/lti/return.php?course={course.id}&launch_container=3&instanceid={link.id}",
    }
    if for_user:
        claims[f"{CORE}for_user"] = {"user_id": str(for_user)}
    if link.item:
        claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["lineitem"] = line_item_url(
            state, link.tool, course.id, link.item
        )
    return claims


def deep_linking(
    state: TwinState, user: TwinUser, tool: ExternalTool, course: TwinCourse, nonce: str
) -> dict[str, Any]:
    claims = _common(state, user, tool, course, nonce, tool.selection_url or tool.tool_url)
    return claims | {
        f"{CORE}message_type": "LtiDeepLinkingRequest",
        f"{CORE}custom": _custom(user, tool.custom),
        "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": {
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["frame", "iframe", "window"],
            "accept_copy_advice": False,
            "accept_multiple": True,
            "accept_unsigned": False,
            "auto_create": False,
            "can_confirm": False,
            "deep_link_return_url": f"{state.url}/mod/lti/contentitem_return.php?course={course.id}&id={tool.id}",
            "title": "",
            "text": "",
        },
    }


def line_item_url(state: TwinState, tool: ExternalTool, course: int, item: int) -> str:
    return f"{state.url}/mod/lti/services.php/{course}/lineitems/{item}/lineitem?type_id={tool.id}"


def _common(
    state: TwinState, user: TwinUser, tool: ExternalTool, course: TwinCourse, nonce: str, target: str
) -> dict[str, Any]:
    now, names = int(time.time()), (user.fields["firstname"], user.fields["lastname"])
    base = f"{state.url}/mod/lti/services.php"
    claims: dict[str, Any] = {
        "nonce": nonce,
        "iat": now,
        "exp": now + SECONDS,
        "iss": state.url,
        "aud": tool.client_id,
        f"{CORE}deployment_id": str(tool.id),
        f"{CORE}target_link_uri": target,
        "sub": str(user.id),
        f"{CORE}lis": {
            "person_sourcedid": user.fields.get("idnumber", ""),
            "course_section_sourcedid": course.idnumber,
        },
        f"{CORE}roles": roles(state, user, course),
        f"{CORE}context": {
            "id": str(course.id),
            "label": course.shortname,
            "title": course.fullname,
            "type": ["CourseSection"],
        },
        "given_name": names[0],
        "family_name": names[1],
        "name": " ".join(names),
        f"{CORE}ext": {"user_username": user.fields["username"], "lms": "moodle-2"},
        "email": user.fields["email"],
        f"{CORE}launch_presentation": {"locale": user.fields["lang"]},
        f"{CORE}tool_platform": {
            "product_family_code": "moodle",
            "version": state.version.version,
            "guid": "twin",
            "name": state.sitename,
            "description": state.sitename,
        },
        f"{CORE}version": "1.3.0",
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
            "scope": list(SCOPES),
            "lineitems": f"{base}/{course.id}/lineitems?type_id={tool.id}",
        },
    }
    if course.id != SITE_COURSE:
        claims["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"] = {
            "context_memberships_url": f"{base}/CourseSection/{course.id}/bindings/{tool.id}/memberships",
            "service_versions": ["1.0", "2.0"],
        }
    return claims


def _custom(user: TwinUser, told: Mapping[str, str]) -> dict[str, str]:
    fields = user.fields
    known = {
        "$Person.sourcedId": fields.get("idnumber", ""),
        "$User.username": fields["username"],
        "$Person.address.timezone": fields.get("timezone", "99"),
    }
    return {name: known.get(value, value) for name, value in told.items()}
