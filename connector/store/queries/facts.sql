-- The steps of a merge, in the order in which they run, all in one transaction. Versions that hold no longer are
-- closed at %(now)s, and the ones that hold instead begin then. Times are the same where they are equal as exactly as both
-- are known. "whole" is true where everything was read: then what did not come is no more. Else only what came is
-- compared, and what was read completely, by scopes: what did not come of that is no more either.

-- name: other_site
-- Facts carry no name of their Moodle: is there one whose they are already?
SELECT site FROM facts.load WHERE site <> %(site)s AND status = 'done' LIMIT 1

-- name: abandon
-- Loads that were killed: they hold no lock any more.
UPDATE facts.load SET status = 'stopped', finished_at = %(now)s, detail = 'the process ended without a word'
WHERE status = 'running'

-- name: start
INSERT INTO facts.load (site, kind, reader, started_at) VALUES (%(site)s, %(kind)s, %(reader)s, %(now)s)
RETURNING load_id

-- name: finish
-- After what it has merged, though the clock was put back.
UPDATE facts.load SET status = %(status)s, detail = %(detail)s,
       finished_at = GREATEST(%(now)s, (SELECT h.reached_at FROM facts.hop h WHERE h.name = 'people'))
WHERE load_id = %(load)s

-- name: hop
-- When a hop was reached, and what it came from.
SELECT reached_at, basis FROM facts.hop WHERE name = %(name)s

-- name: reach
INSERT INTO facts.hop (name, reached_at, basis) VALUES (%(name)s, %(moment)s, %(basis)s)
ON CONFLICT (name) DO UPDATE SET reached_at = excluded.reached_at, basis = excluded.basis

-- name: drop_landing
-- What landed is in the facts now, or belongs to nobody.
TRUNCATE facts.landing_enrolment, facts.landing_completion, facts.landing_grade, facts.landing_certificate,
         facts.landing_access, facts.landing_scope, facts.landing_activity, facts.landing_grade_item,
         facts.landing_activity_completion, facts.landing_item_grade, facts.landing_grade_history,
         facts.landing_earlier_completion

-- name: drop_staff
TRUNCATE facts.landing_person, facts.landing_assignment, facts.landing_leave

-- name: count_landed
-- Is everything that was read still there?
SELECT (SELECT count(*) FROM facts.landing_enrolment WHERE load_id = %(load)s) AS enrolments,
       (SELECT count(*) FROM facts.landing_completion WHERE load_id = %(load)s) AS completions,
       (SELECT count(*) FROM facts.landing_grade WHERE load_id = %(load)s) AS grades,
       (SELECT count(*) FROM facts.landing_certificate WHERE load_id = %(load)s) AS certificates,
       (SELECT count(*) FROM facts.landing_activity WHERE load_id = %(load)s) AS activities,
       (SELECT count(*) FROM facts.landing_grade_item WHERE load_id = %(load)s) AS grade_items,
       (SELECT count(*) FROM facts.landing_activity_completion WHERE load_id = %(load)s) AS activity_completions,
       (SELECT count(*) FROM facts.landing_item_grade WHERE load_id = %(load)s) AS item_grades,
       (SELECT count(*) FROM facts.landing_grade_history WHERE load_id = %(load)s) AS grade_history,
       (SELECT count(*) FROM facts.landing_earlier_completion WHERE load_id = %(load)s) AS earlier_completions,
       (SELECT count(*) FROM facts.landing_scope WHERE load_id = %(load)s) AS scopes,
       (SELECT count(*) FROM landing.came) AS held

-- name: vanished
-- Courses in which somebody who is enrolled by the facts did not come.
SELECT DISTINCT f.course_id FROM facts.fact_enrolment f
WHERE f.valid_to = 'infinity' AND f.moodle_id > 0 AND f.course_id = ANY(%(courses)s) AND NOT EXISTS (
    SELECT FROM facts.landing_enrolment l
    WHERE l.load_id = %(load)s AND l.moodle_id = f.moodle_id AND l.course_id = f.course_id)
ORDER BY f.course_id

-- name: forget_enrolments
-- These courses are read again as a whole.
DELETE FROM facts.landing_enrolment WHERE load_id = %(load)s AND course_id = ANY(%(courses)s)

-- name: forget_completions
DELETE FROM facts.landing_completion WHERE load_id = %(load)s AND course_id = ANY(%(courses)s)

-- name: forget_grades
DELETE FROM facts.landing_grade WHERE load_id = %(load)s AND course_id = ANY(%(courses)s)

-- name: forget_activity_completions
DELETE FROM facts.landing_activity_completion WHERE load_id = %(load)s AND course_id = ANY(%(courses)s)

-- name: forget_item_grades
DELETE FROM facts.landing_item_grade WHERE load_id = %(load)s AND course_id = ANY(%(courses)s)

-- name: unknown_courses
-- Is there a course among what landed that the facts do not know yet?
SELECT EXISTS (
    SELECT FROM (SELECT course_id FROM facts.landing_enrolment WHERE load_id = %(load)s
                 UNION SELECT course_id FROM facts.landing_completion WHERE load_id = %(load)s) l
    WHERE NOT EXISTS (SELECT FROM facts.dim_course d WHERE d.course_id = l.course_id AND d.valid_to = 'infinity')
) AS there

-- name: unenrolled
-- Enrolments that a reading found ended, in courses that are still there, and that have not begun again.
SELECT f.moodle_id, f.course_id, max(o.started_at) AS read_at
FROM facts.fact_enrolment f
JOIN facts.load o ON f.valid_to BETWEEN o.started_at AND COALESCE(o.finished_at, 'infinity')
JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity'
WHERE f.valid_to > %(since)s AND f.valid_to < 'infinity' AND NOT EXISTS (
    SELECT FROM facts.fact_enrolment n
    WHERE n.moodle_id = f.moodle_id AND n.course_id = f.course_id AND n.valid_to = 'infinity')
GROUP BY f.moodle_id, f.course_id

-- name: samples
-- Of each course in which somebody has a grade the active participant with the best one: where a total adds up what was
-- graded, Moodle's own report shows of each person another maximum, and no grade shall be above it.
SELECT DISTINCT ON (l.course_id) l.course_id, l.moodle_id
FROM facts.landing_enrolment l
LEFT JOIN facts.landing_grade g
       ON g.load_id = l.load_id AND g.course_id = l.course_id AND g.moodle_id = l.moodle_id AND g.value IS NOT NULL
WHERE l.load_id = %(load)s AND l.active
  AND NOT (%(unknown)s AND EXISTS (SELECT FROM facts.dim_grade_item i
                                   WHERE i.course_id = l.course_id AND i.valid_to = 'infinity'))
  AND EXISTS (SELECT FROM facts.landing_grade o
              WHERE o.load_id = l.load_id AND o.course_id = l.course_id AND o.value IS NOT NULL)
ORDER BY l.course_id, g.value DESC NULLS LAST, l.moodle_id

-- ---------------------------------------------------------------- people and their organisation
-- name: close_people
-- Versions of people that hold no longer.
UPDATE facts.dim_person d SET valid_to = %(now)s
FROM facts.landing_person p
WHERE d.valid_to = 'infinity' AND p.person_id = d.person_id
  AND (p.hr_key, p.moodle_id, p.unit, p.job_role, p.manager_id, p.status, p.hired_on, p.left_on, p.timezone)
      IS DISTINCT FROM
      (d.hr_key, d.moodle_id, d.unit, d.job_role, d.manager_id, d.status, d.hired_on, d.left_on, d.timezone)

-- name: begin_people
INSERT INTO facts.dim_person (person_id, hr_key, moodle_id, unit, job_role, manager_id, status, hired_on, left_on,
                              timezone, valid_from)
SELECT p.person_id, p.hr_key, p.moodle_id, p.unit, p.job_role, p.manager_id, p.status, p.hired_on, p.left_on, p.timezone,
       %(now)s
FROM facts.landing_person p
WHERE NOT EXISTS (SELECT FROM facts.dim_person d WHERE d.person_id = p.person_id AND d.valid_to = 'infinity')

-- name: handed_over
-- Accounts that are somebody else's now: rehired under a new key, or bound wrongly before.
CREATE TEMPORARY TABLE handed_over ON COMMIT DROP AS
SELECT d.moodle_id, d.person_id FROM facts.dim_person d
WHERE d.valid_from = %(now)s AND d.valid_to = 'infinity' AND EXISTS (
    SELECT FROM facts.dim_person b WHERE b.moodle_id = d.moodle_id AND b.person_id <> d.person_id)

-- name: weigh_handed_over
ANALYZE handed_over

-- name: hand_over_enrolments
-- What was done with it is theirs.
UPDATE facts.fact_enrolment f SET person_id = h.person_id FROM handed_over h
WHERE h.moodle_id = f.moodle_id AND h.person_id <> f.person_id

-- name: hand_over_completions
UPDATE facts.fact_completion f SET person_id = h.person_id FROM handed_over h
WHERE h.moodle_id = f.moodle_id AND h.person_id <> f.person_id

-- name: hand_over_grades
UPDATE facts.fact_grade f SET person_id = h.person_id FROM handed_over h
WHERE h.moodle_id = f.moodle_id AND h.person_id <> f.person_id

-- name: hand_over_certificates
UPDATE facts.fact_certificate f SET person_id = h.person_id FROM handed_over h
WHERE h.moodle_id = f.moodle_id AND h.person_id <> f.person_id

-- name: names
-- Names apart from the facts, so that they can be erased.
INSERT INTO facts.person_name (person_id, firstname, lastname, email)
SELECT person_id, firstname, lastname, email FROM facts.landing_person
ON CONFLICT (person_id) DO UPDATE
SET firstname = excluded.firstname, lastname = excluded.lastname, email = excluded.email
WHERE (person_name.firstname, person_name.lastname, person_name.email)
      IS DISTINCT FROM (excluded.firstname, excluded.lastname, excluded.email)

-- name: units_now
-- The units of people who have not left, and those above them. Where people say different things of one unit, what most
-- of them say holds. A unit that only stands above others is named by its code.
CREATE TEMPORARY TABLE unit_now ON COMMIT DROP AS
WITH said AS (
    SELECT DISTINCT ON (unit) unit, unit_name, units_above
    FROM (SELECT unit, unit_name, units_above, count(*) AS people
          FROM facts.landing_person WHERE unit <> '' AND status <> 'left'
          GROUP BY unit, unit_name, units_above) each
    ORDER BY unit, people DESC, unit_name, units_above
), chain AS (
    SELECT s.unit AS own, step.unit, step.place
    FROM said s CROSS JOIN LATERAL unnest(s.units_above || s.unit) WITH ORDINALITY AS step (unit, place)
), linked AS (
    SELECT unit, lag(unit) OVER (PARTITION BY own ORDER BY place) AS parent, own = unit AS itself FROM chain
), most AS (
    SELECT DISTINCT ON (unit) unit, parent
    FROM (SELECT unit, parent, bool_or(itself) AS itself, count(*) AS times FROM linked GROUP BY unit, parent) each
    ORDER BY unit, itself DESC, times DESC, parent
)
SELECT m.unit, COALESCE(NULLIF(s.unit_name, ''), m.unit) AS name, m.parent FROM most m LEFT JOIN said s USING (unit)

-- name: close_units
UPDATE facts.dim_org_unit d SET valid_to = %(now)s
WHERE d.valid_to = 'infinity' AND NOT EXISTS (
    SELECT FROM unit_now u
    WHERE u.unit = d.unit AND (u.name, u.parent) IS NOT DISTINCT FROM (d.name, d.parent))

-- name: begin_units
INSERT INTO facts.dim_org_unit (unit, name, parent, valid_from)
SELECT u.unit, u.name, u.parent, %(now)s FROM unit_now u
WHERE NOT EXISTS (SELECT FROM facts.dim_org_unit d WHERE d.unit = u.unit AND d.valid_to = 'infinity')

-- name: unit_closure_now
-- Each unit with all above it. What leads back to itself is followed once.
CREATE TEMPORARY TABLE unit_closure_now ON COMMIT DROP AS
WITH RECURSIVE up (unit, above, distance) AS (
    SELECT unit, unit, 0 FROM unit_now
    UNION ALL
    SELECT up.unit, n.parent, up.distance + 1 FROM up JOIN unit_now n ON n.unit = up.above WHERE n.parent IS NOT NULL
) CYCLE above SET circles USING walked
SELECT above, unit, min(distance) AS distance FROM up GROUP BY above, unit

-- name: close_unit_closure
UPDATE facts.unit_closure c SET valid_to = %(now)s
WHERE c.valid_to = 'infinity' AND NOT EXISTS (
    SELECT FROM unit_closure_now n WHERE (n.above, n.unit, n.distance) = (c.above, c.unit, c.distance))

-- name: begin_unit_closure
INSERT INTO facts.unit_closure (above, unit, distance, valid_from)
SELECT n.above, n.unit, n.distance, %(now)s FROM unit_closure_now n
WHERE NOT EXISTS (
    SELECT FROM facts.unit_closure c WHERE c.above = n.above AND c.unit = n.unit AND c.valid_to = 'infinity')

-- name: manager_closure_now
-- Each person with all managers above. What leads back to itself is followed once.
CREATE TEMPORARY TABLE manager_closure_now ON COMMIT DROP AS
WITH RECURSIVE up (person_id, manager_id, distance) AS (
    SELECT person_id, person_id, 0 FROM facts.landing_person
    UNION ALL
    SELECT up.person_id, p.manager_id, up.distance + 1
    FROM up JOIN facts.landing_person p ON p.person_id = up.manager_id
    WHERE p.manager_id IS NOT NULL
) CYCLE manager_id SET circles USING walked
SELECT manager_id, person_id, min(distance) AS distance FROM up GROUP BY manager_id, person_id

-- name: close_manager_closure
UPDATE facts.manager_closure c SET valid_to = %(now)s
WHERE c.valid_to = 'infinity' AND NOT EXISTS (
    SELECT FROM manager_closure_now n
    WHERE (n.manager_id, n.person_id, n.distance) = (c.manager_id, c.person_id, c.distance))

-- name: begin_manager_closure
INSERT INTO facts.manager_closure (manager_id, person_id, distance, valid_from)
SELECT n.manager_id, n.person_id, n.distance, %(now)s FROM manager_closure_now n
WHERE NOT EXISTS (
    SELECT FROM facts.manager_closure c
    WHERE c.manager_id = n.manager_id AND c.person_id = n.person_id AND c.valid_to = 'infinity')

-- name: accesses
-- When people were last in Moodle.
INSERT INTO facts.person_access (person_id, accessed_at)
SELECT d.person_id, max(l.accessed_at)
FROM facts.landing_access l JOIN facts.dim_person d ON d.moodle_id = l.moodle_id AND d.valid_to = 'infinity'
WHERE l.load_id = %(load)s
GROUP BY d.person_id
ON CONFLICT (person_id) DO UPDATE SET accessed_at = excluded.accessed_at
WHERE person_access.accessed_at < excluded.accessed_at

-- ---------------------------------------------------------------- what is learned
-- name: read_courses
-- The courses of the site, for the statements that follow.
CREATE TEMPORARY TABLE read_course (
    course_id bigint PRIMARY KEY, idnumber text, shortname text, fullname text, visible boolean,
    completion_enabled boolean, title jsonb, description jsonb, category_ids bigint[], category_names jsonb,
    minutes integer, difficulty jsonb, objectives jsonb, starts_at timestamptz
) ON COMMIT DROP

-- name: refine_courses
-- What the catalogue says of a course is as it was last told: other readers tell it in other languages.
UPDATE facts.dim_course d
SET title = r.title, description = r.description, category_ids = r.category_ids, category_names = r.category_names,
    minutes = r.minutes, difficulty = r.difficulty, objectives = r.objectives, starts_at = r.starts_at
FROM read_course r
WHERE d.valid_to = 'infinity' AND r.course_id = d.course_id
  AND (r.title, r.description, r.category_ids, r.category_names, r.minutes, r.difficulty, r.objectives, r.starts_at)
      IS DISTINCT FROM
      (d.title, d.description, d.category_ids, d.category_names, d.minutes, d.difficulty, d.objectives, d.starts_at)

-- name: close_courses
-- Courses that are no more, or are called something else now, of those that were asked for.
UPDATE facts.dim_course d SET valid_to = %(now)s
WHERE d.valid_to = 'infinity' AND (%(asked)s::bigint[] IS NULL OR d.course_id = ANY(%(asked)s)) AND NOT EXISTS (
    SELECT FROM read_course r
    WHERE (r.course_id, r.idnumber, r.shortname, r.fullname, r.visible, r.completion_enabled)
        = (d.course_id, d.idnumber, d.shortname, d.fullname, d.visible, d.completion_enabled))

-- name: begin_courses
INSERT INTO facts.dim_course (course_id, idnumber, shortname, fullname, visible, completion_enabled, title, description,
                              category_ids, category_names, minutes, difficulty, objectives, starts_at, valid_from)
SELECT r.course_id, r.idnumber, r.shortname, r.fullname, r.visible, r.completion_enabled, r.title, r.description,
       r.category_ids, r.category_names, r.minutes, r.difficulty, r.objectives, r.starts_at, %(now)s
FROM read_course r
WHERE NOT EXISTS (SELECT FROM facts.dim_course d WHERE d.course_id = r.course_id AND d.valid_to = 'infinity')

-- name: read_grade_items
CREATE TEMPORARY TABLE read_grade_item (
    item_id bigint PRIMARY KEY, course_id bigint, minimum double precision, maximum double precision,
    pass_mark double precision
) ON COMMIT DROP

-- name: close_grade_items
-- Totals that count otherwise now, items whose number is another total's after a restore, and those whose course is no
-- more. Totals of courses that nobody was asked for stay.
UPDATE facts.dim_grade_item d SET valid_to = %(now)s
WHERE d.valid_to = 'infinity'
  AND (EXISTS (
    SELECT FROM read_grade_item r
    WHERE (r.course_id = d.course_id AND d.item_type = 'course' OR r.item_id = d.item_id)
      AND (r.item_id, r.course_id, r.minimum, r.maximum, r.pass_mark, 'course')
          IS DISTINCT FROM (d.item_id, d.course_id, d.minimum, d.maximum, d.pass_mark, d.item_type))
    OR NOT EXISTS (SELECT FROM facts.dim_course c WHERE c.course_id = d.course_id AND c.valid_to = 'infinity'))

-- name: begin_grade_items
INSERT INTO facts.dim_grade_item (item_id, course_id, minimum, maximum, pass_mark, valid_from)
SELECT r.item_id, r.course_id, r.minimum, r.maximum, r.pass_mark, %(now)s FROM read_grade_item r
WHERE NOT EXISTS (
    SELECT FROM facts.dim_grade_item d
    WHERE d.course_id = r.course_id AND d.item_type = 'course' AND d.valid_to = 'infinity')

-- name: weigh_scopes
-- The planner is told how many there are: a few are found by indexes.
ANALYZE facts.landing_scope

-- name: in_question
-- Of whom and in which course each fact is compared: what landed, and within the scopes, which are complete, what landed
-- and what the facts know. That is looked up scope by scope, however much there is. Where everything was read, all of it
-- is, and nothing is named.
CREATE TEMPORARY TABLE in_question ON COMMIT DROP AS
WITH scope AS NOT MATERIALIZED (
    SELECT fact, moodle_id, course_id FROM facts.landing_scope WHERE load_id = %(load)s
), came AS NOT MATERIALIZED (
    SELECT fact, moodle_id, course_id FROM facts.landed WHERE load_id = %(load)s
    UNION ALL
    SELECT 'completions', moodle_id, course_id FROM facts.landing_enrolment WHERE load_id = %(load)s
)
SELECT fact, moodle_id, course_id, bool_or(complete) AS complete
FROM (
    SELECT fact, moodle_id, course_id, false AS complete FROM came
    UNION ALL
    SELECT fact, c.moodle_id, c.course_id, true FROM scope s JOIN came c USING (fact)
    WHERE c.moodle_id = s.moodle_id AND COALESCE(s.course_id, c.course_id) = c.course_id
    UNION ALL
    SELECT fact, c.moodle_id, c.course_id, true FROM scope s JOIN came c USING (fact)
    WHERE s.moodle_id IS NULL AND c.course_id = s.course_id
    UNION ALL
    SELECT fact, c.moodle_id, c.course_id, true FROM scope s JOIN came c USING (fact)
    WHERE s.moodle_id IS NULL AND s.course_id IS NULL
    UNION ALL
    SELECT s.fact, k.moodle_id, k.course_id, true
    FROM scope s
    CROSS JOIN LATERAL (
        SELECT k.moodle_id, k.course_id FROM facts.known k WHERE k.fact = s.fact AND k.moodle_id = s.moodle_id OFFSET 0) k
    WHERE COALESCE(s.course_id, k.course_id) = k.course_id
    UNION ALL
    SELECT s.fact, k.moodle_id, k.course_id, true
    FROM scope s
    CROSS JOIN LATERAL (
        SELECT k.moodle_id, k.course_id FROM facts.known k WHERE k.fact = s.fact AND k.course_id = s.course_id OFFSET 0) k
    WHERE s.moodle_id IS NULL
    UNION ALL
    SELECT s.fact, k.moodle_id, k.course_id, true
    FROM scope s
    CROSS JOIN LATERAL (SELECT k.moodle_id, k.course_id FROM facts.known k WHERE k.fact = s.fact OFFSET 0) k
    WHERE s.moodle_id IS NULL AND s.course_id IS NULL
) each
WHERE NOT %(whole)s
GROUP BY fact, moodle_id, course_id

-- name: index_in_question
ALTER TABLE in_question ADD PRIMARY KEY (fact, moodle_id, course_id)

-- name: unbound_in_question
-- Accounts that are nobody's any more: of what they have nothing holds.
INSERT INTO in_question (fact, moodle_id, course_id, complete)
SELECT k.fact, k.moodle_id, k.course_id, true
FROM (
    SELECT DISTINCT b.moodle_id FROM facts.dim_person b
    WHERE b.valid_to = %(now)s AND b.moodle_id > 0 AND NOT EXISTS (
        SELECT FROM facts.dim_person d WHERE d.moodle_id = b.moodle_id AND d.valid_to = 'infinity')
) u
CROSS JOIN LATERAL (
    SELECT k.fact, k.moodle_id, k.course_id FROM facts.known k WHERE k.moodle_id = u.moodle_id OFFSET 0) k
ON CONFLICT (fact, moodle_id, course_id) DO UPDATE SET complete = true

-- name: switched_on_in_question
-- Who is in a course whose completion was switched on with this merge, and of whom nothing is known there: Moodle tells of
-- the course alone.
INSERT INTO in_question (fact, moodle_id, course_id, complete)
SELECT 'completions', e.moodle_id, e.course_id, true
FROM facts.dim_course d
JOIN facts.dim_course b ON b.course_id = d.course_id AND b.valid_to = d.valid_from AND NOT b.completion_enabled
JOIN facts.fact_enrolment e ON e.course_id = d.course_id AND e.valid_to = 'infinity' AND e.moodle_id > 0
WHERE d.valid_from = %(now)s AND d.valid_to = 'infinity' AND d.completion_enabled
  AND NOT EXISTS (SELECT FROM facts.fact_completion f
                  WHERE f.moodle_id = e.moodle_id AND f.course_id = e.course_id AND f.valid_to = 'infinity')
ON CONFLICT (fact, moodle_id, course_id) DO UPDATE SET complete = true

-- name: weigh_in_question
ANALYZE in_question

-- name: facts_in_question
SELECT fact, bool_or(complete) AS complete FROM in_question GROUP BY fact

-- name: landed_enrolments
-- What came of managed people, each once: a row may have come twice, and several enrolments of one person one by one. In
-- the order of the key: what follows reads it in that order, and then it is not read all over the table.
CREATE TEMPORARY TABLE enrolment_now ON COMMIT DROP AS
SELECT d.person_id, l.moodle_id, l.course_id, bool_or(l.active) AS active, min(l.enrolled_at) AS enrolled_at,
       CASE WHEN min(l.enrolled_at) IS NULL THEN 'seen by' ELSE min(l.precision) END AS precision
FROM facts.landing_enrolment l
JOIN facts.dim_person d ON d.moodle_id = l.moodle_id AND d.valid_to = 'infinity'
JOIN facts.dim_course c ON c.course_id = l.course_id AND c.valid_to = 'infinity'
WHERE l.load_id = %(load)s
GROUP BY l.moodle_id, l.course_id, d.person_id
ORDER BY l.moodle_id, l.course_id

-- name: index_enrolments
ALTER TABLE enrolment_now ADD PRIMARY KEY (moodle_id, course_id)

-- name: weigh_enrolments
-- An increment's rows are few: the planner would take them for a thousand.
ANALYZE enrolment_now

-- name: refined_courses
-- Courses in which a fact is the same, and more is told of it now; and of whom, where it is their learning.
CREATE TEMPORARY TABLE refined_course (course_id bigint, person_id bigint) ON COMMIT DROP

-- name: refine_enrolments
-- The same enrolment, of which more is told now. What is new only may be a second enrolment of the same person.
WITH refined AS (
    UPDATE facts.fact_enrolment f SET enrolled_at = n.enrolled_at, precision = n.precision
    FROM enrolment_now n
    LEFT JOIN in_question q ON q.fact = 'enrolments' AND q.moodle_id = n.moodle_id AND q.course_id = n.course_id
    WHERE f.valid_to = 'infinity' AND n.moodle_id = f.moodle_id AND n.course_id = f.course_id AND n.active = f.active
      AND (%(whole)s OR q.complete)
      AND n.enrolled_at IS NOT NULL
      AND (f.enrolled_at IS NULL OR f.precision = 'minute' AND n.precision = 'second'
           AND date_trunc('minute', n.enrolled_at) = f.enrolled_at)
    RETURNING f.course_id
)
INSERT INTO refined_course SELECT DISTINCT course_id FROM refined

-- name: close_enrolments
-- Enrolments that ended, were suspended or made active again, or are others than before. Those of people who were erased
-- stand under a number below nought, and stay as they were.
UPDATE facts.fact_enrolment f SET valid_to = %(now)s
FROM facts.fact_enrolment g
LEFT JOIN in_question q ON q.fact = 'enrolments' AND q.moodle_id = g.moodle_id AND q.course_id = g.course_id
LEFT JOIN enrolment_now n
       ON n.moodle_id = g.moodle_id AND n.course_id = g.course_id AND n.active = g.active
      AND (n.enrolled_at IS NULL OR g.enrolled_at IS NULL
           OR n.enrolled_at = g.enrolled_at
           OR (n.precision <> 'second' OR g.precision <> 'second')
              AND date_trunc('minute', n.enrolled_at) = date_trunc('minute', g.enrolled_at)
           OR NOT (%(whole)s OR q.complete))
WHERE g.valid_to = 'infinity' AND g.moodle_id > 0 AND (%(whole)s OR q.moodle_id IS NOT NULL) AND n.moodle_id IS NULL
  AND f.moodle_id = g.moodle_id AND f.course_id = g.course_id AND f.valid_from = g.valid_from

-- name: begin_enrolments
INSERT INTO facts.fact_enrolment (person_id, moodle_id, course_id, active, enrolled_at, precision, valid_from)
SELECT n.person_id, n.moodle_id, n.course_id, n.active, n.enrolled_at, n.precision, %(now)s
FROM enrolment_now n
WHERE NOT EXISTS (
    SELECT FROM facts.fact_enrolment f
    WHERE f.moodle_id = n.moodle_id AND f.course_id = n.course_id AND f.valid_to = 'infinity')
ORDER BY n.moodle_id, n.course_id

-- name: landed_completions
CREATE TEMPORARY TABLE completion_now ON COMMIT DROP AS
SELECT DISTINCT ON (l.moodle_id, l.course_id) d.person_id, l.moodle_id, l.course_id, l.completed,
       CASE WHEN l.completed THEN l.completed_at END AS completed_at, l.precision, l.progress
FROM facts.landing_completion l
JOIN facts.dim_person d ON d.moodle_id = l.moodle_id AND d.valid_to = 'infinity'
JOIN facts.dim_course c ON c.course_id = l.course_id AND c.valid_to = 'infinity'
WHERE l.load_id = %(load)s
ORDER BY l.moodle_id, l.course_id, l.completed DESC

-- name: silent_completions
-- Of whom no completion was told where it was read completely has none, where completion is on. Whoever was erased has a
-- number below nought, of which Moodle tells nothing.
INSERT INTO completion_now (person_id, moodle_id, course_id, completed, precision)
SELECT e.person_id, e.moodle_id, e.course_id, false, 'seen by'
FROM facts.fact_enrolment e
JOIN facts.dim_course c ON c.course_id = e.course_id AND c.valid_to = 'infinity' AND c.completion_enabled
LEFT JOIN in_question q ON q.fact = 'completions' AND q.moodle_id = e.moodle_id AND q.course_id = e.course_id
WHERE e.valid_to = 'infinity' AND e.moodle_id > 0 AND (%(exhaustive)s OR q.complete)
  AND NOT EXISTS (SELECT FROM completion_now n WHERE n.moodle_id = e.moodle_id AND n.course_id = e.course_id)

-- name: index_completions
ALTER TABLE completion_now ADD PRIMARY KEY (moodle_id, course_id)

-- name: weigh_completions
ANALYZE completion_now

-- name: completed_days
-- The days on which these courses were completed by what was known until now: a sum of theirs may have to sink.
CREATE TEMPORARY TABLE completed_day ON COMMIT DROP AS
SELECT DISTINCT (f.completed_at AT TIME ZONE 'UTC')::date AS day
FROM facts.fact_completion f
JOIN completion_now n ON n.moodle_id = f.moodle_id AND n.course_id = f.course_id
WHERE f.valid_to = 'infinity' AND f.completed_at IS NOT NULL

-- name: refine_completions
-- The same state, of which more is told now. When it was first seen, it had happened.
WITH refined AS (
    UPDATE facts.fact_completion f
    SET completed_at = CASE WHEN better THEN n.completed_at ELSE f.completed_at END,
        precision = CASE WHEN better THEN n.precision ELSE f.precision END,
        progress = COALESCE(n.progress, f.progress)
    FROM (
        SELECT n.*, f.valid_from, COALESCE(n.completed AND n.completed_at IS NOT NULL AND (
            f.precision = 'seen by' AND n.completed_at <= f.completed_at
            OR f.precision = 'minute' AND n.precision = 'second'
               AND date_trunc('minute', n.completed_at) = f.completed_at), false) AS better
        FROM completion_now n
        JOIN facts.fact_completion f ON f.moodle_id = n.moodle_id AND f.course_id = n.course_id AND f.completed = n.completed
        WHERE f.valid_to = 'infinity'
    ) n
    WHERE f.moodle_id = n.moodle_id AND f.course_id = n.course_id AND f.valid_from = n.valid_from
      AND (better OR COALESCE(n.progress, f.progress) IS DISTINCT FROM f.progress)
    RETURNING f.course_id, f.person_id
)
INSERT INTO refined_course SELECT DISTINCT course_id, person_id FROM refined

-- name: close_completions
-- Completions that changed: reset, or completed at another time. What did not come stays: it was learned all the same.
UPDATE facts.fact_completion f SET valid_to = %(now)s
FROM completion_now n
WHERE f.valid_to = 'infinity' AND n.moodle_id = f.moodle_id AND n.course_id = f.course_id
  AND NOT (n.completed = f.completed
           AND (n.completed_at IS NULL OR f.completed_at IS NULL
                OR n.completed_at = f.completed_at
                OR (n.precision <> 'second' OR f.precision <> 'second')
                   AND date_trunc('minute', n.completed_at) = date_trunc('minute', f.completed_at)))

-- name: begin_completions
-- After a completed attempt comes the next one.
INSERT INTO facts.fact_completion (person_id, moodle_id, course_id, attempt, completed, completed_at, precision, progress,
                                   valid_from)
SELECT n.person_id, n.moodle_id, n.course_id, COALESCE(b.attempt + b.completed::integer, 1), n.completed,
       CASE WHEN n.completed THEN COALESCE(n.completed_at, %(now)s) END, n.precision, n.progress, %(now)s
FROM completion_now n
LEFT JOIN (
    SELECT DISTINCT ON (f.moodle_id, f.course_id) f.moodle_id, f.course_id, f.attempt, f.completed
    FROM facts.fact_completion f
    JOIN completion_now n ON n.moodle_id = f.moodle_id AND n.course_id = f.course_id
    ORDER BY f.moodle_id, f.course_id, f.valid_from DESC
) b ON b.moodle_id = n.moodle_id AND b.course_id = n.course_id
WHERE NOT EXISTS (
    SELECT FROM facts.fact_completion f
    WHERE f.moodle_id = n.moodle_id AND f.course_id = n.course_id AND f.valid_to = 'infinity')
ORDER BY n.moodle_id, n.course_id

-- name: drop_waivers
DELETE FROM facts.waiver

-- name: read_lost_accounts
CREATE TEMPORARY TABLE lost_account (account_id bigint PRIMARY KEY) ON COMMIT DROP

-- name: shown_again
-- Accounts that Moodle did not show for a while and that are in a course after all.
DELETE FROM lost_account a USING facts.landing_enrolment l WHERE l.load_id = %(load)s AND l.moodle_id = a.account_id

-- name: landed_grades
CREATE TEMPORARY TABLE grade_now ON COMMIT DROP AS
SELECT DISTINCT ON (l.moodle_id, l.course_id) d.person_id, l.moodle_id, l.course_id, l.value, l.decimals, l.graded_at,
       l.minimum, l.maximum
FROM facts.landing_grade l
JOIN facts.dim_person d ON d.moodle_id = l.moodle_id AND d.valid_to = 'infinity'
JOIN facts.dim_course c ON c.course_id = l.course_id AND c.valid_to = 'infinity'
WHERE l.load_id = %(load)s
ORDER BY l.moodle_id, l.course_id, l.value DESC NULLS LAST

-- name: silent_grades
-- Of whom no grade was told where it was read completely has none.
INSERT INTO grade_now (person_id, moodle_id, course_id)
SELECT f.person_id, f.moodle_id, f.course_id
FROM facts.fact_grade f
LEFT JOIN in_question q ON q.fact = 'grades' AND q.moodle_id = f.moodle_id AND q.course_id = f.course_id
WHERE f.valid_to = 'infinity' AND f.moodle_id > 0 AND (%(exhaustive)s OR q.complete)
  AND EXISTS (SELECT FROM facts.fact_enrolment e
              WHERE e.moodle_id = f.moodle_id AND e.course_id = f.course_id AND e.valid_to = 'infinity')
  AND NOT EXISTS (SELECT FROM grade_now n WHERE n.moodle_id = f.moodle_id AND n.course_id = f.course_id)

-- name: index_grades
ALTER TABLE grade_now ADD PRIMARY KEY (moodle_id, course_id)

-- name: weigh_grades
ANALYZE grade_now

-- name: refine_grades
-- The same grade, of which more is told now: its own range, too, which no reader told once.
WITH refined AS (
    UPDATE facts.fact_grade f
    SET value = n.value, decimals = n.decimals, graded_at = COALESCE(n.graded_at, f.graded_at),
        minimum = COALESCE(f.minimum, n.minimum), maximum = COALESCE(f.maximum, n.maximum)
    FROM grade_now n
    WHERE f.valid_to = 'infinity' AND n.moodle_id = f.moodle_id AND n.course_id = f.course_id
      AND round(n.value::numeric, COALESCE(f.decimals, 5)) = round(f.value::numeric, COALESCE(f.decimals, 5))
      AND (f.decimals IS NOT NULL AND n.decimals IS NULL
           OR n.decimals IS NOT DISTINCT FROM f.decimals
              AND (f.graded_at IS NULL AND n.graded_at IS NOT NULL
                   OR f.maximum IS NULL AND n.maximum IS NOT NULL AND (n.graded_at <> f.graded_at) IS NOT TRUE))
    RETURNING f.course_id
)
INSERT INTO refined_course SELECT DISTINCT course_id FROM refined

-- name: close_grades
-- Grades that changed or are no more, and why; one of as many points within another range is another grade. With the
-- enrolment Moodle deletes the grade, though another began since. Of an account that Moodle has and that is nobody's any
-- more nothing is told. Moodle's own report shows no grades of suspended people: what did not
-- come of somebody who is still enrolled stays.
UPDATE facts.fact_grade f
SET valid_to = %(now)s, ended_by = CASE
        WHEN c.course_id IS NULL OR a.account_id IS NOT NULL THEN 'deletion'
        WHEN p.person_id IS NULL THEN 'unbinding'
        WHEN e.moodle_id IS NULL AND (%(whole)s OR q.complete) THEN 'unenrolment'
        WHEN n.value IS NULL AND b.moodle_id IS NOT NULL THEN 'unenrolment'
        WHEN n.value IS NULL THEN 'reset'
        ELSE 'regrade'
    END
FROM facts.fact_grade g
LEFT JOIN facts.dim_course c ON c.course_id = g.course_id AND c.valid_to = 'infinity'
LEFT JOIN lost_account a ON a.account_id = g.moodle_id
LEFT JOIN facts.dim_person p ON p.moodle_id = g.moodle_id AND p.valid_to = 'infinity'
LEFT JOIN facts.fact_enrolment e
       ON e.moodle_id = g.moodle_id AND e.course_id = g.course_id AND e.valid_to = 'infinity'
LEFT JOIN facts.fact_enrolment b
       ON b.moodle_id = g.moodle_id AND b.course_id = g.course_id AND b.valid_to = %(now)s
      AND (b.active = e.active OR date_trunc('minute', b.enrolled_at) <> date_trunc('minute', e.enrolled_at))
LEFT JOIN in_question q ON q.fact = 'grades' AND q.moodle_id = g.moodle_id AND q.course_id = g.course_id
LEFT JOIN grade_now n ON n.moodle_id = g.moodle_id AND n.course_id = g.course_id
WHERE g.valid_to = 'infinity' AND g.moodle_id > 0 AND (%(whole)s OR q.moodle_id IS NOT NULL)
  AND f.moodle_id = g.moodle_id AND f.course_id = g.course_id AND f.valid_from = g.valid_from
  AND ((%(whole)s OR q.complete) AND e.moodle_id IS NULL
       OR n.moodle_id IS NOT NULL AND (
           n.value IS NULL
           OR round(n.value::numeric, COALESCE(n.decimals, f.decimals, 5))
              <> round(g.value::numeric, COALESCE(n.decimals, f.decimals, 5))
           OR n.graded_at <> g.graded_at
           OR round(n.minimum::numeric, 5) <> round(g.minimum::numeric, 5)
           OR round(n.maximum::numeric, 5) <> round(g.maximum::numeric, 5)))

-- name: begin_grades
-- Raw rows have grades of people, too, who are no longer enrolled: of these none holds.
INSERT INTO facts.fact_grade (person_id, moodle_id, course_id, value, decimals, graded_at, minimum, maximum, valid_from)
SELECT n.person_id, n.moodle_id, n.course_id, n.value, n.decimals, n.graded_at, n.minimum, n.maximum, %(now)s
FROM grade_now n
LEFT JOIN facts.fact_enrolment e
       ON e.moodle_id = n.moodle_id AND e.course_id = n.course_id AND e.valid_to = 'infinity'
LEFT JOIN in_question q ON q.fact = 'grades' AND q.moodle_id = n.moodle_id AND q.course_id = n.course_id
WHERE n.value IS NOT NULL AND (e.moodle_id IS NOT NULL OR NOT (%(whole)s OR COALESCE(q.complete, false)))
  AND NOT EXISTS (
    SELECT FROM facts.fact_grade f
    WHERE f.moodle_id = n.moodle_id AND f.course_id = n.course_id AND f.valid_to = 'infinity')
ORDER BY n.moodle_id, n.course_id

-- name: close_templates
UPDATE facts.dim_certificate_template d SET valid_to = %(now)s
FROM (SELECT source, template, min(template_name) AS name FROM facts.landing_certificate
      WHERE load_id = %(load)s GROUP BY source, template) l
WHERE d.valid_to = 'infinity' AND l.source = d.source AND l.template = d.template AND l.name <> d.name

-- name: begin_templates
INSERT INTO facts.dim_certificate_template (source, template, name, valid_from)
SELECT l.source, l.template, min(l.template_name), %(now)s
FROM facts.landing_certificate l
WHERE l.load_id = %(load)s AND NOT EXISTS (
    SELECT FROM facts.dim_certificate_template d
    WHERE d.source = l.source AND d.template = l.template AND d.valid_to = 'infinity')
GROUP BY l.source, l.template

-- name: landed_certificates
-- A restored course has copies of the issues of customcert under the same codes: of these one holds, always the same.
CREATE TEMPORARY TABLE certificate_now ON COMMIT DROP AS
SELECT DISTINCT ON (l.source, l.code) d.person_id, l.moodle_id, l.source, l.code, l.template, l.issued_at, l.expires_at,
       l.revoked, l.precision
FROM facts.landing_certificate l
JOIN facts.dim_person d ON d.moodle_id = l.moodle_id AND d.valid_to = 'infinity'
WHERE l.load_id = %(load)s
ORDER BY l.source, l.code, l.issued_at DESC, l.template, l.moodle_id, l.expires_at DESC NULLS FIRST

-- name: index_certificates
ALTER TABLE certificate_now ADD PRIMARY KEY (source, code)

-- name: weigh_certificates
ANALYZE certificate_now

-- name: certificates_in_question
-- As in_question: issues that came, and what the facts know of what was read completely.
CREATE TEMPORARY TABLE certificate_in_question ON COMMIT DROP AS
SELECT DISTINCT source, code, issued_at
FROM (
    SELECT f.source, f.code, f.issued_at
    FROM certificate_now n JOIN facts.fact_certificate f ON f.source = n.source AND f.code = n.code
    WHERE f.valid_to = 'infinity'
    UNION ALL
    SELECT f.source, f.code, f.issued_at
    FROM facts.landing_scope s JOIN facts.fact_certificate f ON f.source = s.source AND f.moodle_id = s.moodle_id
    WHERE s.load_id = %(load)s AND s.fact = 'certificates' AND f.valid_to = 'infinity'
    UNION ALL
    SELECT f.source, f.code, f.issued_at
    FROM facts.landing_scope s JOIN facts.fact_certificate f ON f.source = s.source
    WHERE s.load_id = %(load)s AND s.fact = 'certificates' AND s.moodle_id IS NULL AND f.valid_to = 'infinity'
) each
WHERE NOT %(whole)s

-- name: unbound_certificates
-- Of accounts that are nobody's any more; the connector's own go with the person.
INSERT INTO certificate_in_question (source, code, issued_at)
SELECT f.source, f.code, f.issued_at
FROM facts.dim_person b
JOIN facts.fact_certificate f ON f.moodle_id = b.moodle_id AND f.valid_to = 'infinity' AND f.source <> 'connector'
WHERE b.valid_to = %(now)s AND b.moodle_id > 0
  AND NOT EXISTS (SELECT FROM facts.dim_person d WHERE d.moodle_id = b.moodle_id AND d.valid_to = 'infinity')
  AND NOT EXISTS (SELECT FROM certificate_in_question q WHERE q.source = f.source AND q.code = f.code)

-- name: weigh_certificates_in_question
ANALYZE certificate_in_question

-- name: close_certificates
-- Issues that were revoked or prolonged, or are no more. Sources of which nothing came and nothing is said were not read.
UPDATE facts.fact_certificate f SET valid_to = %(now)s
FROM facts.fact_certificate g
LEFT JOIN certificate_in_question q ON q.source = g.source AND q.code = g.code
LEFT JOIN certificate_now n
       ON n.source = g.source AND n.code = g.code AND n.template = g.template AND n.revoked = g.revoked
      AND ((n.issued_at, n.expires_at) IS NOT DISTINCT FROM (g.issued_at, g.expires_at)
           OR (n.precision <> 'second' OR g.precision <> 'second')
              AND date_trunc('minute', n.issued_at) = date_trunc('minute', g.issued_at)
              AND date_trunc('minute', n.expires_at) IS NOT DISTINCT FROM date_trunc('minute', g.expires_at))
WHERE g.valid_to = 'infinity' AND g.moodle_id > 0 AND n.code IS NULL
  AND (%(whole)s AND g.source IN (
           SELECT source FROM certificate_now
           UNION SELECT source FROM facts.landing_scope WHERE load_id = %(load)s AND fact = 'certificates')
       OR q.code IS NOT NULL)
  AND f.source = g.source AND f.code = g.code AND f.valid_from = g.valid_from

-- name: begin_certificates
INSERT INTO facts.fact_certificate (person_id, moodle_id, source, code, template, issued_at, expires_at, revoked,
                                    precision, valid_from)
SELECT n.person_id, n.moodle_id, n.source, n.code, n.template, n.issued_at, n.expires_at, n.revoked, n.precision, %(now)s
FROM certificate_now n
WHERE NOT EXISTS (
    SELECT FROM facts.fact_certificate f WHERE f.source = n.source AND f.code = n.code AND f.valid_to = 'infinity')

-- ---------------------------------------------------------------- what must be done
-- name: read_requirements
CREATE TEMPORARY TABLE read_requirement (
    requirement text PRIMARY KEY, name jsonb, path text, courses text[], course_ids bigint[], recertify_months integer,
    window_days integer, grace_days integer, strict boolean
) ON COMMIT DROP

-- name: close_requirements
-- Requirements that say something else now. Those that no mapping names any more stay: people may have had them.
UPDATE facts.dim_requirement d SET valid_to = %(now)s
FROM read_requirement r
WHERE d.valid_to = 'infinity' AND r.requirement = d.requirement
  AND (r.name, r.path, r.courses, r.course_ids, r.recertify_months, r.window_days, r.grace_days, r.strict)
      IS DISTINCT FROM
      (d.name, d.path, d.courses, d.course_ids, d.recertify_months, d.window_days, d.grace_days, d.strict)

-- name: begin_requirements
INSERT INTO facts.dim_requirement (requirement, name, path, courses, course_ids, recertify_months, window_days, grace_days,
                                   strict, valid_from)
SELECT r.requirement, r.name, r.path, r.courses, r.course_ids, r.recertify_months, r.window_days, r.grace_days, r.strict,
       %(now)s
FROM read_requirement r
WHERE NOT EXISTS (
    SELECT FROM facts.dim_requirement d WHERE d.requirement = r.requirement AND d.valid_to = 'infinity')

-- name: concerned
-- Where nothing but completions can have moved, assignments of the people of whom some were read are reckoned.
CREATE TEMPORARY TABLE concerned ON COMMIT DROP AS
SELECT DISTINCT person_id FROM completion_now WHERE NOT %(everybody)s

-- name: weigh_concerned
ANALYZE concerned

-- name: first_cycle
-- Each requirement of each person: satisfied when the last course of its path was first completed. What was completed
-- before the assignment, by a rehired person too, counts while it is still valid.
CREATE TEMPORARY TABLE assignment_now ON COMMIT DROP AS
SELECT a.grant_id, 1 AS cycle, a.person_id, a.requirement, a.assigned_on, NULL::date AS window_opens_on, a.due_on,
       s.satisfied_at, (s.satisfied_at AT TIME ZONE p.timezone + make_interval(months => r.recertify_months))::date
           AS expires_on, a.withdrawn_at
FROM facts.landing_assignment a
JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity'
LEFT JOIN facts.dim_requirement r ON r.requirement = a.requirement AND r.valid_to = 'infinity'
LEFT JOIN (
    SELECT grant_id, CASE WHEN count(*) = count(completed_at) THEN max(completed_at) END AS satisfied_at
    FROM (
        SELECT a.grant_id, min(f.completed_at) AS completed_at
        FROM facts.landing_assignment a
        LEFT JOIN concerned o ON o.person_id = a.person_id
        JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity'
        JOIN facts.dim_requirement r ON r.requirement = a.requirement AND r.valid_to = 'infinity'
        CROSS JOIN LATERAL unnest(r.course_ids) WITH ORDINALITY AS need (course_id, place)
        LEFT JOIN facts.fact_completion f
               ON f.person_id = a.person_id AND f.course_id = need.course_id AND f.completed
              AND (r.recertify_months IS NULL OR a.assigned_on <=
                   (f.completed_at AT TIME ZONE p.timezone + make_interval(months => r.recertify_months))::date)
        WHERE %(everybody)s OR o.person_id IS NOT NULL
        GROUP BY a.grant_id, need.place
    ) each
    GROUP BY grant_id
) s USING (grant_id)
LEFT JOIN concerned o ON o.person_id = a.person_id
WHERE %(everybody)s OR o.person_id IS NOT NULL

-- name: next_cycle
-- What follows cycle %(cycle)s where its validity ends and the window before that is open: satisfied by what was
-- completed since the window opened. Within the grace after the end it is not late yet.
INSERT INTO assignment_now
SELECT a.grant_id, a.cycle + 1, a.person_id, a.requirement, o.opens_on, o.opens_on,
       a.expires_on + COALESCE(r.grace_days, 0), s.satisfied_at,
       (s.satisfied_at AT TIME ZONE p.timezone + make_interval(months => r.recertify_months))::date, a.withdrawn_at
FROM assignment_now a
JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity'
JOIN facts.dim_requirement r ON r.requirement = a.requirement AND r.valid_to = 'infinity'
CROSS JOIN LATERAL (SELECT a.expires_on - r.window_days AS opens_on) o
LEFT JOIN LATERAL (
    SELECT CASE WHEN count(*) = count(f.completed_at) THEN max(f.completed_at) END AS satisfied_at
    FROM unnest(r.course_ids) AS need (course_id)
    LEFT JOIN LATERAL (
        SELECT min(c.completed_at) AS completed_at FROM facts.fact_completion c
        WHERE c.person_id = a.person_id AND c.course_id = need.course_id AND c.completed
          AND (c.completed_at AT TIME ZONE p.timezone)::date >= o.opens_on
          AND c.completed_at > a.satisfied_at
    ) f ON true
) s ON true
WHERE a.cycle = %(cycle)s AND a.expires_on IS NOT NULL
  AND o.opens_on <= (%(now)s AT TIME ZONE p.timezone)::date
  AND (a.withdrawn_at IS NULL OR o.opens_on <= (a.withdrawn_at AT TIME ZONE p.timezone)::date)

-- name: due_with_leave
-- What is due in cycle %(cycle)s for people with leave.
SELECT a.grant_id, a.due_on, a.window_opens_on, l.leaves
FROM assignment_now a
JOIN (SELECT person_id, range_agg(daterange(first_on, last_on, '[]')) AS leaves FROM facts.landing_leave
      GROUP BY person_id) l USING (person_id)
WHERE a.cycle = %(cycle)s

-- name: move_due
UPDATE assignment_now a SET due_on = m.due_on
FROM unnest(%(grants)s::bigint[], %(due)s::date[]) AS m (grant_id, due_on)
WHERE a.grant_id = m.grant_id AND a.cycle = %(cycle)s

-- name: pause
-- While somebody is away nothing is due.
UPDATE assignment_now a SET due_on = NULL
FROM facts.landing_leave l
JOIN facts.dim_person p ON p.person_id = l.person_id AND p.valid_to = 'infinity'
WHERE a.person_id = l.person_id AND a.satisfied_at IS NULL
  AND (%(now)s AT TIME ZONE p.timezone)::date BETWEEN l.first_on AND COALESCE(l.last_on, 'infinity')

-- name: index_assignments
ALTER TABLE assignment_now ADD PRIMARY KEY (grant_id, cycle)

-- name: weigh_assignments
ANALYZE assignment_now

-- name: close_assignments
UPDATE facts.fact_assignment f SET valid_to = %(now)s
WHERE f.valid_to = 'infinity' AND (%(everybody)s OR f.person_id = ANY (ARRAY(SELECT person_id FROM concerned)))
  AND NOT EXISTS (
    SELECT FROM assignment_now a
    WHERE a.grant_id = f.grant_id AND a.cycle = f.cycle
      AND (a.person_id, a.assigned_on, a.window_opens_on, a.due_on, a.satisfied_at, a.expires_on, a.withdrawn_at)
          IS NOT DISTINCT FROM
          (f.person_id, f.assigned_on, f.window_opens_on, f.due_on, f.satisfied_at, f.expires_on, f.withdrawn_at))

-- name: begin_assignments
INSERT INTO facts.fact_assignment (grant_id, cycle, person_id, requirement, assigned_on, window_opens_on, due_on,
                                   satisfied_at, expires_on, withdrawn_at, valid_from)
SELECT a.grant_id, a.cycle, a.person_id, a.requirement, a.assigned_on, a.window_opens_on, a.due_on, a.satisfied_at,
       a.expires_on, a.withdrawn_at, %(now)s
FROM assignment_now a
WHERE NOT EXISTS (SELECT FROM facts.fact_assignment f
                  WHERE f.grant_id = a.grant_id AND f.cycle = a.cycle AND f.valid_to = 'infinity')

-- name: whose_learning
-- Whose learning stands otherwise by a merge, and who leads them; so many at most. Where everything was read the facts that
-- moved are looked through "everywhere", as nothing was in question.
WITH RECURSIVE changed AS (
    SELECT person_id FROM refined_course
    UNION
    SELECT f.person_id FROM in_question q JOIN facts.fact_enrolment f USING (moodle_id, course_id)
    WHERE q.fact = 'enrolments' AND %(now)s IN (f.valid_from, f.valid_to)
    UNION
    SELECT f.person_id FROM in_question q JOIN facts.fact_completion f USING (moodle_id, course_id)
    WHERE q.fact = 'completions' AND %(now)s IN (f.valid_from, f.valid_to)
    UNION
    SELECT f.person_id FROM in_question q JOIN facts.fact_activity_completion f USING (moodle_id, course_id)
    WHERE q.fact = 'activity_completions' AND %(now)s IN (f.valid_from, f.valid_to)
    UNION
    SELECT f.person_id FROM in_question q JOIN facts.fact_item_grade f USING (moodle_id, course_id)
    WHERE q.fact = 'item_grades' AND %(now)s IN (f.valid_from, f.valid_to)
    UNION
    SELECT f.person_id FROM certificate_in_question q JOIN facts.fact_certificate f USING (source, code)
    WHERE %(now)s IN (f.valid_from, f.valid_to)
    UNION
    SELECT person_id FROM facts.fact_enrolment
    WHERE 'enrolments' = ANY(%(everywhere)s::text[]) AND %(now)s IN (valid_from, valid_to)
    UNION
    SELECT person_id FROM facts.fact_completion
    WHERE 'completions' = ANY(%(everywhere)s::text[]) AND %(now)s IN (valid_from, valid_to)
    UNION
    SELECT person_id FROM facts.fact_activity_completion
    WHERE 'activity_completions' = ANY(%(everywhere)s::text[]) AND %(now)s IN (valid_from, valid_to)
    UNION
    SELECT person_id FROM facts.fact_item_grade
    WHERE 'item_grades' = ANY(%(everywhere)s::text[]) AND %(now)s IN (valid_from, valid_to)
    UNION
    SELECT person_id FROM facts.fact_certificate
    WHERE 'certificates' = ANY(%(everywhere)s::text[]) AND %(now)s IN (valid_from, valid_to)
    UNION SELECT person_id FROM facts.fact_assignment WHERE valid_from = %(now)s
    UNION SELECT person_id FROM facts.fact_assignment WHERE valid_to = %(now)s AND valid_to < 'infinity'
    UNION
    SELECT w.person_id
    FROM facts.dim_person p CROSS JOIN LATERAL (VALUES (p.person_id), (p.manager_id)) AS w (person_id)
    WHERE %(taken)s AND %(now)s IN (p.valid_from, p.valid_to)
), told AS (
    SELECT person_id FROM changed WHERE person_id IS NOT NULL
    UNION
    SELECT p.manager_id FROM told JOIN facts.dim_person p USING (person_id)
    WHERE p.valid_to = 'infinity' AND p.manager_id IS NOT NULL
)
SELECT person_id FROM told LIMIT %(most)s

-- name: completed
-- Whoever has completed these courses, though it was reset since.
SELECT DISTINCT person_id, course_id FROM facts.fact_completion WHERE completed AND course_id = ANY(%(courses)s)

-- name: loaded
-- What merging one fact came to.
INSERT INTO facts.load_fact (load_id, fact, rows, begun, ended)
VALUES (%(load)s, %(fact)s, %(rows)s, %(begun)s, %(ended)s)

-- name: last_rows
-- What each fact held after the last merge.
SELECT fact, rows FROM facts.load_fact WHERE load_id = (SELECT max(load_id) FROM facts.load_fact)

-- name: taken
-- Are the people of the last load still landed? A crash of the server empties them.
SELECT person_id FROM facts.landing_person LIMIT 1

-- name: by_sets
-- Where many rows are compared with many, never row by row: PostgreSQL may take a table for empty that was just filled,
-- by this very transaction or before autovacuum came, and then 50,000 rows took a minute instead of a second.
SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '128MB'; SET LOCAL maintenance_work_mem = '256MB'

-- name: by_either
SET LOCAL enable_nestloop = on

-- name: indexes
-- The indexes of a table, those that hold a constraint too; of a table of months with those of its months.
SELECT c.relname AS name, k.conname IS NOT NULL AS holds,
       COALESCE(pg_get_constraintdef(k.oid), replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')) AS definition
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid
WHERE i.indrelid = ('facts.' || %(table)s)::regclass
