-- name: employee
-- A person by key, as decisions see one.
SELECT p.person_id, p.key, connector.employment_status(p, %(now)s, 0) AS status, p.timezone
FROM connector.person p WHERE p.site = %(site)s AND p.key = %(key)s

-- name: managers
-- A person and everybody above, each with their manager. What leads back to itself is followed once.
WITH RECURSIVE up (person_id, manager_id) AS (
    SELECT person_id, manager_id FROM connector.person WHERE person_id = %(person_id)s
    UNION
    SELECT p.person_id, p.manager_id FROM up JOIN connector.person p ON p.person_id = up.manager_id
)
SELECT person_id, manager_id FROM up

-- name: keep
-- A decision, unless one on the same falls within the same days.
INSERT INTO connector.decision (person_id, kind, subject, code, reason, decided_by, manager_id, starts_on, ends_on, decided_at)
SELECT %(person_id)s, %(kind)s, %(subject)s, %(code)s, %(reason)s, %(decided_by)s, %(manager_id)s::bigint,
       %(starts_on)s::date, %(ends_on)s::date, %(now)s
WHERE NOT EXISTS (
    SELECT FROM connector.decision d
    WHERE d.person_id = %(person_id)s AND d.subject = %(subject)s AND d.code = %(code)s AND d.withdrawn_at IS NULL
      AND daterange(d.starts_on, d.ends_on, '[]') && daterange(%(starts_on)s::date, %(ends_on)s::date, '[]'))
RETURNING decision_id

-- name: lock_person
-- Two who decide on one person at once do so one after the other.
SELECT person_id FROM connector.person WHERE person_id = %(person_id)s FOR NO KEY UPDATE

-- name: find
-- One decision.
SELECT d.decision_id AS number, d.kind, d.subject, d.code, d.person_id, p.key AS person, d.reason, d.decided_by,
       d.manager_id IS NULL AS by_hr, d.starts_on, d.ends_on, d.decided_at, d.withdrawn_at, d.in_force
FROM connector.decision d JOIN connector.person p USING (person_id)
WHERE p.site = %(site)s AND d.decision_id = %(number)s

-- name: list
-- Decisions; with a moment, those that are neither withdrawn nor over then.
SELECT d.decision_id AS number, d.kind, d.subject, d.code, d.person_id, p.key AS person, d.reason, d.decided_by,
       d.manager_id IS NULL AS by_hr, d.starts_on, d.ends_on, d.decided_at, d.withdrawn_at, d.in_force
FROM connector.decision d JOIN connector.person p USING (person_id)
WHERE p.site = %(site)s
  AND (%(now)s::timestamptz IS NULL OR d.withdrawn_at IS NULL
       AND (d.ends_on IS NULL OR d.ends_on >= (%(now)s::timestamptz AT TIME ZONE p.timezone)::date))
ORDER BY d.decision_id

-- name: withdraw
-- A decision is taken back.
UPDATE connector.decision d SET withdrawn_at = %(now)s, withdrawn_by = %(by)s
FROM connector.person p
WHERE p.person_id = d.person_id AND p.site = %(site)s AND d.decision_id = %(number)s AND d.withdrawn_at IS NULL

-- name: drop_assignable
DELETE FROM connector.assignable WHERE site = %(site)s

-- name: add_assignable
INSERT INTO connector.assignable (site, subject, code, kind, target, terms, level, ref)
VALUES (%(site)s, %(subject)s, %(code)s, %(kind)s, %(target)s, %(terms)s, %(level)s, %(ref)s)

-- name: weigh
-- Which decisions hold at this moment, in the time zone of each person: a plan goes by these.
UPDATE connector.decision d SET in_force = NOT d.in_force
FROM connector.person p
WHERE p.person_id = d.person_id AND p.site = %(site)s AND d.in_force <> (
    d.withdrawn_at IS NULL
    AND (%(now)s::timestamptz AT TIME ZONE p.timezone)::date BETWEEN d.starts_on AND COALESCE(d.ends_on, 'infinity'))
