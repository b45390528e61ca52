-- name: read
-- What was just read, for the statements that follow.
CREATE TEMPORARY TABLE completed (person_id bigint, course_id bigint) ON COMMIT DROP

-- name: forget
-- Of courses before which nothing is granted any more, or of an account that is somebody else's now.
DELETE FROM connector.completed_course c
WHERE c.site = %(site)s
  AND NOT EXISTS (SELECT FROM completed r WHERE r.person_id = c.person_id AND r.course_id = c.course_id)

-- name: note
INSERT INTO connector.completed_course (site, person_id, course_id)
SELECT %(site)s, r.person_id, r.course_id FROM completed r
JOIN connector.person p ON p.person_id = r.person_id
ON CONFLICT DO NOTHING
