-- What must always hold of the facts. Each query gives what breaks it; none may give a row. A check is named by its query.

-- name: versions
-- Versions end after they began, and one thing has one version at a time.
SELECT key FROM (
    SELECT *, lead(valid_from) OVER (PARTITION BY fact, key ORDER BY valid_from) AS next FROM (
        SELECT moodle_id::text || ' ' || course_id AS key, 1 AS fact, valid_from, valid_to FROM facts.fact_enrolment
        UNION ALL SELECT moodle_id || ' ' || course_id, 2, valid_from, valid_to FROM facts.fact_completion
        UNION ALL SELECT moodle_id || ' ' || course_id, 3, valid_from, valid_to FROM facts.fact_grade
        UNION ALL SELECT grant_id || ' ' || cycle, 4, valid_from, valid_to FROM facts.fact_assignment
        UNION ALL SELECT source || ' ' || code, 5, valid_from, valid_to FROM facts.fact_certificate
        UNION ALL SELECT person_id::text, 6, valid_from, valid_to FROM facts.dim_person
        UNION ALL SELECT unit, 7, valid_from, valid_to FROM facts.dim_org_unit
    ) version
) v
WHERE valid_from >= valid_to OR next < valid_to

-- name: enrolment_person
-- An enrolment is of somebody known.
SELECT e.moodle_id FROM facts.fact_enrolment e
WHERE NOT EXISTS (SELECT FROM facts.dim_person p WHERE p.person_id = e.person_id)

-- name: enrolment_course
SELECT e.course_id FROM facts.fact_enrolment e
WHERE NOT EXISTS (SELECT FROM facts.dim_course c WHERE c.course_id = e.course_id)

-- name: completion_person
SELECT f.moodle_id FROM facts.fact_completion f
WHERE NOT EXISTS (SELECT FROM facts.dim_person p WHERE p.person_id = f.person_id)

-- name: completion_course
SELECT f.course_id FROM facts.fact_completion f
WHERE NOT EXISTS (SELECT FROM facts.dim_course c WHERE c.course_id = f.course_id)

-- name: completion_time
-- What is completed has a time, and nothing else has.
SELECT f.moodle_id FROM facts.fact_completion f WHERE f.completed <> (f.completed_at IS NOT NULL)

-- name: grade_person
SELECT g.moodle_id FROM facts.fact_grade g
WHERE NOT EXISTS (SELECT FROM facts.dim_person p WHERE p.person_id = g.person_id)

-- name: grade_course
SELECT g.course_id FROM facts.fact_grade g
WHERE NOT EXISTS (SELECT FROM facts.dim_course c WHERE c.course_id = g.course_id)

-- name: certificate_template
SELECT c.code FROM facts.fact_certificate c
WHERE NOT EXISTS (SELECT FROM facts.dim_certificate_template t WHERE t.source = c.source AND t.template = c.template)

-- name: assignment_person
SELECT a.grant_id FROM facts.fact_assignment a
WHERE NOT EXISTS (SELECT FROM facts.dim_person p WHERE p.person_id = a.person_id)

-- name: assignment_cycle
-- Cycles follow one another without a gap.
SELECT a.grant_id FROM facts.fact_assignment a
WHERE a.cycle > 1 AND a.valid_to = 'infinity' AND NOT EXISTS (
    SELECT FROM facts.fact_assignment b
    WHERE b.grant_id = a.grant_id AND b.cycle = a.cycle - 1 AND b.valid_to = 'infinity')

-- name: assignment_expiry
-- Validity ends only for what was satisfied.
SELECT a.grant_id FROM facts.fact_assignment a WHERE a.expires_on IS NOT NULL AND a.satisfied_at IS NULL

-- name: person_name
-- Everybody has a name, though it may be an erased one.
SELECT p.person_id FROM facts.dim_person p
WHERE p.valid_to = 'infinity' AND NOT EXISTS (SELECT FROM facts.person_name n WHERE n.person_id = p.person_id)

-- name: unit_parent
SELECT u.unit FROM facts.dim_org_unit u
WHERE u.valid_to = 'infinity' AND u.parent IS NOT NULL
  AND NOT EXISTS (SELECT FROM facts.dim_org_unit p WHERE p.unit = u.parent AND p.valid_to = 'infinity')

-- name: closure
-- Each unit stands in its closure, with itself and the unit above.
SELECT u.unit FROM facts.dim_org_unit u
WHERE u.valid_to = 'infinity' AND (
    NOT EXISTS (SELECT FROM facts.unit_closure c
                WHERE c.above = u.unit AND c.unit = u.unit AND c.distance = 0 AND c.valid_to = 'infinity')
    OR u.parent IS NOT NULL AND NOT EXISTS (
        SELECT FROM facts.unit_closure c WHERE c.above = u.parent AND c.unit = u.unit AND c.valid_to = 'infinity'))

-- name: summary_compliance
-- What is added up is what a count gives.
SELECT s.requirement
FROM (SELECT requirement, count(*) AS assigned, count(*) FILTER (WHERE satisfied_at IS NOT NULL) AS satisfied
      FROM facts.compliance_row GROUP BY requirement) c
FULL JOIN (SELECT requirement, assigned, satisfied FROM facts.summary_compliance WHERE unit = '') s USING (requirement)
WHERE (c.assigned, c.satisfied) IS DISTINCT FROM (s.assigned, s.satisfied)
