"""Which groups are to be made, and what they are called: for any names and idnumbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.grants import GrantKind, GroupTarget, Place, place_of
from connector.domain.ports import Group
from connector.sync.plan_groups import Groups

words = st.text(st.sampled_from("Aab: "), min_size=1, max_size=4).map(str.strip).filter(bool)


@given(st.sets(words, min_size=1), st.data())
def test_no_two_groups_of_a_course_get_one_name(idnumbers: set[str], data: st.DataObject) -> None:
    """Neither with each other nor with those that are there, whatever the letters; each is made once."""
    there = data.draw(st.lists(words, unique_by=str.casefold))
    names = {f"C:{idnumber}": data.draw(words) for idnumber in idnumbers}
    present = [Group(number, 7, "", name) for number, name in enumerate(there, 1)]
    made = Groups(names, {}, {"C": 7}, {7: present}).creations(names)
    assert sorted(change.subject for change in made) == sorted(names)
    assert {change.after["course"] for change in made} == {7}
    assert [f"C:{change.after['idnumber']}" for change in made] == [change.subject for change in made]
    called = [change.after["name"] for change in made]
    assert all(name.startswith(names[change.subject]) for name, change in zip(called, made, strict=True))
    if not any("(" in name for name in there):
        assert len({name.casefold() for name in [*called, *there]}) >= len(there) + len(
            {(names[one].casefold(), GroupTarget.parse(one).group.casefold()) for one in names}
        )


def test_a_long_name_leaves_room_for_the_idnumber() -> None:
    """Moodle holds 254 characters."""
    names = {"C:one": "n" * 254, "C:two": "n" * 254}
    first, second = Groups(names, {}, {"C": 7}, {7: []}).creations(names)
    assert first.after["name"] == "n" * 254
    assert second.after["name"] == "n" * 248 + " (two)"


def test_what_is_there_is_not_made() -> None:
    """Nor what nobody is put into."""
    groups = Groups({"C:a": "A", "C:b": "B"}, {"C:a": Group(1, 7, "a", "A")}, {"C": 7}, {7: []})
    assert [change.subject for change in groups.creations(["C:a"])] == []
    assert groups.unreadable == set()
    assert Groups({"C:a": "A"}, {}, {"C": 7}, {}).unreadable == {"C:a"}


@pytest.mark.parametrize(("target", "course", "group"), [("C:a", "C", "a"), ("C 1:a:b", "C 1", "a:b")])
def test_the_target_of_a_group(target: str, course: str, group: str) -> None:
    """The first colon parts course and group; the place is the group itself."""
    assert GroupTarget.parse(target) == GroupTarget(course, group)
    assert str(GroupTarget(course, group)) == target
    assert place_of(GrantKind.GROUP, target) == Place("group", target)
