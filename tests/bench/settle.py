"""The database as it is when everything that was wanted has been applied, without a Moodle to apply it to.

Written straight into the tables, as an apply of many hours would leave them. A plan made afterwards has to be empty,
which the bench checks: so this cannot go astray unseen when the tables change.
"""

from __future__ import annotations

from datetime import datetime

from connector.store.database import Database

_STEPS = (
    """INSERT INTO connector.account (site, account_id, fields, suspended, seen_at)
       SELECT %(site)s, person_id + 1000,
              initial || wanted || jsonb_build_object('profile',
                  COALESCE(initial -> 'profile', '{}') || COALESCE(wanted -> 'profile', '{}')),
              false, %(now)s
       FROM connector.person""",
    """INSERT INTO connector.binding (site, person_id, account_id, bound_at, bound_by)
       SELECT %(site)s, person_id, person_id + 1000, %(now)s, 'created' FROM connector.person""",
    """UPDATE connector.person p SET manager_id = m.person_id FROM connector.person m
       WHERE m.source = p.source AND m.key = p.manager_key AND m.person_id <> p.person_id""",
    """INSERT INTO connector.ledger (site, person_id, kind, target, terms, ours, granted_at, plan, ordinal)
       SELECT %(site)s, person_id, kind, target,
              terms || jsonb_build_object('granted_on', %(now)s::timestamptz::date, 'timezone', 'UTC'),
              true, %(now)s, 0, row_number() OVER ()
       FROM connector.wanted_grant""",
    "ANALYZE connector.account",
    "ANALYZE connector.binding",
    "ANALYZE connector.ledger",
    "ANALYZE connector.person",
)
_COHORTS = "SELECT DISTINCT target, terms ->> 'name' AS name FROM connector.wanted_grant WHERE kind = 'cohort'"


def settle(database: Database, site: str, now: datetime) -> dict[str, str]:
    """Give everybody the account and the grants that are wanted; returns the cohorts, name by idnumber."""
    with database.transaction() as connection:
        for step in _STEPS:
            connection.execute(step, {"site": site, "now": now})
        rows = connection.execute(_COHORTS).fetchall()
    return {row["target"]: row["name"] for row in rows}
