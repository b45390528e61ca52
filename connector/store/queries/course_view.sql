-- What who teaches in a course sees of it. Facts are of our own Moodle; attempts are of the course of any platform.

-- name: learners
-- Who is in a course and may enter it: how far, with which grade in percent of the points, the last sign of work in it,
-- and by when it has to be completed. Who completed it before the present cycle has to do it again.
WITH graded AS (
    SELECT i.minimum, i.maximum FROM facts.dim_grade_item i
    WHERE i.course_id = %(course_id)s AND i.item_type = 'course' AND i.valid_to = 'infinity'
), due AS (
    SELECT c.person_id, min(c.due_on) AS due_on, min(c.window_opens_on) AS opens_on,
           bool_or(facts.state_at(NULL, c.due_on, c.timezone, now()) = 'overdue') AS overdue
    FROM facts.dim_requirement r
    JOIN facts.compliance_row c ON c.requirement = r.requirement AND c.satisfied_at IS NULL
    WHERE r.valid_to = 'infinity' AND %(course_id)s = ANY(r.course_ids)
    GROUP BY c.person_id
), worked AS (
    SELECT w.moodle_id, max(w.at) AS last FROM (
        SELECT moodle_id, changed_at AS at FROM facts.fact_activity_completion
        WHERE course_id = %(course_id)s AND valid_to = 'infinity' AND state <> 'incomplete' AND NOT overridden
        UNION ALL
        SELECT moodle_id, graded_at FROM facts.fact_item_grade
        WHERE course_id = %(course_id)s AND valid_to = 'infinity'
    ) w GROUP BY w.moodle_id
)
SELECT e.moodle_id, COALESCE(n.firstname, '') AS firstname, COALESCE(n.lastname, '') AS lastname,
       COALESCE(f.completed, false) AS completed, f.completed_at, f.progress,
       (SELECT 100 * (g.value - t.minimum) / NULLIF(t.maximum - t.minimum, 0) FROM graded t) AS grade,
       GREATEST(w.last, f.completed_at, g.graded_at) AS last, a.accessed_at AS seen,
       CASE WHEN d.again THEN d.due_on END AS due_on, COALESCE(d.again AND d.overdue, false) AS overdue
FROM facts.fact_enrolment e
LEFT JOIN facts.person_name n ON n.person_id = e.person_id
LEFT JOIN facts.person_access a ON a.person_id = e.person_id
LEFT JOIN facts.fact_completion f
       ON f.moodle_id = e.moodle_id AND f.course_id = e.course_id AND f.valid_to = 'infinity'
LEFT JOIN facts.fact_grade g ON g.moodle_id = e.moodle_id AND g.course_id = e.course_id AND g.valid_to = 'infinity'
LEFT JOIN worked w ON w.moodle_id = e.moodle_id
LEFT JOIN LATERAL (
    SELECT due.due_on, due.overdue, NOT COALESCE(f.completed, false) OR f.completed_at < due.opens_on AS again
    FROM due WHERE due.person_id = e.person_id
) d ON true
WHERE e.course_id = %(course_id)s AND e.valid_to = 'infinity' AND e.active

-- name: as_of
SELECT reached_at AS as_of FROM facts.hop WHERE name = 'changes'

-- name: tries
-- What each who learns in a course has made of each assessment in each activity: results in their order, and what waits.
SELECT a.content_id, a.link, a.subject, max(a.person_id) AS person_id,
       COALESCE(array_agg(a.percent ORDER BY a.number) FILTER (WHERE a.percent IS NOT NULL), '{}') AS percents,
       count(*) FILTER (WHERE a.submitted_at IS NOT NULL AND a.percent IS NULL) AS waiting,
       max(COALESCE(a.submitted_at, a.started_at)) AS last
FROM connector.attempt a
WHERE a.platform_id = %(platform_id)s AND a.course = %(course)s AND NOT a.trial
GROUP BY a.content_id, a.link, a.subject

-- name: assessments
-- Assessments that were made in a course, and those that were taken there, as they are now.
SELECT c.content_id, c.kind, c.platform_id, c.course, v.version, v.changes, v.body, v.changed_at
FROM connector.content c
JOIN LATERAL (SELECT * FROM connector.content_version v WHERE v.content_id = c.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
WHERE c.site = %(site)s AND c.kind = 'assessment' AND c.ended_at IS NULL
  AND (c.platform_id = %(platform_id)s AND c.course = %(course)s OR c.content_id = ANY(%(taken)s))
ORDER BY v.changed_at DESC, c.content_id

-- name: waiting
-- Attempts in a course that wait to be marked.
SELECT a.attempt_id, a.content_id, v.title, a.subject, a.submitted_at
FROM connector.attempt a
JOIN connector.content c ON c.content_id = a.content_id AND c.site = %(site)s AND c.ended_at IS NULL
JOIN LATERAL (SELECT v.body -> 'title' AS title FROM connector.content_version v WHERE v.content_id = a.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
WHERE a.platform_id = %(platform_id)s AND a.course = %(course)s AND NOT a.trial AND a.submitted_at IS NOT NULL
  AND a.percent IS NULL
ORDER BY a.submitted_at, a.attempt_id LIMIT %(most)s
