-- name: due
-- What somebody has to complete, with the courses of its path in their order.
SELECT c.requirement, c.requirement_name AS name, c.due_on, c.satisfied_at, c.expires_on,
       facts.state_at(c.satisfied_at, c.due_on, c.timezone, GREATEST(now(), c.satisfied_at)) AS state,
       COALESCE(w.courses, '[]') AS courses
FROM facts.compliance_row c
LEFT JOIN facts.dim_requirement r ON r.requirement = c.requirement AND r.valid_to = 'infinity'
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('course_id', k.course_id, 'title', COALESCE(d.title, '{}'),
                                        'fullname', COALESCE(d.fullname, k.ref),
                                        'completed', EXISTS (
                                            SELECT FROM facts.fact_completion f
                                            WHERE f.person_id = %(person_id)s AND f.course_id = k.course_id AND f.completed
                                              AND f.valid_to = 'infinity')) ORDER BY k.place) AS courses
    FROM unnest(r.courses, r.course_ids) WITH ORDINALITY AS k (ref, course_id, place)
    LEFT JOIN facts.dim_course d ON d.course_id = k.course_id AND d.valid_to = 'infinity'
) w ON true
WHERE c.person_id = %(person_id)s

-- name: courses
-- Courses that somebody is in and may enter, as they are in the catalogue, with the last sign of work in them.
WITH worked AS (
    SELECT w.course_id, max(w.at) AS last FROM (
        SELECT course_id, changed_at AS at FROM facts.fact_activity_completion
        WHERE person_id = %(person_id)s AND valid_to = 'infinity' AND state <> 'incomplete' AND NOT overridden
        UNION ALL
        SELECT course_id, graded_at FROM facts.fact_item_grade
        WHERE person_id = %(person_id)s AND valid_to = 'infinity'
        UNION ALL
        SELECT e.course_id, e.happened_at FROM facts.fact_learning_event e
        WHERE e.person_id = %(person_id)s AND e.verb NOT IN ('scored', 'passed', 'failed', 'voided')
          AND e.happened_at > now() - interval '400 days'
          AND NOT EXISTS (SELECT FROM facts.fact_assessment_attempt d
                          WHERE d.attempt_id = e.attempt_id AND d.discarded_at IS NOT NULL)
    ) w GROUP BY w.course_id
)
SELECT d.course_id, d.title, d.fullname, d.description, d.minutes, COALESCE(s.enrolled, 0) AS people,
       COALESCE(f.completed, false) AS completed, f.completed_at, f.progress, GREATEST(w.last, f.completed_at) AS last
FROM facts.fact_enrolment e
JOIN facts.dim_course d ON d.course_id = e.course_id AND d.valid_to = 'infinity' AND d.visible
LEFT JOIN facts.fact_completion f
       ON f.moodle_id = e.moodle_id AND f.course_id = e.course_id AND f.valid_to = 'infinity'
LEFT JOIN facts.summary_course s ON s.course_id = e.course_id AND s.unit = ''
LEFT JOIN worked w ON w.course_id = e.course_id
WHERE e.person_id = %(person_id)s AND e.valid_to = 'infinity' AND e.active

-- name: earned
-- Certificates and badges of others that were not revoked, the newest first; the connector's own are known at once elsewhere.
SELECT COALESCE(c.template_name, c.template) AS name, c.issued_at, c.expires_at, c.state = 'valid' AS valid, c.precision,
       c.source = 'import' AS brought_over
FROM facts.certificate_row c
WHERE c.person_id = %(person_id)s AND c.state <> 'revoked' AND c.source <> 'connector'
ORDER BY c.issued_at DESC, c.code

-- name: as_of
SELECT reached_at AS as_of FROM facts.hop WHERE name = 'changes'

-- name: clock
SELECT now() AS now

-- name: worked
-- Quarters of an hour in which somebody was seen to learn: courses and activities that they completed in Moodle, grades
-- of items, and work in launched content, but for what others do.
SELECT DISTINCT to_timestamp(floor(extract(epoch FROM w.at) / %(quarter)s) * %(quarter)s) AS at FROM (
    SELECT completed_at AS at FROM facts.fact_completion
    WHERE person_id = %(person_id)s AND completed AND precision IN ('second', 'minute')
    UNION ALL
    SELECT changed_at FROM facts.fact_activity_completion
    WHERE person_id = %(person_id)s AND state <> 'incomplete' AND NOT overridden
    UNION ALL
    SELECT graded_at FROM facts.fact_item_grade WHERE person_id = %(person_id)s
    UNION ALL
    SELECT e.happened_at FROM facts.fact_learning_event e
    WHERE e.person_id = %(person_id)s AND e.verb NOT IN ('launched', 'scored', 'passed', 'failed', 'voided')
      AND NOT EXISTS (SELECT FROM facts.fact_assessment_attempt d
                      WHERE d.attempt_id = e.attempt_id AND d.discarded_at IS NOT NULL)
) w WHERE w.at > now() - interval '400 days' AND w.at <= now()

-- name: worked_here
-- Quarters of an hour in which somebody worked in launched content. To open something is not to learn.
SELECT DISTINCT to_timestamp(floor(extract(epoch FROM w.at) / %(quarter)s) * %(quarter)s) AS at FROM (
    SELECT started_at AS at FROM connector.attempt
    WHERE person_id = %(person_id)s AND NOT trial AND discarded_at IS NULL
    UNION ALL
    SELECT submitted_at FROM connector.attempt
    WHERE person_id = %(person_id)s AND NOT trial AND discarded_at IS NULL
    UNION ALL
    SELECT e.at FROM connector.learning_event e
    WHERE e.person_id = %(person_id)s AND e.verb = ANY(%(verbs)s)
      AND NOT EXISTS (SELECT FROM connector.attempt d
                      WHERE d.attempt_id = e.attempt_id AND d.discarded_at IS NOT NULL)
) w WHERE w.at > now() - interval '400 days' AND w.at <= now()

-- name: recent
-- What somebody has done last in Moodle, as it stands.
SELECT w.what, w.title, w.at, w.precision, w.course_id, w.course FROM (
    (SELECT 'course' AS what, CASE WHEN d.title = '{}' THEN jsonb_build_object('und', d.fullname) ELSE d.title END AS title,
            f.completed_at AS at, f.precision, NULL::bigint AS course_id, '{}'::jsonb AS course
     FROM facts.fact_completion f
     JOIN facts.dim_course d ON d.course_id = f.course_id AND d.valid_to = 'infinity'
     WHERE f.person_id = %(person_id)s AND f.completed AND f.valid_to = 'infinity' AND f.completed_at IS NOT NULL)
    UNION ALL
    (SELECT 'activity', jsonb_build_object('und', d.name), f.changed_at, '', c.course_id,
            CASE WHEN c.title = '{}' THEN jsonb_build_object('und', c.fullname) ELSE c.title END
     FROM facts.fact_activity_completion f
     JOIN facts.dim_activity d ON d.activity_id = f.activity_id AND d.valid_to = 'infinity'
     LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity' AND c.visible
     WHERE f.person_id = %(person_id)s AND f.valid_to = 'infinity' AND f.state IN ('complete', 'passed')
       AND NOT f.overridden)
    UNION ALL
    (SELECT 'earned', jsonb_build_object('und', COALESCE(c.template_name, c.template)), c.issued_at, c.precision, NULL, '{}'
     FROM facts.certificate_row c WHERE c.person_id = %(person_id)s AND c.state <> 'revoked')
) w ORDER BY w.at DESC LIMIT %(most)s

-- name: launched_recent
-- Assessments that somebody has submitted last, and what came of them; video lessons that they have completed. In which
-- course, where the Moodle that authorizes there launched it.
SELECT d.what, v.title, d.at, d.percent, d.passed,
       CASE WHEN p.authorization_url = %(there)s AND d.course ~ '^[0-9]{1,18}$' THEN d.course::bigint END AS course_id
FROM (
    (SELECT 'assessment' AS what, content_id, submitted_at AS at, percent, passed, platform_id, course
     FROM connector.attempt
     WHERE person_id = %(person_id)s AND NOT trial AND submitted_at IS NOT NULL AND discarded_at IS NULL
     ORDER BY submitted_at DESC LIMIT %(most)s)
    UNION ALL
    (SELECT 'video', content_id, completed_at, NULL, NULL, platform_id, course FROM connector.viewing
     WHERE person_id = %(person_id)s AND NOT trial AND completed_at IS NOT NULL
     ORDER BY completed_at DESC LIMIT %(most)s)
) d
JOIN LATERAL (SELECT v.body -> 'title' AS title FROM connector.content_version v WHERE v.content_id = d.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
JOIN connector.lti_platform p USING (platform_id)
ORDER BY d.at DESC LIMIT %(most)s

-- name: suggested
-- Courses that others with the same job, or in the same unit, have completed, and that somebody is not in, has not
-- completed and does not have to. At least so many, so that nobody can be told from it.
WITH me AS (
    SELECT unit, job_role FROM facts.dim_person WHERE person_id = %(person_id)s AND valid_to = 'infinity'
), peer AS MATERIALIZED (
    (SELECT 'job_role' AS basis, p.person_id FROM facts.dim_person p
     WHERE p.job_role = (SELECT job_role FROM me WHERE job_role <> '') AND p.person_id <> %(person_id)s
       AND p.valid_to = 'infinity' AND p.status = 'active'
     ORDER BY p.person_id LIMIT %(peers)s)
    UNION ALL
    (SELECT 'unit', p.person_id FROM facts.dim_person p
     WHERE p.unit = (SELECT unit FROM me WHERE unit <> '') AND p.person_id <> %(person_id)s
       AND p.valid_to = 'infinity' AND p.status = 'active'
     ORDER BY p.person_id LIMIT %(peers)s)
), peers AS (
    SELECT basis, count(*) AS peers FROM peer GROUP BY basis
), done AS (
    SELECT e.basis, e.course_id, count(*) AS completed
    FROM (SELECT DISTINCT p.basis, f.course_id, p.person_id FROM peer p
          JOIN facts.fact_completion f ON f.person_id = p.person_id AND f.completed AND f.valid_to = 'infinity') e
    GROUP BY e.basis, e.course_id HAVING count(*) >= %(least)s
)
SELECT d.course_id, d.title, d.fullname, d.minutes, n.basis, n.completed, k.peers
FROM done n
JOIN peers k ON k.basis = n.basis
JOIN facts.dim_course d ON d.course_id = n.course_id AND d.valid_to = 'infinity' AND d.visible
WHERE NOT EXISTS (SELECT FROM facts.fact_enrolment e
                  WHERE e.person_id = %(person_id)s AND e.course_id = n.course_id AND e.valid_to = 'infinity')
  AND NOT EXISTS (SELECT FROM facts.fact_completion f
                  WHERE f.person_id = %(person_id)s AND f.course_id = n.course_id AND f.completed)
  AND NOT EXISTS (SELECT FROM facts.compliance_row c
                  JOIN facts.dim_requirement r ON r.requirement = c.requirement AND r.valid_to = 'infinity'
                  WHERE c.person_id = %(person_id)s AND n.course_id = ANY(r.course_ids))

-- name: team
-- Who is below somebody, directly and further down, those first who need an eye; and how many there are. What is due is as
-- facts.compliance_row has it, without the names, units and managers that it looks up for each.
WITH below AS MATERIALIZED (
    SELECT c.person_id, c.distance, p.timezone FROM facts.manager_closure c
    JOIN facts.dim_person p ON p.person_id = c.person_id AND p.valid_to = 'infinity' AND p.status = 'active'
    WHERE c.manager_id = %(person_id)s AND c.distance > 0 AND c.valid_to = 'infinity'
), unmet AS MATERIALIZED (
    SELECT a.person_id, b.timezone, COALESCE(a.due_on, 'infinity') AS due_on
    FROM facts.fact_assignment a JOIN below b ON b.person_id = a.person_id
    WHERE a.person_id = ANY(ARRAY(SELECT person_id FROM below)) AND a.valid_to = 'infinity' AND a.withdrawn_at IS NULL
      AND a.satisfied_at IS NULL
      AND NOT EXISTS (SELECT FROM facts.fact_assignment later
                      WHERE later.grant_id = a.grant_id AND later.cycle = a.cycle + 1 AND later.valid_to = 'infinity')
), state AS MATERIALIZED ( -- there are few days and zones, and what is reckoned of them takes its time
    SELECT timezone, due_on, facts.state_at(NULL, due_on, timezone, now()) AS state
    FROM (SELECT DISTINCT timezone, due_on FROM unmet) d
), standing AS (
    SELECT person_id, count(*) FILTER (WHERE state = 'overdue') AS overdue,
           count(*) FILTER (WHERE state = 'open') AS still_open,
           min(due_on) FILTER (WHERE state = 'open' AND due_on < 'infinity') AS next_due
    FROM unmet JOIN state USING (timezone, due_on) GROUP BY person_id
)
SELECT b.person_id, COALESCE(n.firstname, '') AS firstname, COALESCE(n.lastname, '') AS lastname, b.distance,
       COALESCE(s.overdue, 0) AS overdue, COALESCE(s.still_open, 0) AS still_open, s.next_due,
       count(*) OVER () AS people, count(*) FILTER (WHERE b.distance = 1) OVER () AS direct,
       count(*) FILTER (WHERE s.overdue > 0) OVER () AS people_overdue
FROM below b
LEFT JOIN standing s ON s.person_id = b.person_id
LEFT JOIN facts.person_name n ON n.person_id = b.person_id
ORDER BY COALESCE(s.overdue, 0) DESC, s.next_due NULLS LAST, b.distance, n.lastname, n.firstname, b.person_id
LIMIT %(most)s
