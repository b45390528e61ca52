-- name: forget_noted
-- Notes hold for one reading.
DELETE FROM connector.lost_grant WHERE site = %(site)s

-- name: cohorts
-- Cohorts with members that were granted, and how many.
SELECT place_id, count(*) AS members FROM connector.ledger
WHERE site = %(site)s AND kind = 'cohort' AND ended_at IS NULL AND place_id IS NOT NULL
GROUP BY place_id
ORDER BY place_id

-- name: courses
-- Courses in which somebody was enrolled or given a role.
SELECT DISTINCT place_id FROM connector.ledger
WHERE site = %(site)s AND ended_at IS NULL AND place_id IS NOT NULL
  AND (kind = 'enrolment' OR kind = 'role' AND split_part(target, ':', 1) LIKE '%%@course')
ORDER BY place_id

-- name: member
CREATE TEMPORARY TABLE member (cohort_id bigint, account_id bigint) ON COMMIT DROP

-- name: note_memberships
-- Who is in these cohorts no longer. Accounts that are lost are a case.
INSERT INTO connector.lost_grant (grant_id, site, read_at)
SELECT l.grant_id, l.site, %(read_at)s
FROM connector.ledger l
JOIN connector.binding b ON b.site = l.site AND b.person_id = l.person_id
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}'
WHERE l.site = %(site)s AND l.kind = 'cohort' AND l.ended_at IS NULL AND l.place_id = ANY(%(cohorts)s)
  AND NOT EXISTS (SELECT FROM member m WHERE m.cohort_id = l.place_id AND m.account_id = b.account_id)
ON CONFLICT DO NOTHING

-- name: note_cohorts
-- All members of cohorts that are gone.
INSERT INTO connector.lost_grant (grant_id, site, read_at)
SELECT grant_id, site, %(read_at)s FROM connector.ledger
WHERE site = %(site)s AND kind = 'cohort' AND ended_at IS NULL AND place_id = ANY(%(gone)s)
ON CONFLICT DO NOTHING

-- name: forget_cohorts
-- The name of a cohort that is gone leads nowhere, until it is made anew.
DELETE FROM connector.reference WHERE site = %(site)s AND kind = 'cohort' AND moodle_id = ANY(%(gone)s)

-- name: note_courses
-- Enrolments and roles in courses that are gone.
INSERT INTO connector.lost_grant (grant_id, site, read_at)
SELECT grant_id, site, %(read_at)s FROM connector.ledger
WHERE site = %(site)s AND ended_at IS NULL AND place_id = ANY(%(gone)s)
  AND (kind = 'enrolment' OR kind = 'role' AND split_part(target, ':', 1) LIKE '%%@course')
ON CONFLICT DO NOTHING

-- name: note_enrolments
-- With an enrolment Moodle takes every role that the person has in the course. Accounts that are lost are a case.
INSERT INTO connector.lost_grant (grant_id, site, read_at)
SELECT l.grant_id, l.site, g.read_at
FROM unnest(%(accounts)s::bigint[], %(courses)s::bigint[], %(read_at)s::timestamptz[]) AS g (account_id, course_id, read_at)
JOIN connector.binding b ON b.account_id = g.account_id AND b.site = %(site)s
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}'
JOIN connector.ledger l ON l.site = b.site AND l.person_id = b.person_id AND l.place_id = g.course_id
WHERE l.ended_at IS NULL
  AND (l.kind = 'enrolment' OR l.kind = 'role' AND split_part(l.target, ':', 1) LIKE '%%@course')
ON CONFLICT DO NOTHING

-- name: end_noted
-- What was given or altered after it was read as gone is left alone.
UPDATE connector.ledger l SET ended_at = %(now)s, lost = true
FROM connector.lost_grant n
WHERE n.site = %(site)s AND n.grant_id = l.grant_id AND l.ended_at IS NULL AND l.granted_at < n.read_at

-- name: held
-- How many grants could be lost.
SELECT count(*) AS held FROM connector.ledger
WHERE site = %(site)s AND ended_at IS NULL
  AND (kind IN ('cohort', 'enrolment', 'group') OR kind = 'role' AND split_part(target, ':', 1) LIKE '%%@course')
