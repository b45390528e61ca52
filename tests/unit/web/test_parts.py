"""Small parts of the console: limits, paths, static files, and how a change reads."""

from __future__ import annotations

import re
import string
from importlib.resources import files
from typing import ClassVar
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.grants import GrantKind
from connector.domain.plan import Action, Change
from connector.web.app import Waker
from connector.web.launched import video
from connector.web.limits import Budget, RateLimit
from connector.web.page import safe_path
from connector.web.static_files import StaticFiles
from connector.web.words import NO, NOTHING, YES, Difference, differences, reason_of

HERE = "https://connector.example.com"


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


# ---------------------------------------------------------------- limits
def test_an_address_has_its_share_and_no_more() -> None:
    """Three in a minute, then none until the first is a minute ago; others are not touched."""
    watch = Watch()
    limit = RateLimit(3, 60, clock=watch)
    assert [limit.allows("a") for _ in range(5)] == [True, True, True, False, False]
    assert limit.allows("b")
    watch.now = 59.9
    assert not limit.allows("a")
    watch.now = 60
    assert [limit.allows("a") for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 30)), max_size=80))
def test_never_more_than_the_share_in_any_minute(tries: list[tuple[str, float]]) -> None:
    """Whenever they come."""
    watch, passed = Watch(), []
    limit = RateLimit(4, 60, clock=watch)
    for address, wait in tries:
        watch.now += wait
        if limit.allows(address):
            passed.append((address, watch.now))
    for address, at in passed:
        assert sum(other == address and at - 60 < time <= at for other, time in passed) <= 4


def test_only_so_many_addresses_are_remembered() -> None:
    """Those that came last: memory does not grow with who knocks."""
    limit = RateLimit(1, 60, addresses=10, clock=Watch())
    assert all(limit.allows(str(number)) for number in range(1000))
    assert not limit.allows("999")
    assert len(limit._seen) == 10


def test_a_budget_comes_back_by_and_by() -> None:
    """What is spent beyond it is waited for, by whoever spent it alone; what was not spent does not add up."""
    watch = Watch()
    budget = Budget(60, 60, addresses=2, clock=watch)
    assert [budget.spend("a", 50), budget.spend("a", 40), budget.spend("b", 1)] == [0, 30, 0]
    watch.now = 29
    assert budget.spend("a") == 1
    watch.now = 600
    assert [budget.spend("a", 60), budget.spend("a", 5)] == [0, 5]
    budget.spend("c")
    assert budget.spend("b", 61) == 1, "who was forgotten begins anew"


@pytest.mark.anyio
async def test_a_file_that_is_under_way_goes_on_as_slowly_as_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it arrives: nothing breaks off, and what is beyond the budget is waited for."""
    watch, waited = Watch(), list[float]()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        watch.now += seconds

    monkeypatch.setattr(video, "sleep", sleep)
    budget = Budget(2, 60, clock=watch)
    pieces = [bytes([number]) for number in range(5)]
    assert [one async for one in video.paced(iter(pieces), lambda size: budget.spend("a", size))] == pieces
    assert waited == [30, 30, 30]


# ---------------------------------------------------------------- waking a job
def test_a_job_is_woken_where_the_schedule_can_be_asked() -> None:
    """Where it cannot, and before it runs, nothing happens: the clock has the next word."""

    class Schedule:
        asked: ClassVar[list[str]] = []

        def soon(self, job: str) -> None:
            self.asked.append(job)

    wake = Waker()
    wake("sync")
    wake.running = Schedule()
    wake("sync")
    assert Schedule.asked == ["sync"]


# ---------------------------------------------------------------- no open redirect
@pytest.mark.parametrize("path", ["/", "/holds", "/holds/3f2a?class=suspend&person=%E9%99%B3", "/holds?a=//b"])
def test_paths_of_this_site_are_kept(path: str) -> None:
    """With their query."""
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "holds", "",
     "/\t/evil.example", "/\n/evil.example", "///evil.example", "/holds\r\nSet-Cookie: a=b", "http:///evil.example"],
)  # fmt: skip
def test_other_paths_lead_to_the_first_page(path: str) -> None:
    """However they are disguised."""
    assert safe_path(path) == "/"


@given(st.text(st.sampled_from(string.ascii_lowercase + "/\\:@.?#%\t\n\r ")) | st.text())
def test_no_path_leads_away(path: str) -> None:
    """As a browser reads it: tabs and newlines are dropped, and backslashes are slashes."""
    kept = safe_path(path)
    as_browsers = "".join(letter for letter in kept if letter not in "\t\n\r").replace("\\", "/")
    assert urlsplit(urljoin(HERE, as_browsers)).netloc == urlsplit(HERE).netloc


# ---------------------------------------------------------------- static files
def test_static_files_are_known_by_their_content() -> None:
    """Each that a browser may have is served, under an address with its hash."""
    there = {one.name for one in (files("connector.web") / "static").iterdir()}
    assert {"console.css", "htmx.min.js", "htmx.LICENSE", "icon.svg"} <= there
    static = StaticFiles()
    assert static.address("console.css").startswith("/static/")
    with pytest.raises(KeyError):
        static.address("htmx.LICENSE")


# ---------------------------------------------------------------- how a change reads
def test_a_suspension_reads_as_no_and_yes() -> None:
    """Not as Moodle's 0 and 1."""
    change = Change(Action.SUSPEND_ACCOUNT, "E1", "", {"suspended": "0"}, {"suspended": "1"}, 1, "feed line 7")
    assert differences(change, with_values=False) == [Difference("Suspended", True, NO, YES)]
    assert reason_of(change) == ("line {line} of the feed", {"line": "7"})


def test_values_of_a_person_are_hidden_from_who_may_not_see_people() -> None:
    """The field is named; the value is not to be shown, custom fields included."""
    before = {"email": "a@example.test", "profile": {"cost": "1"}}
    after = {"email": "b@example.test", "profile": {"cost": "2"}}
    change = Change(Action.CHANGE_IDENTITY, "E1", "", before, after, 1)
    shown = differences(change, with_values=True)
    assert [(one.field, one.before, one.after) for one in shown] == [
        ("E-mail", "a@example.test", "b@example.test"),
        ("cost", "1", "2"),
    ]
    assert all(one.hidden for one in differences(change, with_values=False))


def test_what_is_taken_reads_as_its_target() -> None:
    """Terms of a membership that ends tell nothing."""
    change = Change(Action.REMOVE_FROM_COHORT, "E1", "unit-A", {"name": "A"}, {}, 1, "cohort", GrantKind.COHORT)
    assert differences(change, with_values=True) == [Difference("", True, "unit-A", NOTHING)]
    assert reason_of(change) == ("cohort", {})


def test_only_what_differs_is_shown() -> None:
    """An enrolment that is suspended keeps its role and path."""
    terms = {"role": "student", "path": "SAFETY", "granted_on": "2026-01-01", "on_loss": "suspend"}
    change = Change(Action.SUSPEND_ENROLMENT, "E1", "SAFE", terms, {**terms, "suspended": True}, 1)
    assert differences(change, with_values=True) == [Difference("Suspended", True, NO, YES)]


def test_pages_take_no_word_from_other_windows() -> None:
    """Any page may send some that frames ours: no script listens. One tells the platform alone that registering has
    ended."""
    told = []
    for one in (files("connector.web") / "static").iterdir():
        if one.name.endswith(".js") and not one.name.endswith(".min.js"):
            text = one.read_text("utf-8")
            assert not re.search(r"""["']message(?:error)?["']|\bonmessage\b""", text), one.name
            told += [(one.name, found) for found in re.findall(r"postMessage\(\{[^}]*\}, (\w+|[^)]*)\)", text)]
            assert text.count("postMessage") == text.count("postMessage({"), one.name
    assert told == [("lti-close.js", "platform")]
