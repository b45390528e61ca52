-- name: wanted
-- Groups that are to be given by this plan to somebody, with the name that they are to have where they are not there.
SELECT DISTINCT ON (target) target, COALESCE(wanted ->> 'name', ref) AS name
FROM connector.differing_grant
WHERE plan = %(plan)s AND kind = 'group' AND wanted IS NOT NULL AND granted IS NULL
ORDER BY target, wanted ->> 'name'

-- name: place
-- In which course a group is.
INSERT INTO connector.course_group (site, group_id, course_id) VALUES (%(site)s, %(group_id)s, %(course_id)s)
ON CONFLICT (site, group_id) DO UPDATE SET course_id = excluded.course_id

-- name: granted
-- Groups with members that were granted, and how many.
SELECT place_id, count(*) AS members FROM connector.ledger
WHERE site = %(site)s AND kind = 'group' AND ended_at IS NULL AND place_id IS NOT NULL
GROUP BY place_id
ORDER BY place_id

-- name: member
CREATE TEMPORARY TABLE group_member (group_id bigint, account_id bigint) ON COMMIT DROP

-- name: note_memberships
-- Who is in these groups no longer. Accounts that are lost are a case.
INSERT INTO connector.lost_grant (grant_id, site, read_at)
SELECT l.grant_id, l.site, %(read_at)s
FROM connector.ledger l
JOIN connector.binding b ON b.site = l.site AND b.person_id = l.person_id
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id AND a.fields <> '{}'
WHERE l.site = %(site)s AND l.kind = 'group' AND l.ended_at IS NULL AND l.place_id = ANY(%(groups)s)
  AND NOT EXISTS (SELECT FROM group_member m WHERE m.group_id = l.place_id AND m.account_id = b.account_id)
ON CONFLICT DO NOTHING

-- name: note_gone
-- All members of groups that are gone.
INSERT INTO connector.lost_grant (grant_id, site, read_at)
SELECT grant_id, site, %(read_at)s FROM connector.ledger
WHERE site = %(site)s AND kind = 'group' AND ended_at IS NULL AND place_id = ANY(%(gone)s)
ON CONFLICT DO NOTHING

-- name: forget
-- The name of a group that is gone leads nowhere, until it is made anew.
DELETE FROM connector.reference WHERE site = %(site)s AND kind = 'group' AND moodle_id = ANY(%(gone)s)
