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
                                        'completed', COALESCE(f.completed, false)) ORDER BY k.place) AS courses
    FROM unnest(r.courses, r.course_ids) WITH ORDINALITY AS k (ref, course_id, place)
    LEFT JOIN facts.dim_course d ON d.course_id = k.course_id AND d.valid_to = 'infinity'
    LEFT JOIN facts.fact_completion f
           ON f.person_id = c.person_id AND f.course_id = k.course_id AND f.valid_to = 'infinity'
) w ON true
WHERE c.person_id = %(person_id)s

-- name: courses
-- Courses that somebody is in and may enter, as they are in the catalogue.
SELECT d.course_id, d.title, d.fullname, d.description, d.minutes, COALESCE(s.enrolled, 0) AS learners,
       COALESCE(f.completed, false) AS completed, f.completed_at, f.progress
FROM facts.fact_enrolment e
JOIN facts.dim_course d ON d.course_id = e.course_id AND d.valid_to = 'infinity' AND d.visible
LEFT JOIN facts.fact_completion f
       ON f.moodle_id = e.moodle_id AND f.course_id = e.course_id AND f.valid_to = 'infinity'
LEFT JOIN facts.summary_course s ON s.course_id = e.course_id AND s.unit = ''
WHERE e.person_id = %(person_id)s AND e.valid_to = 'infinity' AND e.active

-- name: earned
-- Certificates and badges that were not revoked, the newest first.
SELECT COALESCE(c.template_name, c.template) AS name, c.issued_at, c.expires_at, c.state = 'valid' AS valid
FROM facts.certificate_row c
WHERE c.person_id = %(person_id)s AND c.state <> 'revoked'
ORDER BY c.issued_at DESC, c.code

-- name: as_of
SELECT reached_at AS as_of FROM facts.hop WHERE name = 'changes'
