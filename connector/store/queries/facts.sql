-- name: accounts
-- Accounts of managed people.
SELECT account_id FROM connector.binding WHERE site = %(site)s AND account_id > %(after)s
ORDER BY account_id LIMIT %(limit)s

-- name: course_refs
-- Courses that grants or requirements name.
SELECT DISTINCT ref FROM (
    SELECT target AS ref FROM connector.ledger WHERE site = %(site)s AND kind = 'enrolment' AND ended_at IS NULL
    UNION SELECT ref FROM connector.reference WHERE site = %(site)s AND kind = 'course'
) r ORDER BY ref

-- name: requirement
-- A requirement as the mapping says it now.
INSERT INTO facts.dim_requirement (requirement, name, path, courses)
VALUES (%(requirement)s, %(name)s, %(path)s, %(courses)s)
ON CONFLICT (requirement) DO UPDATE
SET name = excluded.name, path = excluded.path, courses = excluded.courses

-- name: read_courses
-- The courses that were read, for the statements that follow.
CREATE TEMPORARY TABLE read_course (
    course_id bigint PRIMARY KEY, idnumber text NOT NULL, shortname text NOT NULL, fullname text NOT NULL
) ON COMMIT DROP

-- name: close_courses
-- Courses that are no more, or are called something else now.
UPDATE facts.dim_course d SET valid_to = %(now)s
WHERE d.valid_to = 'infinity' AND NOT EXISTS (
    SELECT FROM read_course r
    WHERE (r.course_id, r.idnumber, r.shortname, r.fullname) = (d.course_id, d.idnumber, d.shortname, d.fullname))

-- name: begin_courses
INSERT INTO facts.dim_course (course_id, idnumber, shortname, fullname, valid_from)
SELECT r.course_id, r.idnumber, r.shortname, r.fullname, %(now)s FROM read_course r
WHERE NOT EXISTS (SELECT FROM facts.dim_course d WHERE d.course_id = r.course_id AND d.valid_to = 'infinity')

-- name: people_now
-- Managed people as they stand now.
CREATE TEMPORARY TABLE person_now ON COMMIT DROP AS
SELECT p.person_id, p.key AS hr_key, b.account_id AS moodle_id, p.unit, p.unit_name, p.job_role, p.manager_id,
       connector.employment_status(p, %(now)s, 0) AS status,
       p.starts AS hired_on, p.ends AS left_on
FROM connector.person p
LEFT JOIN connector.binding b ON b.site = %(site)s AND b.person_id = p.person_id

-- name: close_people
-- Versions of people that hold no longer.
UPDATE facts.dim_person d SET valid_to = %(now)s
FROM person_now p
WHERE d.valid_to = 'infinity' AND p.person_id = d.person_id
  AND (p.hr_key, p.moodle_id, p.unit, p.unit_name, p.job_role, p.manager_id, p.status, p.hired_on, p.left_on)
      IS DISTINCT FROM
      (d.hr_key, d.moodle_id, d.unit, d.unit_name, d.job_role, d.manager_id, d.status, d.hired_on, d.left_on)

-- name: begin_people
INSERT INTO facts.dim_person (person_id, hr_key, moodle_id, unit, unit_name, job_role, manager_id, status, hired_on,
                              left_on, valid_from)
SELECT p.person_id, p.hr_key, p.moodle_id, p.unit, p.unit_name, p.job_role, p.manager_id, p.status, p.hired_on,
       p.left_on, %(now)s
FROM person_now p
WHERE NOT EXISTS (SELECT FROM facts.dim_person d WHERE d.person_id = p.person_id AND d.valid_to = 'infinity')

-- name: names
-- Names apart from the facts, so that they can be erased.
INSERT INTO facts.person_name (person_id, firstname, lastname, email)
SELECT b.person_id, COALESCE(a.fields ->> 'firstname', ''), COALESCE(a.fields ->> 'lastname', ''),
       COALESCE(a.fields ->> 'email', '')
FROM connector.binding b
JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE b.site = %(site)s
ON CONFLICT (person_id) DO UPDATE
SET firstname = excluded.firstname, lastname = excluded.lastname, email = excluded.email
WHERE (person_name.firstname, person_name.lastname, person_name.email)
      IS DISTINCT FROM (excluded.firstname, excluded.lastname, excluded.email)

-- name: close_enrolments
-- Enrolments that ended, or were suspended or made active again.
UPDATE facts.fact_enrolment f SET valid_to = %(now)s
WHERE f.valid_to = 'infinity' AND EXISTS (SELECT FROM read_course r WHERE r.course_id = f.course_id) AND NOT EXISTS (
    SELECT FROM facts.landing_enrolment l
    WHERE l.run_id = %(run)s AND l.moodle_id = f.moodle_id AND l.course_id = f.course_id AND l.active = f.active)

-- name: begin_enrolments
INSERT INTO facts.fact_enrolment (moodle_id, course_id, active, valid_from)
SELECT DISTINCT ON (l.moodle_id, l.course_id) l.moodle_id, l.course_id, l.active, %(now)s
FROM facts.landing_enrolment l
JOIN connector.binding b ON b.site = %(site)s AND b.account_id = l.moodle_id
WHERE l.run_id = %(run)s AND NOT EXISTS (
    SELECT FROM facts.fact_enrolment f
    WHERE f.moodle_id = l.moodle_id AND f.course_id = l.course_id AND f.valid_to = 'infinity')
ORDER BY l.moodle_id, l.course_id, l.active DESC

-- name: close_completions
-- Completions that changed. A reset shows as a row that is no longer completed: the old one is kept as history.
UPDATE facts.fact_completion f SET valid_to = %(now)s
FROM facts.landing_completion l
WHERE f.valid_to = 'infinity' AND l.run_id = %(run)s AND l.moodle_id = f.moodle_id AND l.course_id = f.course_id
  AND (l.completed, l.progress) IS DISTINCT FROM (f.completed, f.progress)

-- name: begin_completions
INSERT INTO facts.fact_completion (moodle_id, course_id, completed, progress, completed_at, precision, valid_from)
SELECT DISTINCT ON (l.moodle_id, l.course_id) l.moodle_id, l.course_id, l.completed, l.progress, CASE
           WHEN l.completed THEN COALESCE((
               SELECT b.completed_at FROM facts.fact_completion b
               WHERE b.moodle_id = l.moodle_id AND b.course_id = l.course_id AND b.valid_to = %(now)s), %(now)s)
       END, 'seen by', %(now)s
FROM facts.landing_completion l
JOIN read_course r ON r.course_id = l.course_id
WHERE l.run_id = %(run)s AND NOT EXISTS (
    SELECT FROM facts.fact_completion f
    WHERE f.moodle_id = l.moodle_id AND f.course_id = l.course_id AND f.valid_to = 'infinity')
ORDER BY l.moodle_id, l.course_id

-- name: close_grades
-- Grades that changed, or are gone from a course that was read. Moodle shows none of who is suspended in the
-- course: those stay as they were last seen.
UPDATE facts.fact_grade f SET valid_to = %(now)s
WHERE f.valid_to = 'infinity' AND EXISTS (SELECT FROM read_course r WHERE r.course_id = f.course_id)
  AND NOT EXISTS (
    SELECT FROM facts.landing_grade l
    WHERE l.run_id = %(run)s AND l.moodle_id = f.moodle_id AND l.item_id = f.item_id
      AND (l.raw, l.minimum, l.maximum, l.graded_at)
          IS NOT DISTINCT FROM (f.raw, f.minimum, f.maximum, f.graded_at))
  AND NOT EXISTS (
    SELECT FROM facts.landing_enrolment e
    WHERE e.run_id = %(run)s AND e.moodle_id = f.moodle_id AND e.course_id = f.course_id AND NOT e.active)

-- name: begin_grades
INSERT INTO facts.fact_grade (moodle_id, course_id, item_id, raw, minimum, maximum, graded_at, valid_from)
SELECT DISTINCT ON (l.moodle_id, l.item_id) l.moodle_id, l.course_id, l.item_id, l.raw, l.minimum, l.maximum,
       l.graded_at, %(now)s
FROM facts.landing_grade l
JOIN connector.binding b ON b.site = %(site)s AND b.account_id = l.moodle_id
WHERE l.run_id = %(run)s AND l.raw IS NOT NULL AND NOT EXISTS (
    SELECT FROM facts.fact_grade f
    WHERE f.moodle_id = l.moodle_id AND f.item_id = l.item_id AND f.valid_to = 'infinity')
ORDER BY l.moodle_id, l.item_id

-- name: assignments_now
-- The ledger's requirements, with what completion says of them: satisfied when the last course of the path was.
CREATE TEMPORARY TABLE assignment_now ON COMMIT DROP AS
WITH need AS (
    SELECT r.requirement, x.moodle_id AS course_id
    FROM facts.dim_requirement r
    CROSS JOIN LATERAL unnest(r.courses) AS course (ref)
    LEFT JOIN connector.reference x ON x.site = %(site)s AND x.kind = 'course' AND x.ref = course.ref
), satisfied AS (
    SELECT l.grant_id, CASE WHEN count(*) = count(f.moodle_id) THEN max(f.completed_at) END AS satisfied_at
    FROM connector.ledger l
    JOIN need n ON n.requirement = l.target
    LEFT JOIN connector.binding b ON b.site = l.site AND b.person_id = l.person_id
    LEFT JOIN facts.fact_completion f
           ON f.moodle_id = b.account_id AND f.course_id = n.course_id AND f.completed AND f.valid_to = 'infinity'
    WHERE l.site = %(site)s AND l.kind = 'assignment'
    GROUP BY l.grant_id
)
SELECT l.grant_id, l.person_id, l.target AS requirement, COALESCE((l.terms ->> 'cycle')::integer, 1) AS cycle,
       (l.terms ->> 'granted_on')::date AS assigned_on, (l.terms ->> 'due_on')::date AS due_on, s.satisfied_at,
       l.ended_at AS withdrawn_at
FROM connector.ledger l
LEFT JOIN satisfied s USING (grant_id)
WHERE l.site = %(site)s AND l.kind = 'assignment'

-- name: close_assignments
UPDATE facts.fact_assignment f SET valid_to = %(now)s
FROM assignment_now a
WHERE f.valid_to = 'infinity' AND a.grant_id = f.grant_id
  AND (a.due_on, a.satisfied_at, a.withdrawn_at, a.assigned_on)
      IS DISTINCT FROM (f.due_on, f.satisfied_at, f.withdrawn_at, f.assigned_on)

-- name: begin_assignments
INSERT INTO facts.fact_assignment (grant_id, person_id, requirement, cycle, assigned_on, due_on, satisfied_at,
                                   withdrawn_at, valid_from)
SELECT a.grant_id, a.person_id, a.requirement, a.cycle, a.assigned_on, a.due_on, a.satisfied_at, a.withdrawn_at,
       %(now)s
FROM assignment_now a
WHERE NOT EXISTS (SELECT FROM facts.fact_assignment f WHERE f.grant_id = a.grant_id AND f.valid_to = 'infinity')

-- name: count_landed
-- Is everything that was read still there?
SELECT (SELECT count(*) FROM facts.landing_completion WHERE run_id = %(run)s) AS completion,
       (SELECT count(*) FROM facts.landing_enrolment WHERE run_id = %(run)s) AS enrolment,
       (SELECT count(*) FROM facts.landing_grade WHERE run_id = %(run)s) AS grade

-- name: drop_landing
-- What landed is in the facts now.
TRUNCATE facts.landing_enrolment, facts.landing_completion, facts.landing_grade

-- name: other_site
-- Facts carry no name of their Moodle: is there one whose they are already?
SELECT site FROM facts.freshness WHERE site <> %(site)s LIMIT 1

-- name: fresh
-- When a fact was read, and how many rows hold.
INSERT INTO facts.freshness (site, fact, loaded_at, rows) VALUES (%(site)s, %(fact)s, %(now)s, %(rows)s)
ON CONFLICT (site, fact) DO UPDATE SET loaded_at = excluded.loaded_at, rows = excluded.rows

-- name: compliance
-- By requirement.
SELECT c.requirement, c.requirement_name, count(*) AS people,
       count(*) FILTER (WHERE c.state = 'satisfied') AS satisfied,
       count(*) FILTER (WHERE c.state = 'open') AS open,
       count(*) FILTER (WHERE c.state = 'overdue') AS overdue
FROM reporting.compliance_now c
GROUP BY c.requirement, c.requirement_name
ORDER BY c.requirement

-- name: by_unit
-- By unit.
SELECT c.unit, c.unit_name, count(*) AS assignments, count(*) FILTER (WHERE c.state = 'satisfied') AS satisfied,
       count(*) FILTER (WHERE c.state = 'overdue') AS overdue
FROM reporting.compliance_now c
GROUP BY c.unit, c.unit_name
ORDER BY c.unit

-- name: overdue_by_manager
-- The managers with most overdue requirements among their direct reports.
SELECT manager_key, lastname, firstname, unit_name, people, overdue, oldest_due_on
FROM reporting.overdue_by_manager
ORDER BY overdue DESC, manager_key
LIMIT %(limit)s

-- name: courses
SELECT idnumber, shortname, fullname, enrolled, completed, average_grade, maximum_grade FROM reporting.course_results
ORDER BY shortname

-- name: people
-- People by where they stand.
SELECT status, count(*) AS people FROM facts.dim_person WHERE valid_to = 'infinity' GROUP BY status ORDER BY status

-- name: freshness
SELECT fact, loaded_at, rows, extract(epoch FROM lag)::bigint AS lag_seconds FROM reporting.freshness
WHERE site = %(site)s ORDER BY fact
