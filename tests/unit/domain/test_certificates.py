"""Certificates: who has earned one, numbers that never meet, codes, names as they are printed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connector.domain.certificates import (
    ALPHABET,
    CHOSEN,
    CODE_BITS,
    Achievement,
    CertificateState,
    CertificateTemplate,
    Held,
    code_of,
    earned,
    number_of,
    printed_name,
    read_code,
    same_number,
    serials_of,
    shape_of,
    state_of,
    validity,
    wrong_number,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
PEOPLE = st.integers(1, 3)
DEEDS = st.sampled_from(["a", "b", "c", "d"])
MOMENTS = st.integers(0, 40).map(lambda hours: NOON + timedelta(hours=12 * hours))
ACHIEVEMENTS = st.lists(st.builds(Achievement, PEOPLE, DEEDS, MOMENTS), max_size=12)
HELD = st.lists(st.builds(Held, PEOPLE, DEEDS, MOMENTS, st.booleans(), st.booleans()), max_size=8)
PIECES = st.text("AB0129-._", max_size=4)
PATTERNS = st.builds(
    lambda start, middle, end, width, swapped: (
        f"{start}{{serial:0{width}}}{middle}{{year}}{end}"
        if swapped
        else f"{start}{{year}}{middle}{{serial:0{width}}}{end}"
    ),
    PIECES,
    PIECES,
    PIECES,
    st.integers(1, 6),
    st.booleans(),
)


def held(one: Achievement) -> Held:
    return Held(one.person_id, one.deed, one.earned_at, by_hand=False, revoked=False)


@given(ACHIEVEMENTS, HELD)
def test_who_has_earned_one_gets_it_once(achievements: list[Achievement], before: list[Held]) -> None:
    """No deed twice, nothing older than what somebody has, and once all is issued nothing is left to issue."""
    found = earned(achievements, before)
    assert earned(achievements, [*before, *map(held, found)]) == []
    deeds = [(one.person_id, one.deed) for one in found]
    assert len(deeds) == len(set(deeds))
    assert set(deeds).isdisjoint({(one.person_id, one.deed) for one in before})
    for one in found:
        counted = [h for h in before if h.person_id == one.person_id and not (h.by_hand and h.revoked)]
        assert all(one.earned_at - h.earned_at >= timedelta(days=1) for h in counted)


@given(ACHIEVEMENTS)
def test_nobody_who_has_earned_one_is_forgotten(achievements: list[Achievement]) -> None:
    """Whoever has done it and holds none gets one, for the first time that it was done."""
    found = earned(achievements, [])
    for person in {one.person_id for one in achievements}:
        first = min(one.earned_at for one in achievements if one.person_id == person)
        assert min(one.earned_at for one in found if one.person_id == person) == first


def test_what_was_revoked() -> None:
    """By hand and revoked, as by mistake: it can still be earned. What a rule issued is issued once for a deed."""
    deed = Achievement(1, "requirement FIRE 7 1", NOON)
    assert earned([deed], [Held(1, "by hand", NOON, by_hand=True, revoked=True)]) == [deed]
    assert earned([deed], [Held(1, "by hand", NOON, by_hand=True, revoked=False)]) == []
    assert earned([deed], [Held(1, deed.deed, NOON, by_hand=False, revoked=True)]) == []
    again = Achievement(1, "requirement FIRE 7 2", NOON + timedelta(days=365))
    assert earned([deed, again], [Held(1, deed.deed, NOON, by_hand=False, revoked=True)]) == [again]


@pytest.mark.parametrize(
    ("months", "revoked", "days", "earns"),
    [
        (12, False, 200, False),
        (12, False, 340, True),
        (12, False, 500, True),
        (None, False, 5000, False),
        (12, True, 0.1, True),
        (None, True, 0.1, True),
    ],
)
def test_content_that_is_passed_again(months: int | None, revoked: bool, days: float, earns: bool) -> None:
    """As often as somebody likes: it earns the next certificate near the end of the last, or if that was revoked."""
    template = CertificateTemplate("T", {}, "", "", months=months, content=CHOSEN, window_days=30)
    again = Achievement(1, "attempt 2", NOON + timedelta(days=days))
    before = Held(1, "attempt 1", NOON, by_hand=False, revoked=revoked)
    assert earned([again], [before], template.again_from) == [again] * earns


def test_which_content_gives_a_certificate() -> None:
    """The one of the rule, or all whose authors have chosen it."""
    chosen, one = (CertificateTemplate("T", {}, "", "", content=content) for content in (CHOSEN, "id"))
    assert [chosen.is_given_by("id", code) for code in ("T", "U", "")] == [True, False, False]
    assert [one.is_given_by(content, "") for content in ("id", "other")] == [True, False]


@given(
    PATTERNS, PATTERNS, st.integers(1000, 9999), st.integers(1, 10**7), st.integers(1000, 9999), st.integers(1, 10**7)
)
def test_numbers_never_meet(one: str, other: str, year: int, serial: int, year2: int, serial2: int) -> None:
    """Of one pattern another year or serial gives another number; patterns that may meet have one shape."""
    assert wrong_number(one) is None
    if (year, serial) != (year2, serial2):
        assert number_of(one, year, serial) != number_of(one, year2, serial2)
    found = re.match(serials_of(one, year), number_of(one, year, serial))
    assert found is not None and int(found[1]) == serial
    assert (re.match(serials_of(one, year), number_of(one, year2, serial2)) is None) == (year != year2)
    assume(shape_of(one) != shape_of(other))
    assert not same_number(number_of(one, year, serial), number_of(other, year2, serial2))


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("FIRE-{serial}", "needs {year} and {serial}"),
        ("FIRE-{year}", "needs {year} and {serial}"),
        ("{year}-{year}-{serial}", "needs {year} and {serial}"),
        ("{year}-{serial}-{serial}", "needs {year} and {serial}"),
        ("{year}/{serial}", "may have letters"),
        ("{year}-{serial:x}", "needs {year} and {serial}"),
        ("火{year}-{serial}", "may have letters"),
        ("{year}-{serial}{code}", "may have letters"),
        (f"{'A' * 50}{{year}}-{{serial}}", "gives numbers of over 60"),
    ],
)
def test_a_wrong_pattern(pattern: str, what: str) -> None:
    """What it lacks is said."""
    assert (wrong_number(pattern) or "").startswith(what)


def test_a_number() -> None:
    """With zeros before the serial where the pattern says so, and more digits once they are needed."""
    pattern = "FIRE-{year}-{serial:06}"
    assert wrong_number(pattern) is None
    assert number_of(pattern, 2026, 42) == "FIRE-2026-000042"
    assert number_of(pattern, 2026, 12_345_678) == "FIRE-2026-12345678"


@given(st.integers(0, 2**CODE_BITS - 1), st.integers(0, 2**CODE_BITS - 1))
def test_a_code_is_read_as_it_may_be_typed(chance: int, other: int) -> None:
    """In any case, without hyphens, in wide letters, O for 0, I or L for 1; all bits are in it, and two differ."""
    code = code_of(chance)
    assert len(code) == 23
    assert set(code) <= {*ALPHABET, "-"}
    assert read_code(code) == code
    assert read_code(f" {code.lower().replace('-', ' ')} ") == code
    assert read_code(code.replace("0", "o").replace("1", "l").replace("-", "")) == code
    assert read_code("".join(chr(ord(letter) + 0xFEE0) for letter in code)) == code
    assert (code_of(other) == code) == (other == chance)


@pytest.mark.parametrize("text", ["", "ABC", "U" * 20, "É" * 20, "A" * 21, "A" * 10**6, "\x00" * 20, "٣" * 20])
def test_what_cannot_be_a_code(text: str) -> None:
    """Is read as nothing."""
    assert read_code(text) == ""


def test_validity_is_of_whole_days_where_the_person_is() -> None:
    """The last day counts whole; a month that is shorter ends it; for ever is for ever."""
    until = validity(12, datetime(2026, 2, 28, 20, tzinfo=UTC), "Asia/Taipei")
    assert until.on == date(2027, 3, 1), "it was March in Taipei"
    assert until.at == datetime(2027, 3, 1, 16, tzinfo=UTC)
    assert validity(1, datetime(2026, 1, 31, 12, tzinfo=UTC), "UTC").on == date(2026, 2, 28)
    assert validity(None, NOON, "UTC") == validity(None, NOON, "Asia/Taipei")
    assert state_of(until.at, None, until.at) is CertificateState.EXPIRED
    assert state_of(until.at, None, until.at - timedelta(seconds=1)) is CertificateState.VALID
    assert state_of(None, None, NOON) is CertificateState.VALID
    assert state_of(until.at, NOON, until.at) is CertificateState.REVOKED


@pytest.mark.parametrize(
    ("first", "last", "lang", "printed"),
    [
        ("小明", "王", "zh_tw", "王小明"),
        ("小明", "王", "en", "王小明"),
        ("민준", "김", "en", "김민준"),
        ("Thị Hồng Ngọc", "Nguyễn", "vi", "Nguyễn Thị Hồng Ngọc"),
        ("Zoë", " O'Łódź-Smith ", "fr_ca", "Zoë O'Łódź-Smith"),
        ("David", "王", "zh_tw", "David 王"),
        ("Madonna", "", "en", "Madonna"),
        ("", "สมชาย", "en", "สมชาย"),
        ("e\u0301", "X", "en", "é X"),
    ],
)
def test_a_name_is_printed_as_it_is_said(first: str, last: str, lang: str, printed: str) -> None:
    """The family first where that is the custom, without a space in Chinese."""
    assert printed_name(first, last, lang) == printed
