-- What is asked for, as it was reckoned before it was made to hold with 100,000 people; see test_reckoned_alike.py.

-- name: api.role
-- How many active people in sight have a job.
SELECT count(*) AS people FROM facts.dim_person p
WHERE p.valid_to = 'infinity' AND p.status = 'active' AND p.job_role = %(role)s
  AND ((SELECT s.everything FROM facts.sight s) OR p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]))

-- name: api.paths
-- The paths that active people in sight with a job have, with courses in order; and how far they are with each, in the
-- newest cycle. As facts.compliance_row has it, without the names, units and managers that it looks up for each; which day
-- it is, is found once for each timezone, and later cycles, which are few, are looked for among themselves.
WITH today AS MATERIALIZED (
    SELECT z.timezone, (now() AT TIME ZONE z.timezone)::date AS day
    FROM (SELECT DISTINCT timezone FROM facts.dim_person WHERE valid_to = 'infinity') z
), whose AS MATERIALIZED (
    SELECT p.person_id, t.day FROM facts.dim_person p JOIN today t ON t.timezone = p.timezone
    WHERE p.valid_to = 'infinity' AND p.status = 'active' AND p.job_role = %(role)s
      AND ((SELECT s.everything FROM facts.sight s) OR p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]))
), standing AS (
    SELECT a.requirement, count(*) AS assigned, count(a.satisfied_at) AS satisfied,
           count(*) FILTER (WHERE a.satisfied_at IS NULL AND (a.due_on < w.day) IS NOT TRUE) AS open,
           count(*) FILTER (WHERE a.satisfied_at IS NULL AND a.due_on < w.day) AS overdue,
           min(a.due_on) FILTER (WHERE a.satisfied_at IS NULL AND a.due_on >= w.day) AS first_due_on,
           max(a.due_on) FILTER (WHERE a.satisfied_at IS NULL AND a.due_on >= w.day) AS last_due_on
    FROM whose w
    JOIN facts.fact_assignment a ON a.person_id = w.person_id AND a.valid_to = 'infinity' AND a.withdrawn_at IS NULL
    WHERE NOT EXISTS (SELECT FROM facts.fact_assignment later
                      WHERE later.grant_id = a.grant_id AND later.cycle = a.cycle + 1 AND later.valid_to = 'infinity'
                        AND later.cycle > 1)
    GROUP BY a.requirement
)
SELECT s.*, r.path, COALESCE(r.name, '{}') AS requirement_name, r.recertify_months, COALESCE(w.steps, '[]') AS steps
FROM standing s
LEFT JOIN facts.dim_requirement r ON r.requirement = s.requirement AND r.valid_to = 'infinity'
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('course_id', k.course_id, 'title', COALESCE(d.title, '{}'),
                                        'fullname', COALESCE(d.fullname, k.ref), 'minutes', d.minutes) ORDER BY k.place) AS steps
    FROM unnest(r.courses, r.course_ids) WITH ORDINALITY AS k (ref, course_id, place)
    LEFT JOIN facts.dim_course d ON d.course_id = k.course_id AND d.valid_to = 'infinity'
) w ON true
ORDER BY s.requirement

-- name: my_learning.suggested
-- Courses that others with the same job, or in the same unit, have completed, and that somebody is not in, has not
-- completed and does not have to. At least so many, so that nobody can be told from it.
WITH me AS (
    SELECT person_id, unit, job_role FROM facts.dim_person WHERE person_id = %(person_id)s AND valid_to = 'infinity'
), peer AS MATERIALIZED (
    (SELECT 'job_role' AS basis, p.person_id FROM me
     JOIN facts.dim_person p ON p.job_role = me.job_role AND p.person_id <> me.person_id
     WHERE me.job_role <> '' AND p.valid_to = 'infinity' AND p.status = 'active'
     ORDER BY p.person_id LIMIT %(peers)s)
    UNION ALL
    (SELECT 'unit', p.person_id FROM me
     JOIN facts.dim_person p ON p.unit = me.unit AND p.person_id <> me.person_id
     WHERE me.unit <> '' AND p.valid_to = 'infinity' AND p.status = 'active'
     ORDER BY p.person_id LIMIT %(peers)s)
), done AS (
    SELECT p.basis, f.course_id, count(DISTINCT f.person_id) AS completed
    FROM peer p JOIN facts.fact_completion f ON f.person_id = p.person_id AND f.completed AND f.valid_to = 'infinity'
    GROUP BY p.basis, f.course_id HAVING count(DISTINCT f.person_id) >= %(least)s
)
SELECT d.course_id, d.title, d.fullname, d.minutes, n.basis, n.completed,
       (SELECT count(*) FROM peer p WHERE p.basis = n.basis) AS peers
FROM done n
JOIN facts.dim_course d ON d.course_id = n.course_id AND d.valid_to = 'infinity' AND d.visible
WHERE NOT EXISTS (SELECT FROM facts.fact_enrolment e
                  WHERE e.person_id = %(person_id)s AND e.course_id = n.course_id AND e.valid_to = 'infinity')
  AND NOT EXISTS (SELECT FROM facts.fact_completion f
                  WHERE f.person_id = %(person_id)s AND f.course_id = n.course_id AND f.completed)
  AND NOT EXISTS (SELECT FROM facts.compliance_row c
                  JOIN facts.dim_requirement r ON r.requirement = c.requirement AND r.valid_to = 'infinity'
                  WHERE c.person_id = %(person_id)s AND n.course_id = ANY(r.course_ids))

-- name: course_view.learners
-- Who is in a course and may enter it: how far, with which grade in percent of the points, the last sign of work in it,
-- and by when it has to be completed. Who completed it before the present cycle has to do it again. What is due is as
-- facts.compliance_row has it, without the names, units and managers that it looks up for each. The API looks with the
-- sight of a unit, a course view with that of all.
WITH member AS MATERIALIZED (
    SELECT e.moodle_id, e.person_id, p.hr_key FROM facts.fact_enrolment e
    LEFT JOIN facts.dim_person p ON p.person_id = e.person_id AND p.valid_to = 'infinity'
    WHERE e.course_id = %(course_id)s AND e.valid_to = 'infinity' AND e.active
      AND ((SELECT s.everything FROM facts.sight s) OR p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]))
), graded AS (
    SELECT i.minimum, i.maximum FROM facts.dim_grade_item i
    WHERE i.course_id = %(course_id)s AND i.item_type = 'course' AND i.valid_to = 'infinity'
), needed AS MATERIALIZED (
    SELECT r.requirement FROM facts.dim_requirement r WHERE r.valid_to = 'infinity' AND %(course_id)s = ANY(r.course_ids)
), due AS MATERIALIZED (
    SELECT a.person_id, min(a.due_on) AS due_on, min(a.window_opens_on) AS opens_on,
           bool_or(facts.state_at(NULL, a.due_on, p.timezone, now()) = 'overdue') AS overdue
    FROM facts.fact_assignment a
    JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity' AND p.status = 'active'
    WHERE a.person_id = ANY(ARRAY(SELECT person_id FROM member WHERE EXISTS (SELECT FROM needed)))
      AND a.requirement = ANY(ARRAY(SELECT requirement FROM needed))
      AND a.valid_to = 'infinity' AND a.withdrawn_at IS NULL AND a.satisfied_at IS NULL
      AND NOT EXISTS (SELECT FROM facts.fact_assignment later
                      WHERE later.grant_id = a.grant_id AND later.cycle = a.cycle + 1 AND later.valid_to = 'infinity')
    GROUP BY a.person_id
), worked AS MATERIALIZED (
    SELECT w.moodle_id, max(w.at) AS last FROM (
        SELECT moodle_id, changed_at AS at FROM facts.fact_activity_completion
        WHERE course_id = %(course_id)s AND valid_to = 'infinity' AND state <> 'incomplete' AND NOT overridden
        UNION ALL
        SELECT moodle_id, graded_at FROM facts.fact_item_grade
        WHERE course_id = %(course_id)s AND valid_to = 'infinity'
    ) w GROUP BY w.moodle_id
), row AS (
    SELECT m.moodle_id, m.hr_key, n.firstname, n.lastname, COALESCE(f.completed, false) AS completed, f.completed_at, f.progress,
           g.value, g.graded_at, g.minimum, g.maximum, w.last, a.accessed_at, d.due_on, d.overdue,
           NOT COALESCE(f.completed, false) OR f.completed_at < d.opens_on AS unmet
    FROM member m
    LEFT JOIN facts.person_name n ON n.person_id = m.person_id
    LEFT JOIN facts.person_access a ON a.person_id = m.person_id
    LEFT JOIN facts.fact_completion f
           ON f.moodle_id = m.moodle_id AND f.course_id = %(course_id)s AND f.valid_to = 'infinity'
    LEFT JOIN facts.fact_grade g
           ON g.moodle_id = m.moodle_id AND g.course_id = %(course_id)s AND g.valid_to = 'infinity'
    LEFT JOIN worked w ON w.moodle_id = m.moodle_id
    LEFT JOIN due d ON d.person_id = m.person_id
)
SELECT r.moodle_id, COALESCE(r.hr_key, '') AS key, COALESCE(r.firstname, '') AS firstname, COALESCE(r.lastname, '') AS lastname, r.completed,
       r.completed_at, r.progress,
       100 * (r.value - COALESCE(r.minimum, (SELECT minimum FROM graded)))
           / NULLIF(COALESCE(r.maximum, (SELECT maximum FROM graded)) - COALESCE(r.minimum, (SELECT minimum FROM graded)), 0)
           AS grade,
       GREATEST(r.last, r.completed_at, r.graded_at) AS last, r.accessed_at AS seen,
       CASE WHEN r.unmet THEN r.due_on END AS due_on, COALESCE(r.unmet AND r.overdue, false) AS overdue
FROM row r

-- name: videos.in_course
-- How lessons were watched that have an activity in a course, or were watched there; of several videos of a lesson the most counts.
WITH seen AS (
    SELECT w.content_id, w.subject, max(w.share) AS share, bool_or(w.completed_at IS NOT NULL) AS completed
    FROM connector.viewing w WHERE w.platform_id = %(platform_id)s AND w.course = %(course)s AND NOT w.trial
    GROUP BY w.content_id, w.subject
)
SELECT c.content_id, v.body -> 'title' AS title, count(s.subject) AS people,
       count(*) FILTER (WHERE s.completed) AS completed, avg(s.share) AS share
FROM connector.content c
JOIN LATERAL (SELECT * FROM connector.content_version v WHERE v.content_id = c.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
LEFT JOIN seen s ON s.content_id = c.content_id
WHERE c.kind = 'video' AND c.ended_at IS NULL
  AND (EXISTS (SELECT FROM connector.placement p WHERE p.content_id = c.content_id
               AND p.platform_id = %(platform_id)s AND p.course = %(course)s) OR s.content_id IS NOT NULL)
GROUP BY c.content_id, v.body, v.changed_at ORDER BY v.changed_at DESC, c.content_id
