-- name: of
-- Ids that are known of these names.
SELECT ref, moodle_id FROM connector.reference WHERE site = %(site)s AND kind = %(kind)s AND ref = ANY(%(refs)s)

-- name: remember
-- Moodle's id of something that mappings name.
INSERT INTO connector.reference (site, kind, ref, moodle_id, seen_at)
VALUES (%(site)s, %(kind)s, %(ref)s, %(moodle_id)s, %(now)s)
ON CONFLICT (site, kind, ref) DO UPDATE SET moodle_id = excluded.moodle_id, seen_at = excluded.seen_at

-- name: known_courses
-- Names of courses with their ids, but for those that a person has decided.
SELECT r.ref, r.moodle_id FROM connector.reference r
WHERE r.site = %(site)s AND r.kind = 'course' AND NOT EXISTS (
    SELECT FROM connector."case" c
    WHERE c.site = r.site AND c.kind = 'missing_course' AND c.subject = r.ref AND c.settled_at IS NOT NULL
      AND c.withdrawn_at IS NULL)

-- name: follow
-- Grants in a course that has given its name to another one: their own name says in which course they are. Of a role's
-- target the name of its course comes last, behind a colon, of a group's first.
UPDATE connector.ledger l SET target = l.target || ' (course ' || m.course_id || ')'
FROM (
    SELECT l.grant_id, r.moodle_id, CASE l.kind WHEN 'group' THEN g.course_id ELSE l.place_id END AS course_id
    FROM connector.ledger l
    LEFT JOIN connector.course_group g ON l.kind = 'group' AND g.site = l.site AND g.group_id = l.place_id
    JOIN connector.reference r ON r.site = l.site AND r.kind = 'course' AND r.ref = CASE l.kind
        WHEN 'enrolment' THEN l.target
        WHEN 'group' THEN split_part(l.target, ':', 1)
        ELSE substr(l.target, length(split_part(l.target, ':', 1)) + 2) END
    WHERE l.site = %(site)s AND l.ended_at IS NULL AND r.ref = ANY(%(refs)s)
      AND (l.kind IN ('enrolment', 'group') OR l.kind = 'role' AND split_part(l.target, ':', 1) LIKE '%%@course')
) m
WHERE m.grant_id = l.grant_id AND m.course_id <> m.moodle_id AND NOT EXISTS (
    SELECT FROM connector.ledger o
    WHERE o.site = l.site AND o.person_id = l.person_id AND o.kind = l.kind AND o.ended_at IS NULL
      AND o.target = l.target || ' (course ' || m.course_id || ')')
