"""Deep linking: an instructor has picked content, and the platform is told so by a form that the browser posts.

Source: LTI Deep Linking 2.0. What is picked is known by ``content`` among the custom parameters, which Moodle keeps
when a course is copied: addresses and link ids are others there.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from connector.domain.errors import LaunchRefused
from connector.domain.lti import Launch, Platform, ToolKey, Trouble
from connector.lti.claims import CORE

CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"
CONTENT = "content"
"""The custom parameter that says what is launched."""
GOOD = timedelta(minutes=10)
LINK = "ltiResourceLink"


@dataclass(frozen=True, slots=True)
class Picked:
    """One piece of content. ``most``: of a graded one, the points that it is worth; ``due``: until when."""

    content: str
    title: str
    text: str = ""
    most: float | None = None
    opens: datetime | None = None
    due: datetime | None = None
    custom: Mapping[str, str] = field(default_factory=dict)


def answer(picked: Sequence[Picked], launch: Launch, platform: Platform, key: ToolKey, url: str, now: datetime) -> str:
    """The signed answer to a launch that asked for content; ``url`` is where all content is launched.

    Raises LaunchRefused where the launch was for something else, or the platform does not take what was picked.
    """
    linking = launch.linking
    if linking is None:
        raise LaunchRefused("Nothing was to be picked by this launch.", Trouble.NOT_ALLOWED)
    if LINK not in linking.accepts or (len(picked) > 1 and not linking.several):
        raise LaunchRefused("The platform takes no such content, or one piece only.", Trouble.NOT_ALLOWED)
    claims: dict[str, Any] = {
        "iss": platform.client_id,
        "aud": platform.issuer,
        "iat": int(now.timestamp()),
        "exp": int((now + GOOD).timestamp()),
        "nonce": secrets.token_urlsafe(24),
        f"{CORE}deployment_id": launch.deployment,
        f"{CORE}message_type": "LtiDeepLinkingResponse",
        f"{CORE}version": "1.3.0",
        f"{CLAIM}content_items": [_item(one, url, graded=linking.line_items) for one in picked],
    }
    if linking.data is not None:
        claims[f"{CLAIM}data"] = linking.data
    return jwt.encode(claims, key.private, "RS256", {"kid": key.kid})


def _item(one: Picked, url: str, *, graded: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "type": LINK,
        "title": one.title,
        "url": url,
        "custom": {**one.custom, CONTENT: one.content},
        "iframe": {"width": 1000, "height": 700},
    }
    if one.text:
        item["text"] = one.text
    if one.most is not None and graded:
        item["lineItem"] = {"label": one.title, "scoreMaximum": one.most, "resourceId": one.content}
        item["lineItem"]["submissionReview"] = {}  # the gradebook leads to what somebody has done, at the same address
    if one.opens:
        item["available"] = {"startDateTime": one.opens.isoformat()}
    if one.due:
        item["submission"] = {"endDateTime": one.due.isoformat()}
    return item
