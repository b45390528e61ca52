"""What administrators of microsoft/o365-moodle had to mend by hand: each cause is here, and does no harm.

In its issue 1650 accounts were deleted while Microsoft was away, in 1325 legitimate accounts were suspended because
they were not found in what had been read, in 2048 a page failed, the tokens were reset, and everybody who had not come
was suspended; in 2543 one synchronisation of 80,000 people took eight hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from connector.domain.errors import AccessRefused, ConnectorError, FeedRefused
from connector.settings.sources import AccessSettings, PagingSettings, RestSettings
from connector.sync.intake import Progress
from tests.support import HASTE, House, Row, Seen, rows
from tests.unit.test_fetch_rest import Answer, Api, Handle, ok, serving

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
COUNT, PAGE = 60, 10
MAPPING = """
version: 1
source: {name: entra, format: json}
key: {column: id}
person:
  username: {column: upn, transforms: [lower]}
  firstname: {column: first}
  lastname: {column: last}
  email: {column: upn, transforms: [lower]}
  unit: {value: All}
cohorts:
  - {idnumber: everybody, name: Everybody}
"""
PEOPLE = [
    {"id": f"{number}", "upn": f"u{number}@example.test", "first": "Ann", "last": f"Number {number}"}
    for number in range(COUNT)
]


class Graph:
    """A directory's API with pages and tokens; ``otherwise`` answers in its stead where it gives something."""

    def __init__(self) -> None:
        self.otherwise: Callable[[int, str], Answer | None] = lambda _page, _token: None
        self.tokens: list[str] = []

    def handle(self, path: str, headers: dict[str, str], api: Api) -> Answer:
        if path == "/token":
            page, token = -1, ""
        else:
            page, token = int(parse_qs(urlsplit(path).query).get("skip", ["0"])[0]), headers["authorization"]
        if found := self.otherwise(page, token):
            return found
        if page < 0:
            self.tokens.append(f"t{len(self.tokens)}")
            return ok({"access_token": self.tokens[-1], "expires_in": 3600})
        value: dict[str, object] = {"value": PEOPLE[page : page + PAGE]}
        if page + PAGE < COUNT:
            value["next"] = f"{api.url}/users?skip={page + PAGE}"
        return ok(value)


@pytest.fixture
def graph(house: House) -> Iterator[Graph]:
    """An installation that reads a directory's API, and has everybody of it in Moodle."""
    told = Graph()
    handle: Handle = told.handle
    with serving(handle) as api:
        for file in house.mapping.iterdir():
            file.unlink()
        (house.mapping / "mapping.yaml").write_text(MAPPING, "utf-8")
        source = RestSettings(
            kind="rest",
            url=f"{api.url}/users",
            records="value",
            access=AccessSettings(
                kind="client_credentials", token_url=f"{api.url}/token", client_id="us", secret=SecretStr("k")
            ),
            paging=PagingSettings(kind="next", path="next"),
            allowed=frozenset({"127.0.0.1"}),
        )
        house.settings = house.settings.model_copy(update={"sources": {"entra": source}, "data_dir": house.folder})
        house.reopen()
        yield told


def silently(_name: str) -> AbstractContextManager[Progress]:
    return nullcontext(lambda _rows: None)


async def sync(house: House) -> None:
    """What the schedule does, and the plan that would come of what is known, should that fail."""
    async with house.way() as way:
        await way.sync()


async def nothing_happens(house: House, moodle: Seen, error: type[ConnectorError]) -> None:
    """Three days in a row the run fails, and neither the people nor a plan have changed."""
    before = house.sql("SELECT * FROM connector.person ORDER BY key")
    for _ in range(3):
        house.clock.forward(hours=25)
        with pytest.raises(error):
            await sync(house)
        await house.sync()
    assert house.sql("SELECT * FROM connector.person ORDER BY key") == before
    assert len(moodle.people()) == COUNT
    assert not any(moodle.suspended(key) for key in moodle.people())


@pytest.mark.parametrize("page", range(0, COUNT, PAGE))
async def test_1650_the_source_goes_away_while_it_is_read(house: House, moodle: Seen, graph: Graph, page: int) -> None:
    """An outage of the directory at any page is an outage, and nobody is missing for it."""
    await sync(house)
    graph.otherwise = lambda asked, _token: (410, {}, b"gone") if asked >= page else None
    await nothing_happens(house, moodle, ConnectorError)


@pytest.mark.parametrize(
    "people", [[], PEOPLE[:1], PEOPLE[:30], PEOPLE[:53]], ids=["nobody", "one", "half", "fewer than nine tenths"]
)
async def test_1325_a_short_answer_that_says_it_is_well(
    house: House, moodle: Seen, graph: Graph, people: list[dict[str, str]]
) -> None:
    """Status 200 with fewer people than there are is refused as a whole, day after day."""
    await sync(house)
    graph.otherwise = lambda asked, _token: ok({"value": people}) if asked >= 0 else None
    await nothing_happens(house, moodle, FeedRefused)


async def test_1325_a_short_answer_that_is_almost_whole(house: House, moodle: Seen, graph: Graph) -> None:
    """Who is missing once, in an answer that may pass, is not gone."""
    await sync(house)
    graph.otherwise = lambda asked, _token: ok({"value": PEOPLE[:54]}) if asked >= 0 else None
    house.clock.forward(hours=25)
    await sync(house)
    graph.otherwise = lambda _page, _token: None
    house.clock.forward(hours=25)
    await sync(house)
    assert not any(moodle.suspended(key) for key in moodle.people())
    assert (await house.plan()).size == 0


@pytest.mark.parametrize("page", range(PAGE, COUNT, PAGE))
async def test_2048_a_token_that_expires_between_two_pages(
    house: House, moodle: Seen, graph: Graph, page: int
) -> None:
    """It is renewed and the page asked for again; where no new one is given, there is no feed."""
    await sync(house)
    first = graph.tokens[-1]
    graph.otherwise = lambda asked, token: (401, {}, b"") if asked >= page and token == f"Bearer {first}" else None
    house.clock.forward(hours=25)
    await sync(house)
    assert (await house.plan()).size == 0
    graph.otherwise = lambda asked, _token: (401, {}, b"") if asked >= page else None
    await nothing_happens(house, moodle, AccessRefused)


@pytest.mark.parametrize("body", [b'{"error": {"code": "InternalServerError"}}', b"", b"<html>Sorry</html>"])
async def test_2048_a_page_that_is_an_error_with_status_200(
    house: House, moodle: Seen, graph: Graph, body: bytes
) -> None:
    """What is no list of people is no end of the list."""
    await sync(house)
    graph.otherwise = lambda asked, _token: (200, {}, body) if asked >= 20 else None
    await nothing_happens(house, moodle, FeedRefused)


@pytest.mark.parametrize("count", [100, 1000])
async def test_2543_calls_grow_by_batches_and_not_by_people(house: House, count: int) -> None:
    """A first load, a day on which one in ten has news, and a day without any: no call is made for one person."""
    people = rows(count, unit="Field")
    first = await calls_of(house, people)
    batches = {"core_user_create_users": 50, "core_cohort_add_cohort_members": 200, "enrol_manual_enrol_users": 100}
    for function, size in batches.items():
        assert 1 <= first[function] <= 2 * (count // size) + HASTE.workers, (function, first)
    assert first.total() <= 20 + count / 10, first
    news = await calls_of(house, [{**one, "city": "New"} if n % 10 == 0 else one for n, one in enumerate(people)])
    assert 1 <= news["core_user_update_users"] <= HASTE.workers + count // 1000, news
    assert news.total() <= 12 + count / 200, news
    assert (await calls_of(house, None)).total() <= 5


async def calls_of(house: House, people: list[Row] | None) -> Counter[str]:
    """The calls that one run makes of Moodle, in which everything is done."""
    before = Counter(house.twin.state.calls)
    applied = await house.sync(people)
    assert (applied.tally.refused, applied.tally.waiting, applied.held) == (0, 0, ())
    made = Counter(house.twin.state.calls) - before
    made.pop("core_user_get_users", None)  # look-ups by address go many in one request, which is counted
    return made
