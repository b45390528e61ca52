-- name: cohorts
-- Cohorts with members that were granted.
SELECT DISTINCT place_id FROM connector.ledger
WHERE site = %(site)s AND kind = 'cohort' AND ended_at IS NULL AND place_id IS NOT NULL
ORDER BY place_id

-- name: gone
CREATE TEMPORARY TABLE gone (account_id bigint, course_id bigint, read_at timestamptz) ON COMMIT DROP

-- name: member
CREATE TEMPORARY TABLE member (cohort_id bigint, account_id bigint) ON COMMIT DROP

-- name: end_enrolments
-- With an enrolment Moodle takes every role that the person has in the course. Accounts that are lost are a case.
UPDATE connector.ledger l SET ended_at = %(now)s, lost = true
FROM gone g
JOIN connector.binding b ON b.account_id = g.account_id AND b.site = %(site)s
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}'
WHERE l.site = %(site)s AND l.person_id = b.person_id AND l.place_id = g.course_id AND l.ended_at IS NULL
  AND (l.kind = 'enrolment' OR l.kind = 'role' AND split_part(l.target, ':', 1) LIKE '%%@course')
  AND l.granted_at < g.read_at

-- name: end_memberships
UPDATE connector.ledger l SET ended_at = %(now)s, lost = true
FROM connector.binding b, connector.account a
WHERE b.site = %(site)s AND b.person_id = l.person_id
  AND a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}'
  AND l.site = %(site)s AND l.kind = 'cohort' AND l.ended_at IS NULL AND l.granted_at < %(read_at)s
  AND l.place_id = ANY(%(cohorts)s)
  AND NOT EXISTS (SELECT FROM member m WHERE m.cohort_id = l.place_id AND m.account_id = b.account_id)

-- name: held
-- How many grants could be lost.
SELECT count(*) AS held FROM connector.ledger
WHERE site = %(site)s AND kind IN ('cohort', 'enrolment') AND ended_at IS NULL
