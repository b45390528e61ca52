"""What must never be in the facts, and how much of it there is; the queries are in ``queries/checks.sql``."""

from __future__ import annotations

from collections.abc import Mapping

from connector.store.database import Database

CHECKS: Mapping[str, str] = {
    "versions": "versions that overlap or end before they begin",
    "enrolment_person": "enrolments of nobody known",
    "enrolment_course": "enrolments in no known course",
    "completion_person": "completions of nobody known",
    "completion_course": "completions in no known course",
    "completion_time": "completions without a time, or with one before they are complete",
    "grade_person": "grades of nobody known",
    "grade_course": "grades in no known course",
    "attempt": "attempts that were put away and hold still, or were known before they were completed",
    "activity_person": "activity completions of nobody known",
    "activity_known": "activity completions in no known activity",
    "item_accepted": "grade items of a type that Moodle does not have",
    "item_grade_person": "grades of items of nobody known",
    "item_grade_item": "grades of no known item, or of a total",
    "grade_change_person": "changes of grades of nobody known",
    "grade_change_unique": "changes of grades that are there twice",
    "grade_change_chain": "changes of grades that do not begin where the one before ended",
    "grade_change_last": "grades that are other than their last change says",
    "launched_attempt": "attempts at no known content, submitted before they began, or behind no first one",
    "launched_response": "questions that are more than right, less than wrong, or without a result in the end",
    "launched_time": "time spent below nothing",
    "certificate_template": "certificates of no known template",
    "assignment_person": "assignments of nobody known",
    "assignment_cycle": "assignments whose earlier cycle is missing",
    "assignment_expiry": "assignments that expire without ever being satisfied",
    "person_name": "people without a name",
    "unit_parent": "units whose unit above is missing",
    "closure": "units that are not below themselves or the unit above",
    "summary_compliance": "sums of compliance that differ from a count",
}
"""What must never be, by the names of queries that look for it."""


def checks(database: Database) -> dict[str, int]:
    """How many rows there are of what must never be, by the names of CHECKS; what is well is left out."""
    found = {name: len(database.rows(f"checks.{name}")) for name in CHECKS}
    return {name: count for name, count in found.items() if count}
