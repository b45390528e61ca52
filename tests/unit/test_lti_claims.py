"""What a verified token may say: each check by itself, whatever the library before it has looked at."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from connector.domain.errors import LaunchRefused
from connector.domain.lti import Begun, Platform
from connector.lti.claims import CORE, check, launch_of, read
from connector.lti.library import key_name

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
TOOL = "https://tool.example"
PLATFORM = Platform(1, "", "https://m.example", "me", "https://m.example/a", "", "", ("1",))
SAID = {
    "iss": "https://m.example",
    "sub": "7",
    "aud": "me",
    "exp": AT + 60,
    "iat": AT,
    "nonce": "n",
    f"{CORE}deployment_id": "1",
    f"{CORE}message_type": "LtiResourceLinkRequest",
    f"{CORE}version": "1.3.0",
    f"{CORE}target_link_uri": f"{TOOL}/lti/launch",
}

INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
ELSEWHERE = (
    "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor",
    "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Faculty",
    "http://purl.imsglobal.org/vocab/lis/v2/system/person#User",
    "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysSupport",
    "http://purl.imsglobal.org/vocab/lti/system/person#TestUser",
    "http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor",
    "http://purl.imsglobal.org/vocab/lis/v2/membership/Learner#Instructor",
    "https://evil.example/membership#Instructor",
    "instructor",
    "urn:lti:instrole:ims/lis/Instructor",
)
"""Roles of people who do not teach in the course."""


def looked_at(begun_for: str = f"{TOOL}/lti/launch", **other: Any) -> None:
    """A token that is right but for these claims; ``_`` is for core ones."""
    changed = {f"{CORE}{name[1:]}" if name.startswith("_") else name: value for name, value in other.items()}
    told = {name: value for name, value in {**SAID, **changed}.items() if value is not None}
    check(read(orjson.dumps(told)), Begun(PLATFORM, b"", begun_for, ""), TOOL, NOW)


@pytest.mark.parametrize(
    "other",
    [
        {}, {"aud": ["me"]}, {"aud": ["you", "me"], "azp": "me"}, {"azp": "me"}, {"iat": AT + 10},
        {"iat": AT + 60, "exp": AT + 99}, {"exp": AT - 59}, {"exp": AT + 3660}, {"iat": AT - 3660},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_believed(other: dict[str, Any]) -> None:
    looked_at(**other)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "ES256", "RS512", "rs256", "", None, 7])
def test_one_algorithm_is_believed(algorithm: object) -> None:
    """Before a key is looked up: which one is named in what anybody can write."""

    def named(alg: object) -> str:
        return key_name(urlsafe_b64encode(orjson.dumps({"kid": "k", "alg": alg})).decode() + ".a.b")

    assert named("RS256") == "k"
    with pytest.raises(LaunchRefused, match="only RS256"):
        named(algorithm)


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ({"iss": "https://other.example"}, "iss"),
        ({"iss": "https://m.example/"}, "iss"),
        ({"aud": "you"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": ["you", "me"]}, "azp"),
        ({"aud": ["you", "me"], "azp": "you"}, "azp"),
        ({"azp": "you"}, "azp"),
        ({"exp": AT - 61}, "exp"),
        ({"exp": AT + 3661}, "exp"),
        ({"exp": AT + 10 * 365 * 86400}, "exp"),
        ({"iat": AT - 3661}, "exp"),
        ({"iat": AT + 61, "exp": AT + 99}, "iat"),
        ({"iat": AT + 3600, "exp": AT + 3660}, "iat"),
        ({"_deployment_id": "2"}, "deployment_id"),
        ({"_target_link_uri": "https://evil.example/lti/launch"}, "target_link_uri"),
        ({"_target_link_uri": f"{TOOL}.evil.example/"}, "target_link_uri"),
        ({"_target_link_uri": f"{TOOL}@evil.example/"}, "target_link_uri"),
        ({"begun_for": "https://evil.example/"}, "target_link_uri"),
        *(({name: None}, name.lstrip("_")) for name in ("iss", "sub", "aud", "exp", "iat", "nonce", "_deployment_id",
                                                        "_message_type", "_version", "_target_link_uri")),
        *(({name: 7}, name.lstrip("_")) for name in ("iss", "sub", "nonce", "_deployment_id", "_version")),
        *(({name: "7"}, name) for name in ("exp", "iat")),
        ({"sub": ""}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"_version": "1.1"}, "version"),
        ({"_message_type": "Nonsense"}, "message_type"),
        ({"_roles": "Instructor"}, "roles"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_believed(other: dict[str, Any], names: str) -> None:
    """The claim is named, and nothing that it says."""
    with pytest.raises(LaunchRefused, match=f"^{names}") as refused:
        looked_at(**other)
    assert "evil" not in str(refused.value)


def teaches(*roles: str, course: object) -> bool:
    told = {**SAID, f"{CORE}roles": list(roles), **({f"{CORE}context": course} if course else {})}
    return launch_of(read(orjson.dumps(told)), 1).teaches


@pytest.mark.parametrize("role", ELSEWHERE)
def test_who_does_not_teach_in_the_course_is_no_instructor(role: str) -> None:
    """Whatever else they are at the platform; and who was launched from no course teaches in none."""
    assert teaches(INSTRUCTOR, role, course={"id": "7"})
    assert not teaches(role, course={"id": "7"})
    assert not teaches(INSTRUCTOR, role, course=None)


@pytest.mark.parametrize(
    ("role", "does"), [("Instructor#TeachingAssistant", True), ("Instructor#", True), ("Learner#Instructor", False)]
)
def test_a_sub_role_is_a_role_of_its_kind(role: str, *, does: bool) -> None:
    """Also where a platform names the sub-role alone: an assistant teaches in the course, and nowhere else."""
    name = f"http://purl.imsglobal.org/vocab/lis/v2/membership/{role}"
    assert teaches(name, course={"id": "7"}) is does
    assert not teaches(name, course=None)
