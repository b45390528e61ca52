"""Matching: which account is this person's, and when nobody may guess."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.matching import Ambiguous, Match, NoMatch, Wanted, correlate, folded
from connector.domain.ports import Account

NOBODY: frozenset[int] = frozenset()


def account(number: int, **more: Any) -> Account:
    lastname = more.pop("lastname", "Keller")
    plain: dict[str, Any] = {
        "username": f"user{number}",
        "email": f"user{number}@example.test",
        "idnumber": "",
        "suspended": False,
        "auth": "oauth2",
        "fields": {"lastname": lastname},
    }
    return Account(number, **{**plain, **more})


def wanted(**more: Any) -> Wanted:
    plain = {
        "key": "E1",
        "idnumber": "E1",
        "username": "bruno",
        "email": "bruno@example.test",
        "lastname": "Keller",
        "unique_username": False,
    }
    return Wanted(**{**plain, **more})


def test_nobody_alike_is_a_new_account() -> None:
    """Without candidates there is nothing to guess."""
    assert correlate(wanted(), [], NOBODY, ()) == NoMatch()


def test_the_idnumber_comes_first() -> None:
    """An account with the idnumber is the person's, whatever its names are; e-mail alone does not outweigh it."""
    by_id = account(1, idnumber="e1", lastname="Other")
    by_email = account(2, email="bruno@example.test")
    assert correlate(wanted(), [by_email, by_id], NOBODY, ()) == Match(by_id, "idnumber")


def test_an_earlier_key_comes_next() -> None:
    """A declared earlier key stands for the person; the present one still comes before it."""
    old, new = account(1, idnumber="OLD"), account(2, idnumber="E1")
    person = wanted(earlier_keys=("OLDER", "OLD"))
    assert correlate(person, [old], NOBODY, ()) == Match(old, "earlier key")
    assert correlate(person, [old, new], NOBODY, ()) == Match(new, "idnumber")


def test_accounts_under_several_earlier_keys_are_a_case() -> None:
    """Two keys of before with an account each, in whatever order they are declared: nobody takes the first."""
    accounts = [account(1, idnumber="OLD"), account(2, idnumber="OLDER")]
    for keys in (("OLD", "OLDER"), ("OLDER", "OLD")):
        answer = correlate(wanted(earlier_keys=keys), accounts, NOBODY, ())
        assert isinstance(answer, Ambiguous)
        assert (answer.kind, set(answer.account_ids)) == ("two_matches", {1, 2})


def test_what_others_could_claim_is_a_case() -> None:
    """Whatever it matches by."""
    person = wanted(earlier_keys=("OLD",))
    for there in (account(1, idnumber="E1"), account(1, idnumber="OLD"), account(1, email="bruno@example.test")):
        answer = correlate(person, [there], NOBODY, (), contested={1})
        assert isinstance(answer, Ambiguous)
        assert (answer.kind, answer.account_ids) == ("already_bound", (1,))


def test_another_birth_date_outweighs_the_surname() -> None:
    """Father and son with one address: the surname alone says it only where no birth date speaks against it."""
    there = account(1, email="bruno@example.test", profile={"birth_date": "1960-05-05"})
    answer = correlate(wanted(birth_date="1990-02-28"), [there], NOBODY, ())
    assert isinstance(answer, Ambiguous)
    assert answer.kind == "email_taken"
    assert correlate(wanted(), [there], NOBODY, ()) == Match(there, "e-mail and surname")


def test_what_an_earlier_key_held_comes_before_all() -> None:
    """A rehire has the account that the person had, whatever idnumbers say; one that is another's now is a case."""
    old, new = account(1), account(2, idnumber="E1")
    person = wanted(former=frozenset({1}))
    assert correlate(person, [old, new], NOBODY, ()) == Match(old, "earlier binding")
    answer = correlate(person, [old, new], {1}, ())
    assert isinstance(answer, Ambiguous)
    assert answer.kind == "already_bound"


def test_email_and_birth_date() -> None:
    """Who married has another surname: the day of birth that Moodle shows says as much as the name."""
    there = account(1, email="bruno@example.test", lastname="Other", profile={"birth_date": "1990-02-28"})
    person = wanted(birth_date="1990-02-28")
    assert correlate(person, [there], NOBODY, ()) == Match(there, "e-mail and birth date")
    for other in (wanted(birth_date="1990-02-27"), wanted(birth_date="")):
        answer = correlate(other, [there], NOBODY, ())
        assert isinstance(answer, Ambiguous)
        assert answer.kind == "email_taken"
    nowhere = account(1, email="bruno@example.test", lastname="Other")
    assert isinstance(correlate(wanted(birth_date=""), [nowhere], NOBODY, ()), Ambiguous)


def test_two_by_surname_and_by_birth_date_are_two() -> None:
    """One address, one account with the name and another with the day of birth: a person decides."""
    there = [
        account(1, email="bruno@example.test"),
        account(2, email="bruno@example.test", lastname="Other", profile={"birth_date": "1990-02-28"}),
    ]
    answer = correlate(wanted(birth_date="1990-02-28"), there, NOBODY, ())
    assert isinstance(answer, Ambiguous)
    assert (answer.kind, answer.account_ids) == ("two_matches", (1, 2))


def test_the_same_name_and_username_is_a_suggestion() -> None:
    """An account by hand, of the same name, under the username that the rule makes: asked, never taken."""
    there = account(1, username="Bruno", fields={"lastname": "KELLER", "firstname": "Bruno"})
    person = wanted(unique_username=True, firstname="bruno")
    answer = correlate(person, [there], NOBODY, ())
    assert isinstance(answer, Ambiguous)
    assert (answer.kind, answer.account_ids) == ("same_name", (1,))
    assert correlate(wanted(unique_username=True, firstname="Anna"), [there], NOBODY, ()) == NoMatch()
    assert correlate(person, [replace(there, idnumber="X")], NOBODY, ()) == NoMatch()
    assert correlate(person, [there], {1}, ()) == NoMatch()
    born = replace(there, profile={"birth_date": "1990-02-28"})
    assert correlate(replace(person, birth_date="1970-01-01"), [born], NOBODY, ()) == NoMatch()


def test_a_suggestion_says_why_and_repeats_no_value() -> None:
    """What speaks for each account and what against it, so that a person can decide."""
    there = [
        account(7, email="bruno@example.test", lastname="Other"),
        account(8, email="bruno@example.test", idnumber="X9"),
    ]
    answer = correlate(wanted(), there, {8}, ())
    assert isinstance(answer, Ambiguous)
    assert "7: same e-mail, another surname" in answer.reason
    assert "8: same e-mail, same surname, has another idnumber, belongs to another person" in answer.reason
    assert not any(value in answer.reason for value in ("bruno", "Keller", "X9"))


def test_an_empty_key_matches_nobody() -> None:
    """Accounts made by hand have no idnumber: that is not the same idnumber."""
    assert correlate(wanted(idnumber="", earlier_keys=("",)), [account(1)], NOBODY, ()) == NoMatch()


def test_email_and_surname_in_whatever_writing() -> None:
    """Case and Unicode form are no difference."""
    there = account(1, email="BRUNO@Example.test", lastname=unicodedata.normalize("NFD", "MÜLLER"))
    assert correlate(wanted(lastname="Müller"), [there], NOBODY, ()) == Match(there, "e-mail and surname")


@pytest.mark.parametrize(
    ("there", "bound", "protected"),
    [
        (account(1, email="bruno@example.test", lastname="Other"), (), ()),
        (account(1, email="bruno@example.test", idnumber="X9"), (), ()),
        (account(1, email="bruno@example.test", username="admin"), (), ("admin",)),
        (account(1, email="bruno@example.test"), (1,), ()),
    ],
    ids=["another surname", "another idnumber", "protected", "bound"],
)
def test_an_email_alone_is_a_case(there: Account, bound: tuple[int, ...], protected: tuple[str, ...]) -> None:
    """Anything weaker than e-mail with surname of a free account is a suggestion to a person."""
    answer = correlate(wanted(), [there], bound, protected)
    assert isinstance(answer, Ambiguous)
    assert (answer.kind, answer.account_ids) == ("email_taken", (1,))


def test_no_email_is_nobodys_email() -> None:
    """People without an address are not all the same person."""
    assert correlate(wanted(email=""), [account(1, email="")], NOBODY, ()) == NoMatch()


@pytest.mark.parametrize(
    ("hits", "kind"),
    [
        ([account(1, idnumber="E1"), account(2, idnumber="e1")], "two_matches"),
        ([account(3, idnumber="E1")], "already_bound"),
        ([account(1, idnumber="E1", username="boss")], "protected"),
        ([account(1, email="bruno@example.test"), account(2, email="Bruno@example.test")], "two_matches"),
    ],
)
def test_what_is_not_free_and_single_is_a_case(hits: list[Account], kind: str) -> None:
    """Two candidates, a bound one or a protected one are never taken; the case names them."""
    answer = correlate(wanted(), hits, {3}, {"boss"})
    assert isinstance(answer, Ambiguous)
    assert answer.kind == kind
    assert answer.account_ids == tuple(hit.id for hit in hits)
    assert answer.reason


def test_a_taken_username_is_a_case_unless_a_number_may_be_added() -> None:
    """A username by rule gets a suffix; one that HR gives cannot."""
    there = account(1, username="Bruno")
    answer = correlate(wanted(), [there], NOBODY, ())
    assert isinstance(answer, Ambiguous)
    assert (answer.kind, answer.account_ids) == ("username_taken", (1,))
    assert correlate(wanted(unique_username=True), [there], NOBODY, ()) == NoMatch()


def test_what_was_deleted_in_moodle_is_nobody() -> None:
    """The mangled remains of an account match nothing."""
    gone = [account(1, idnumber="E1", deleted=True), account(2, email="bruno@example.test", deleted=True)]
    assert correlate(wanted(), gone, NOBODY, ()) == NoMatch()


few = st.sampled_from(["", "E1", "e1", "OLD", "X"])
accounts = st.lists(
    st.builds(
        lambda number, name, mail, key, last, deleted: account(
            number, username=name, email=mail, idnumber=key, lastname=last, deleted=deleted
        ),
        st.integers(1, 5),
        st.sampled_from(["bruno", "Bruno", "boss", "anna"]),
        st.sampled_from(["bruno@example.test", "BRUNO@example.test", "b@example.test", ""]),
        few,
        st.sampled_from(["Keller", "KELLER", "Other"]),
        st.booleans(),
    ),
    max_size=5,
    unique_by=lambda one: one.id,
)


@given(accounts, st.sets(st.integers(1, 5)), st.sets(st.sampled_from(["boss", "anna"])), st.booleans())
def test_a_match_is_always_free_single_and_alive(
    there: list[Account], bound: set[int], protected: set[str], unique: bool
) -> None:
    """Whatever Moodle holds: never an account that is bound, protected, deleted or one of several alike."""
    person = wanted(earlier_keys=("OLD",), unique_username=unique)
    answer = correlate(person, there, bound, protected)
    if isinstance(answer, Match):
        hit = answer.account
        assert hit in there
        assert not hit.deleted
        assert hit.id not in bound
        assert hit.username not in protected
        alive = [one for one in there if not one.deleted]
        if answer.by == "e-mail and surname":
            rivals = [
                one for one in alive
                if folded(one.email) == folded(hit.email) and not one.idnumber and one.username not in protected
                and one.id not in bound and folded(one.fields["lastname"]) == folded(hit.fields["lastname"])
            ]  # fmt: skip
            assert not hit.idnumber
        else:
            rivals = [one for one in alive if folded(one.idnumber) == folded(hit.idnumber)]
        assert rivals == [hit]
    elif isinstance(answer, Ambiguous):
        assert set(answer.account_ids) <= {one.id for one in there}


@given(accounts, st.randoms())
def test_the_order_in_which_moodle_answers_does_not_matter(there: list[Account], dice: Any) -> None:
    """The same candidates give the same answer."""
    shuffled = there[:]
    dice.shuffle(shuffled)
    one, other = (correlate(wanted(), some, {2}, {"boss"}) for some in (there, shuffled))
    if isinstance(one, Ambiguous) and isinstance(other, Ambiguous):
        assert (one.kind, set(one.account_ids)) == (other.kind, set(other.account_ids))
    else:
        assert one == other
