"""Any sequence of PATCH requests does to users and groups what a plain model of them says, however it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from connector.domain.scim import Kind
from connector.scim.answers import Conditions
from connector.scim.directory import Directory
from tests.scim import CORE, ENTERPRISE, PATCH_OP, USER, serving

Operation = dict[str, Any]
TEXTS = ["title", "displayName", "name.givenName", "name.familyName", f"{ENTERPRISE}:department"]
TYPES = ["work", "home"]
NUMBERS = st.frozensets(st.integers(0, 5), min_size=1)
WORDS = st.sampled_from(["Ada", "Bob", "7", "ü"])
WRITING = st.sampled_from(["add", "Add", "replace", "Replace"])
QUIET = hypothesis.settings(max_examples=50, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])


@dataclass
class Model:
    """Attributes of a user by their paths, and who is in a group."""

    texts: dict[str, str] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    name: str = "Team"


@dataclass(frozen=True)
class Setting:
    """A text comes: with a path or as the key of the whole, perhaps with the schema before it, perhaps as a number."""

    op: str
    path: str
    value: str
    bare: bool
    qualified: bool

    def written(self) -> Operation:
        path = f"{USER}:{self.path}" if self.qualified and not self.path.startswith("urn:") else self.path
        value: Any = int(self.value) if self.value.isdigit() else self.value
        return {"op": self.op, "value": {path: value}} if self.bare else {"op": self.op, "path": path, "value": value}

    def does(self, model: Model) -> None:
        model.texts[self.path] = self.value


@dataclass(frozen=True)
class Unsetting:
    """A text goes, perhaps with the value that it had or another one."""

    path: str
    value: str | None

    def written(self) -> Operation:
        return {"op": "Remove", "path": self.path} | ({} if self.value is None else {"value": self.value})

    def does(self, model: Model) -> None:
        model.texts.pop(self.path, None)


@dataclass(frozen=True)
class Mailing:
    """The address of a type comes, or goes (None)."""

    op: str
    kind: str
    value: str | None
    bare: bool

    def written(self) -> Operation:
        chosen = f'emails[type eq "{self.kind}"]'
        if self.value is None:
            return {"op": "remove", "path": chosen} | ({"value": [{"type": self.kind}]} if self.bare else {})
        if self.bare:
            return {"op": self.op, "value": {f"{chosen}.value": self.value}}
        return {"op": self.op, "path": f"{chosen}.value", "value": self.value}

    def does(self, model: Model) -> None:
        model.emails.pop(self.kind, None)
        if self.value is not None:
            model.emails[self.kind] = self.value


@dataclass(frozen=True)
class Moving:
    """Members come, go, or are all that there are."""

    way: str
    who: frozenset[int]
    form: str

    def written(self, ids: list[str]) -> Operation:
        chosen = [ids[number] for number in sorted(self.who)]
        objects: Any = [{"value": one, "display": "x"} for one in chosen]
        value = {"objects": objects, "bare": chosen}.get(self.form, objects)
        path = f"{CORE}:Group:members" if self.form == "qualified" else "members"
        if self.way == "remove" and self.form in ("filter", "key"):
            return {"op": "remove", "path": f"members[{' or '.join(f'value eq {_quoted(one)}' for one in chosen)}]"}
        if self.form == "key":
            return {"op": self.way, "value": {"members": value}}
        return {"op": self.way, "path": path, "value": value}

    def does(self, model: Model) -> None:
        model.members = {
            "add": model.members | self.who,
            "remove": model.members - self.who,
            "replace": set(self.who),
        }[self.way]


@dataclass(frozen=True)
class Naming:
    """A group is called otherwise, or emptied in passing."""

    name: str
    emptied: bool

    def written(self, _ids: list[str]) -> Operation:
        if self.emptied:
            return {"op": "remove", "path": "members"}
        return {"op": "replace", "value": {"displayName": self.name, "id": "x"}}

    def does(self, model: Model) -> None:
        if self.emptied:
            model.members = set()
        else:
            model.name = self.name


def _quoted(text: str) -> str:
    return f'"{text}"'


OF_USERS = st.one_of(
    st.builds(Setting, WRITING, st.sampled_from(TEXTS), WORDS, st.booleans(), st.booleans()),
    st.builds(Unsetting, st.sampled_from(TEXTS), st.one_of(st.none(), WORDS)),
    st.builds(Mailing, WRITING, st.sampled_from(TYPES), st.one_of(st.none(), st.just("a@b.cc"), st.just("c@d.ee")),
              st.booleans()),
)  # fmt: skip
FORMS = st.sampled_from(["objects", "bare", "qualified", "filter", "key"])
OF_GROUPS = st.one_of(
    st.builds(Moving, st.sampled_from(["add", "remove", "replace"]), NUMBERS, FORMS),
    st.builds(Moving, st.sampled_from(["add", "remove"]), NUMBERS, FORMS),
    st.builds(Naming, WORDS, st.booleans()),
)
REQUESTS = st.lists(
    st.tuples(st.lists(OF_USERS, min_size=1, max_size=4), st.lists(OF_GROUPS, min_size=1, max_size=4)), max_size=4
)


@pytest.fixture
def directory(database_url: str) -> Iterator[tuple[Directory, list[str]]]:
    """A directory with six users who may be members."""
    with serving(database_url) as service:
        client = service.connector.scim_access.client_of(service.token("entra-id"))
        assert client is not None
        directory = service.connector.scim_directory(client.client_id, "http://x")
        yield directory, [_made(directory, Kind.USER, userName=f"member{number}") for number in range(6)]


@QUIET
@hypothesis.given(requests=REQUESTS)
def test_any_sequence_does_what_the_model_says(
    directory: tuple[Directory, list[str]], requests: list[tuple[list[Any], list[Any]]]
) -> None:
    """A user and a group, after each request; a change that changes nothing is no new version."""
    kept, ids = directory
    model = Model()
    user = _made(kept, Kind.USER, userName=f"user{next(_NUMBERS)}")
    group = _made(kept, Kind.GROUP, displayName=model.name)
    for of_user, of_group in requests:
        for one in (*of_user, *of_group):
            one.does(model)
        before = _shown(kept, Kind.GROUP, group)
        _patch(kept, Kind.USER, user, [one.written() for one in of_user])
        _patch(kept, Kind.GROUP, group, [one.written(ids) for one in of_group])
        found, team = _shown(kept, Kind.USER, user), _shown(kept, Kind.GROUP, group)
        name, enterprise = found.get("name", {}), found.get(ENTERPRISE, {})
        texts = {"title": found.get("title"), "displayName": found.get("displayName"),
                 "name.givenName": name.get("givenName"), "name.familyName": name.get("familyName"),
                 f"{ENTERPRISE}:department": enterprise.get("department")}  # fmt: skip
        assert {path: text for path, text in texts.items() if text is not None} == model.texts
        assert {one["type"]: one["value"] for one in found.get("emails", [])} == model.emails
        members = {one["value"] for one in team.get("members", [])}
        assert (team["displayName"], members) == (model.name, {ids[number] for number in model.members})
        same = (before["displayName"], {one["value"] for one in before.get("members", [])}) == (model.name, members)
        assert same == (before["meta"]["version"] == team["meta"]["version"])


_NUMBERS = iter(range(10**9))


def _made(directory: Directory, kind: Kind, **attributes: str) -> str:
    body = directory.create(kind, attributes, {}).body
    assert body is not None
    return str(body["id"])


def _patch(directory: Directory, kind: Kind, ident: str, operations: list[Operation]) -> None:
    directory.patch(kind, ident, {"schemas": [PATCH_OP], "Operations": operations}, {}, Conditions())


def _shown(directory: Directory, kind: Kind, ident: str) -> dict[str, Any]:
    body = directory.read(kind, ident, {}, Conditions()).body
    assert body is not None
    return dict(body)
