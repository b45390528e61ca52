-- What must always hold of the facts. Each query gives what breaks it; none may give a row. A check is named by its query.

-- name: versions
-- Versions end after they began, and one thing has one version at a time.
SELECT key FROM (
    SELECT *, lead(valid_from) OVER (PARTITION BY fact, key ORDER BY valid_from) AS next FROM (
        SELECT moodle_id::text || ' ' || course_id AS key, 1 AS fact, valid_from, valid_to FROM facts.fact_enrolment
        UNION ALL SELECT moodle_id || ' ' || course_id, 2, valid_from, valid_to FROM facts.fact_completion
        WHERE source = 'moodle'
        UNION ALL SELECT moodle_id || ' ' || course_id, 3, valid_from, valid_to FROM facts.fact_grade
        UNION ALL SELECT grant_id || ' ' || cycle, 4, valid_from, valid_to FROM facts.fact_assignment
        UNION ALL SELECT source || ' ' || code, 5, valid_from, valid_to FROM facts.fact_certificate
        UNION ALL SELECT person_id::text, 6, valid_from, valid_to FROM facts.dim_person
        UNION ALL SELECT unit, 7, valid_from, valid_to FROM facts.dim_org_unit
        UNION ALL SELECT activity_id::text, 8, valid_from, valid_to FROM facts.dim_activity
        UNION ALL SELECT item_id::text, 9, valid_from, valid_to FROM facts.dim_grade_item
        UNION ALL SELECT moodle_id || ' ' || activity_id, 10, valid_from, valid_to FROM facts.fact_activity_completion
        UNION ALL SELECT moodle_id || ' ' || item_id, 11, valid_from, valid_to FROM facts.fact_item_grade
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

-- name: attempt
-- Attempts that were put away have ended, and were known after they were completed.
SELECT f.moodle_id FROM facts.fact_completion f
WHERE f.source <> 'moodle' AND (f.valid_to = 'infinity' OR NOT f.completed OR f.observed_at < f.completed_at)
   OR f.attempt < 1

-- name: activity_person
SELECT f.moodle_id FROM facts.fact_activity_completion f
WHERE NOT EXISTS (SELECT FROM facts.dim_person p WHERE p.person_id = f.person_id)

-- name: activity_known
-- What somebody has done is done in an activity that is or was there.
SELECT f.activity_id FROM facts.fact_activity_completion f
WHERE NOT EXISTS (SELECT FROM facts.dim_activity a WHERE a.activity_id = f.activity_id)

-- name: item_accepted
-- Items are of a type and a kind that Moodle has, and each course has one total.
SELECT i.item_id FROM facts.dim_grade_item i
WHERE i.item_type NOT IN ('course', 'category', 'mod', 'manual') OR i.kind NOT IN ('none', 'value', 'scale', 'text')
   OR i.item_type <> 'mod' AND i.module <> ''

-- name: item_grade_person
SELECT g.moodle_id FROM facts.fact_item_grade g
WHERE NOT EXISTS (SELECT FROM facts.dim_person p WHERE p.person_id = g.person_id)

-- name: item_grade_item
-- What is graded is an item that is or was there, and no total: those have a fact of their own.
SELECT g.item_id FROM facts.fact_item_grade g
WHERE NOT EXISTS (SELECT FROM facts.dim_grade_item i WHERE i.item_id = g.item_id AND i.item_type <> 'course')

-- name: grade_change_person
SELECT h.history_id FROM facts.fact_grade_history h
WHERE NOT EXISTS (SELECT FROM facts.dim_person p WHERE p.person_id = h.person_id)

-- name: grade_change_unique
-- A change of Moodle's is there once, unless Moodle was put back and gave its id anew.
SELECT h.history_id FROM facts.fact_grade_history h WHERE h.undone_at IS NULL GROUP BY h.history_id HAVING count(*) > 1

-- name: grade_change_chain
-- Each change begins with what the one before it ended with.
SELECT c.history_id FROM (
    SELECT h.history_id, h.old_grade, h.origin,
           lag(h.new_grade) OVER (PARTITION BY h.moodle_id, h.item_id ORDER BY h.effective_at, h.history_id) AS before
    FROM facts.fact_grade_history h WHERE h.undone_at IS NULL
) c
WHERE c.old_grade IS DISTINCT FROM c.before

-- name: grade_change_last
-- A grade that holds is what its last change made of it.
SELECT g.moodle_id FROM (
    SELECT f.moodle_id, -f.course_id AS item_id, f.value, f.decimals FROM facts.fact_grade f WHERE f.valid_to = 'infinity'
    UNION ALL
    SELECT f.moodle_id, f.item_id, f.value, NULL FROM facts.fact_item_grade f WHERE f.valid_to = 'infinity'
) g
LEFT JOIN (
    SELECT DISTINCT ON (h.moodle_id, h.item_id) h.moodle_id, h.item_id, h.new_grade
    FROM facts.fact_grade_history h WHERE h.undone_at IS NULL
    ORDER BY h.moodle_id, h.item_id, h.effective_at DESC, h.history_id DESC
) l ON l.moodle_id = g.moodle_id AND l.item_id = g.item_id
WHERE round(g.value::numeric, COALESCE(g.decimals, 5)) IS DISTINCT FROM
      round(l.new_grade::numeric, COALESCE(g.decimals, 5))

-- name: launched_attempt
-- An attempt is at content that is known, ends after it began, and has a first one before it.
SELECT a.attempt_id FROM facts.fact_assessment_attempt a
LEFT JOIN facts.fact_assessment_attempt f ON f.attempt_id = a.series
WHERE NOT EXISTS (SELECT FROM facts.dim_content c WHERE c.content = a.content)
   OR a.submitted_at < a.started_at OR a.submitted_at IS NULL AND a.percent IS NOT NULL OR (a.passed IS NULL) <> (a.percent IS NULL)
   OR f.number > a.number OR f.content <> a.content

-- name: launched_response
-- A question gives from nothing to all, and something where the attempt has a result.
SELECT r.attempt_id FROM facts.fact_question_response r JOIN facts.fact_assessment_attempt a USING (attempt_id)
WHERE r.share NOT BETWEEN 0 AND 1 OR r.share IS NULL AND a.percent IS NOT NULL

-- name: launched_time
SELECT t.person_id FROM facts.fact_time_spent t WHERE t.seconds < 0

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
