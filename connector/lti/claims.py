"""What a verified token says, read strictly; and what its words may be. Nothing is quoted in an error.

Sources: LTI Core 1.3 section 5, Security Framework 1.0 section 5.1.3 (checks of an id token), and Moodle's
``mod/lti/locallib.php`` for what it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from connector.domain.errors import LaunchRefused
from connector.domain.lti import Begun, Launch, Linking, Message, Place, Role, Scores, Trouble, origin

CORE = "https://purl.imsglobal.org/spec/lti/claim/"
SKEW = timedelta(seconds=60)
"""So far may the platform's clock be from ours."""
LONGEST = timedelta(hours=1)
"""A token that is good for longer was not made for one launch; Moodle's are good for a minute."""
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
PERSON = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
ROLES: Mapping[str, Role] = {
    f"{MEMBERSHIP}Learner": Role.LEARNER,
    "Learner": Role.LEARNER,
    f"{MEMBERSHIP}Instructor": Role.INSTRUCTOR,
    "Instructor": Role.INSTRUCTOR,
    f"{MEMBERSHIP}ContentDeveloper": Role.INSTRUCTOR,
    f"{MEMBERSHIP}Administrator": Role.ADMINISTRATOR,
    f"{PERSON}Administrator": Role.ADMINISTRATOR,
    f"{SYSTEM}Administrator": Role.ADMINISTRATOR,
}
"""Roles within the course count, and those of administrators of the site: who teaches elsewhere teaches not here."""
SUB_ROLES: Mapping[str, Role] = {
    "http://purl.imsglobal.org/vocab/lis/v2/membership/Learner#": Role.LEARNER,
    "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#": Role.INSTRUCTOR,
}
"""How names of sub-roles begin, such as that of a teaching assistant: they are roles of the kind, whether or not the
platform names the kind beside them, as it should (LTI Core 1.3, A.2.3)."""
SOURCE_ID = "source_id"
"""The custom parameter that brings HR's key: ``source_id=$Person.sourcedId``."""

Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=255)]
Seconds = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Place(_Part):
    id: Name
    title: Text | None = None
    label: Text | None = None


class _Endpoint(_Part):
    scope: list[Text] = []
    lineitem: Text | None = None
    lineitems: Text | None = None


class _Roster(_Part):
    context_memberships_url: Text


class _Presentation(_Part):
    locale: Text | None = None
    return_url: Text | None = None


class _Person(_Part):
    user_id: Name


class _Lis(_Part):
    person_sourcedid: Text | None = None


class _Linking(_Part):
    deep_link_return_url: Text
    accept_types: list[Text]
    accept_multiple: bool = False
    accept_lineitem: bool = True
    data: str | None = None


class Claims(_Part):
    """The claims that are looked at, by the names that they have in a token."""

    iss: Name
    sub: Name
    aud: str | list[str]
    azp: str | None = None
    exp: Seconds
    iat: Seconds
    nonce: Name
    deployment: Name = Field(validation_alias=f"{CORE}deployment_id")
    message: Message = Field(validation_alias=f"{CORE}message_type")
    version: Literal["1.3.0"] = Field(validation_alias=f"{CORE}version")
    target: Text = Field(validation_alias=f"{CORE}target_link_uri")
    roles: list[Text] = Field([], validation_alias=f"{CORE}roles")
    course: _Place | None = Field(None, validation_alias=f"{CORE}context")
    link: _Place | None = Field(None, validation_alias=f"{CORE}resource_link")
    custom: dict[str, Any] = Field({}, validation_alias=f"{CORE}custom")
    lis: _Lis | None = Field(None, validation_alias=f"{CORE}lis")
    presentation: _Presentation | None = Field(None, validation_alias=f"{CORE}launch_presentation")
    for_user: _Person | None = Field(None, validation_alias=f"{CORE}for_user")
    name: Text | None = None
    given_name: Text | None = None
    family_name: Text | None = None
    email: Text | None = None
    endpoint: _Endpoint | None = Field(None, validation_alias="https://purl.imsglobal.org/spec/lti-ags/claim/endpoint")
    roster: _Roster | None = Field(
        None, validation_alias="https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
    )
    linking: _Linking | None = Field(
        None, validation_alias=AliasChoices("https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings")
    )


def read(payload: bytes) -> Claims:
    """The claims of a token's payload, which is JSON. Raises LaunchRefused, naming the claim and nothing of it."""
    if b"\\u0000" in payload:
        raise LaunchRefused("the token: NUL stands in it, which no database keeps.", Trouble.MALFORMED)
    try:
        return Claims.model_validate_json(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the token"
        raise LaunchRefused(f"{where.removeprefix(CORE)}: missing, or not as it must be.", Trouble.MALFORMED) from None


def check(claims: Claims, begun: Begun, tool: str, now: datetime) -> None:
    """What signature and library do not answer for; ``tool`` is our public address. Raises LaunchRefused."""
    platform = begun.platform
    if claims.iss != platform.issuer:
        raise LaunchRefused("iss: it was begun for another platform.", Trouble.UNTRUSTED)
    _check_audience(claims, platform.client_id)
    _check_times(claims, now)
    if claims.deployment not in platform.deployments:
        raise LaunchRefused("deployment_id: it is not among those that are allowed.", Trouble.UNTRUSTED)
    if origin(claims.target) != tool or origin(begun.target) != tool:
        raise LaunchRefused("target_link_uri: it leads to another tool.", Trouble.MALFORMED)


def _check_audience(claims: Claims, client: str) -> None:
    """Security Framework 5.1.3, steps 2 to 4."""
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if client not in audiences:
        raise LaunchRefused("aud: the token is for another tool.", Trouble.UNTRUSTED)
    if len(audiences) > 1 and claims.azp is None:
        raise LaunchRefused("azp: it has to say for which of several it is.", Trouble.UNTRUSTED)
    if claims.azp is not None and claims.azp != client:
        raise LaunchRefused("azp: the token is for another tool.", Trouble.UNTRUSTED)


def _check_times(claims: Claims, now: datetime) -> None:
    at, skew, longest = now.timestamp(), SKEW.total_seconds(), LONGEST.total_seconds()
    if claims.iat > at + skew:
        raise LaunchRefused("iat: it was made in the future; compare the clocks.", Trouble.CLOCK)
    if claims.exp <= at - skew or claims.iat < at - longest - skew:
        raise LaunchRefused("exp: it is too old; compare the clocks, or launch once more.", Trouble.CLOCK)
    if claims.exp > at + longest + skew:
        raise LaunchRefused("exp: it would be good for too long.", Trouble.UNTRUSTED)


def launch_of(claims: Claims, platform_id: int) -> Launch:
    """What was launched, in our words."""
    custom = {name: value for name, value in claims.custom.items() if isinstance(value, str)}
    names = claims.name or f"{claims.given_name or ''} {claims.family_name or ''}".strip()
    told, endpoint = claims.presentation, claims.endpoint
    return Launch(
        platform_id,
        claims.deployment,
        claims.message,
        claims.sub,
        claims.target,
        roles_of(claims.roles),
        _place(claims.course),
        _place(claims.link),
        custom,
        source_id(custom, claims.lis.person_sourcedid if claims.lis else None),
        names,
        claims.email or "",
        (told and told.locale) or "",
        (told and told.return_url) or "",
        Scores(endpoint.lineitem or "", endpoint.lineitems or "", tuple(endpoint.scope)) if endpoint else None,
        claims.roster.context_memberships_url if claims.roster else "",
        _linking(claims.linking),
        claims.for_user.user_id if claims.for_user else "",
    )


def roles_of(told: Iterable[str]) -> frozenset[Role]:
    """What names of roles mean, as a launch or a roster tells them; those that are not known mean nothing here."""
    found = {ROLES.get(one) or SUB_ROLES.get(one[: one.find("#") + 1]) for one in told}
    return frozenset(one for one in found if one is not None)


def source_id(custom: Mapping[str, str], lis: str | None) -> str:
    """HR's key of the person. What the platform says of its own accord counts, though it be that there is none:
    parameters can be written by hand.
    A variable that Moodle did not fill in comes as it was written, and says nothing."""
    given = custom.get(SOURCE_ID, "") if lis is None else lis
    return "" if given.startswith("$") else given


def _place(told: _Place | None) -> Place | None:
    return Place(told.id, told.title or "", told.label or "") if told else None


def _linking(told: _Linking | None) -> Linking | None:
    if told is None:
        return None
    accepts = tuple(told.accept_types)
    return Linking(told.deep_link_return_url, accepts, told.accept_multiple, told.accept_lineitem, told.data)
