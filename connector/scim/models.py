"""What this server serves: users with the enterprise extension, and groups (RFC 7643).

The models are those of ``scim2_models`` but for what an identity system really sends: addresses of e-mail and of pages
are kept as they come (``ada@corp.local`` is none by the rules of the Internet), and a manager needs no ``$ref``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import scim2_models
from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    External,
    Filter,
    Mutability,
    Patch,
    PatchOp,
    Reference,
    ResourceType,
    ResponseParameters,
    Returned,
    ScimPolicy,
    ScimProvider,
    SearchRequest,
    ServiceProviderConfig,
    Sort,
)
from scim2_models.resources.resource import AnyExtension

from connector.domain.scim import Kind

MOST = 200
"""Resources in one answer, at most."""
PAGE = 100
"""Resources in one answer where the client does not say how many."""
LARGEST = 1_048_576
"""Bytes of a request's body, and of a resource that is kept, at most."""

POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""Attributes that nobody here knows are passed over; PATCH as Entra ID means it."""


class Link(Reference[External]):
    """An address of a page or picture, good or not."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


class Photo(scim2_models.Photo):
    value: Link | None = None
    """The address of a picture of the user."""


class Email(scim2_models.Email):
    value: str | None = None
    """E-mail address of the user, as the client has it."""


class Manager(ComplexAttribute):
    value: Annotated[str | None, CaseExact.true] = None
    """The id of the user who is the manager."""

    ref: Annotated[Reference[Any] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The URI of the user who is the manager."""

    display_name: Annotated[str | None, Mutability.read_only] = None
    """The displayName of the manager."""


class EnterpriseUser(scim2_models.EnterpriseUser):
    manager: Manager | None = None  # type: ignore[assignment]
    """The user's manager."""


class User(scim2_models.User[AnyExtension]):
    emails: list[Email] | None = None  # type: ignore[assignment]
    """E-mail addresses of the user."""

    profile_url: Link | None = None
    """The address of the user's page."""

    photos: list[Photo] | None = None  # type: ignore[assignment]
    """Pictures of the user."""

    Photos: ClassVar[type[ComplexAttribute]] = Photo
    Emails: ClassVar[type[ComplexAttribute]] = Email


class GroupMember(scim2_models.GroupMember):
    display: Annotated[str | None, Returned.never] = None
    """RFC 7643, 8.7.1 knows no name of a member: names are those of the members themselves."""


class Group(scim2_models.Group):
    members: list[GroupMember] | None = None  # type: ignore[assignment]
    """Members of the group."""

    Members: ClassVar[type[ComplexAttribute]] = GroupMember


FullUser = User[EnterpriseUser]
MODELS: Mapping[Kind, Any] = {Kind.USER: FullUser, Kind.GROUP: Group}
PATCHES: Mapping[Kind, Any] = {Kind.USER: PatchOp[FullUser], Kind.GROUP: PatchOp[Group]}
SEARCHES: Mapping[Kind, Any] = {Kind.USER: SearchRequest[FullUser], Kind.GROUP: SearchRequest[Group]}
SEARCH_OF_ALL: Any = SearchRequest[FullUser | Group]
PARAMETERS: Mapping[Kind, Any] = {Kind.USER: ResponseParameters[FullUser], Kind.GROUP: ResponseParameters[Group]}
"""The messages of RFC 7644, bound to what the paths in them are paths of."""
ENDPOINTS = {Kind.USER: "/Users", Kind.GROUP: "/Groups"}

CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=MOST),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description="A token of its own for each client, in the header Authorization (RFC 6750).",
            primary=True,
        )
    ],
)
PROVIDER = ScimProvider(
    models=[User, EnterpriseUser, Group],
    resource_types=[ResourceType.from_resource(model) for model in MODELS.values()],
    config=CONFIG,
    policy=POLICY,
)
