-- name: people
-- Managed people as they stand now, with their account and names, for the facts. "doubtful": what the account says and what
-- is wanted, where the account has another idnumber and no person said that it is theirs.
SELECT p.person_id, p.key AS hr_key, b.account_id AS moodle_id, p.unit, p.unit_name, p.units_above, p.job_role,
       p.manager_id, connector.employment_status(p, %(now)s, 0) AS status, p.starts AS hired_on, p.ends AS left_on,
       p.timezone, COALESCE(a.fields ->> 'firstname', p.wanted ->> 'firstname', p.initial ->> 'firstname', '') AS firstname,
       COALESCE(a.fields ->> 'lastname', p.wanted ->> 'lastname', p.initial ->> 'lastname', '') AS lastname,
       COALESCE(a.fields ->> 'email', p.wanted ->> 'email', p.initial ->> 'email', '') AS email,
       CASE WHEN connector.folded(a.fields ->> 'idnumber') NOT IN ('', connector.folded(p.key))
             AND b.bound_by <> 'a person''s decision'
            THEN jsonb_build_object(
                'account', a.fields, 'wanted', p.initial || p.wanted, 'earlier_keys', p.earlier_keys,
                'birth_date', COALESCE(p.attributes ->> 'birth_date', p.wanted #>> '{profile,birth_date}',
                                       p.initial #>> '{profile,birth_date}', '')) END AS doubtful
FROM connector.person p
LEFT JOIN connector.binding b ON b.site = %(site)s AND b.person_id = p.person_id
LEFT JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE p.site = %(site)s

-- name: assignments
-- Requirements that the ledger holds or held.
SELECT l.grant_id, l.person_id, l.target AS requirement, (l.terms ->> 'granted_on')::date AS assigned_on,
       (l.terms ->> 'due_on')::date AS due_on, l.ended_at AS withdrawn_at
FROM connector.ledger l
WHERE l.site = %(site)s AND l.kind = 'assignment'

-- name: waivers
-- Requirements that people waived and by which the last plan went.
SELECT d.decision_id, person_id, d.code AS requirement, d.manager_id IS NULL AS by_hr, d.starts_on, d.ends_on
FROM connector.decision d JOIN connector.person p USING (person_id)
WHERE p.site = %(site)s AND d.in_force AND d.kind = 'waive'

-- name: courses
-- Moodle's ids of the courses that mappings name.
SELECT ref, moodle_id FROM connector.reference WHERE site = %(site)s AND kind = 'course'

-- name: lost_accounts
-- Accounts that Moodle no longer has.
SELECT account_id FROM connector.account WHERE site = %(site)s AND fields = '{}'

-- name: basis
-- What the people and assignments above depend on: while it stays the same on one day, they need not be taken again.
SELECT (SELECT max(feed_id) FROM connector.feed WHERE site = %(site)s AND status = 'accepted') AS feed_id,
       (SELECT max(received_at) FROM connector.feed WHERE site = %(site)s AND status = 'accepted') AS fed_at,
       (SELECT count(*) FROM connector.binding WHERE site = %(site)s) AS bound,
       (SELECT max(bound_at) FROM connector.binding WHERE site = %(site)s) AS bound_at,
       (SELECT max(seen_at) FROM connector.account WHERE site = %(site)s) AS seen_at,
       (SELECT max(r.run_id) FROM connector.run r JOIN connector.plan q ON q.number = r.plan
        WHERE r.site = %(site)s AND q.counts <> '{}') AS run_id,
       (SELECT max(r.finished_at) FROM connector.run r JOIN connector.plan q ON q.number = r.plan
        WHERE r.site = %(site)s AND q.counts <> '{}') AS run_at,
       (SELECT max(seen_at) FROM connector.reference WHERE site = %(site)s AND kind = 'course') AS referred_at,
       (SELECT max(GREATEST(imported_at, undone_at)) FROM connector.import_batch
        WHERE site = %(site)s AND status <> 'refused') AS imported_at
