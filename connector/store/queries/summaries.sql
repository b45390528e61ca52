-- What reports add up, reckoned anew at the end of a merge and in its transaction. A unit stands for itself and all below
-- it, '' for everybody. What is of touched courses only is reckoned for those alone; "whole": for all
-- units, "everywhere": for all courses and days.

-- name: touched_units
-- Units in which somebody's assignments moved; all of them where people did, or everything was read.
CREATE TEMPORARY TABLE touched_unit ON COMMIT DROP AS
SELECT DISTINCT p.unit
FROM facts.dim_person p
WHERE p.valid_to = 'infinity' AND (%(whole)s OR p.person_id IN (
    SELECT a.person_id FROM facts.fact_assignment a WHERE a.valid_from = %(now)s
    UNION ALL
    SELECT a.person_id FROM facts.fact_assignment a WHERE a.valid_to = %(now)s AND a.valid_to < 'infinity'))

-- name: weigh_units
-- The planner is told how many there are: few are found by indexes, all of them by reading everything.
ANALYZE touched_unit

-- name: standing
-- Newest cycles of active people there, and how each stands at %(now)s.
CREATE TEMPORARY TABLE standing ON COMMIT DROP AS
SELECT p.unit, COALESCE(p.manager_id, 0) AS manager_id, a.person_id, a.requirement, a.due_on,
       facts.state_at(a.satisfied_at, a.due_on, p.timezone, GREATEST(%(now)s, a.satisfied_at)) AS state
FROM facts.fact_assignment a
JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity'
WHERE a.valid_to = 'infinity' AND a.withdrawn_at IS NULL AND p.status = 'active'
  AND p.unit IN (SELECT unit FROM touched_unit)
  AND NOT EXISTS (SELECT FROM facts.fact_assignment later
                  WHERE later.grant_id = a.grant_id AND later.cycle = a.cycle + 1 AND later.valid_to = 'infinity')

-- name: drop_own
DELETE FROM facts.summary_own WHERE %(whole)s OR unit IN (SELECT unit FROM touched_unit)

-- name: own
INSERT INTO facts.summary_own (unit, requirement, assigned, satisfied, overdue, as_of)
SELECT unit, requirement, count(*), count(*) FILTER (WHERE state = 'satisfied'), count(*) FILTER (WHERE state = 'overdue'),
       %(now)s
FROM standing GROUP BY unit, requirement

-- name: drop_compliance
DELETE FROM facts.summary_compliance

-- name: compliance
-- Each unit counts for those above it too.
INSERT INTO facts.summary_compliance (unit, requirement, assigned, satisfied, overdue, as_of)
SELECT unit, requirement, sum(assigned), sum(satisfied), sum(overdue), min(as_of)
FROM (
    SELECT c.above AS unit, o.requirement, o.assigned, o.satisfied, o.overdue, o.as_of
    FROM facts.summary_own o JOIN facts.unit_closure c ON c.unit = o.unit AND c.valid_to = 'infinity'
    UNION ALL
    SELECT '', o.requirement, o.assigned, o.satisfied, o.overdue, o.as_of FROM facts.summary_own o
) spread
GROUP BY unit, requirement

-- name: drop_managers
DELETE FROM facts.summary_manager WHERE %(whole)s OR unit IN (SELECT unit FROM touched_unit)

-- name: managers
INSERT INTO facts.summary_manager (unit, manager_id, people, assigned, satisfied, overdue, people_overdue, oldest_due_on,
                                   as_of)
SELECT unit, manager_id, count(*), sum(assigned), sum(satisfied), sum(overdue), count(*) FILTER (WHERE overdue > 0),
       min(oldest_due_on), %(now)s
FROM (
    SELECT unit, manager_id, person_id, count(*) AS assigned, count(*) FILTER (WHERE state = 'satisfied') AS satisfied,
           count(*) FILTER (WHERE state = 'overdue') AS overdue, min(due_on) FILTER (WHERE state = 'overdue') AS oldest_due_on
    FROM standing GROUP BY unit, manager_id, person_id
) each
GROUP BY unit, manager_id

-- name: expiring_units
-- Units in which what ends soon may be something else: those above, and where certificates came or went.
CREATE TEMPORARY TABLE expiring_unit ON COMMIT DROP AS
SELECT unit FROM touched_unit
UNION
SELECT p.unit FROM facts.dim_person p
WHERE p.valid_to = 'infinity' AND p.person_id IN (
    SELECT n.person_id FROM certificate_now n
    UNION ALL
    SELECT f.person_id FROM facts.fact_certificate f
    JOIN certificate_in_question q ON q.source = f.source AND q.code = f.code)

-- name: weigh_expiring
ANALYZE expiring_unit

-- name: drop_expiring
DELETE FROM facts.summary_expiring WHERE %(whole)s OR unit IN (SELECT unit FROM expiring_unit)

-- name: expiring
-- What of active people ends soon and is not renewed, by what it is: as reporting.expiring has it, one by one.
INSERT INTO facts.summary_expiring (unit, kind, source, code, in_30, in_60, in_90, first_on, as_of)
SELECT e.unit, e.kind, e.source, e.code, count(*) FILTER (WHERE e.expires_on <= (%(now)s AT TIME ZONE 'UTC')::date + 30),
       count(*) FILTER (WHERE e.expires_on <= (%(now)s AT TIME ZONE 'UTC')::date + 60), count(*), min(e.expires_on), %(now)s
FROM (
    SELECT p.unit, 'requirement' AS kind, '' AS source, a.requirement AS code, a.expires_on
    FROM facts.fact_assignment a
    JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity' AND p.status = 'active'
    JOIN expiring_unit u ON u.unit = p.unit
    WHERE a.valid_to = 'infinity' AND a.withdrawn_at IS NULL AND a.satisfied_at IS NOT NULL
      AND a.expires_on BETWEEN (%(now)s AT TIME ZONE 'UTC')::date AND (%(now)s AT TIME ZONE 'UTC')::date + 90
      AND NOT EXISTS (SELECT FROM facts.fact_assignment later
                      WHERE later.grant_id = a.grant_id AND later.cycle = a.cycle + 1 AND later.valid_to = 'infinity'
                        AND later.satisfied_at IS NOT NULL)
    UNION ALL
    SELECT p.unit, 'certificate', c.source, c.template, (c.expires_at AT TIME ZONE 'UTC')::date
    FROM facts.fact_certificate c
    JOIN facts.dim_person p ON p.person_id = c.person_id AND p.valid_to = 'infinity' AND p.status = 'active'
    JOIN expiring_unit u ON u.unit = p.unit
    WHERE c.valid_to = 'infinity' AND NOT c.revoked
      AND (c.expires_at AT TIME ZONE 'UTC')::date BETWEEN (%(now)s AT TIME ZONE 'UTC')::date AND (%(now)s AT TIME ZONE 'UTC')::date + 90
) e
GROUP BY e.unit, e.kind, e.source, e.code

-- name: touched_courses
-- In which courses something is otherwise now: an enrolment, a completion or a grade began or ended or is told better, or
-- its total counts otherwise. Of most that was read again nothing is.
CREATE TEMPORARY TABLE touched_course ON COMMIT DROP AS
SELECT course_id FROM facts.dim_course WHERE valid_to = 'infinity' AND %(everywhere)s
UNION SELECT course_id FROM refined_course
UNION
SELECT f.course_id FROM in_question q JOIN facts.fact_enrolment f USING (moodle_id, course_id)
WHERE q.fact = 'enrolments' AND %(now)s IN (f.valid_from, f.valid_to)
UNION
SELECT f.course_id FROM in_question q JOIN facts.fact_completion f USING (moodle_id, course_id)
WHERE q.fact = 'completions' AND %(now)s IN (f.valid_from, f.valid_to)
UNION
SELECT f.course_id FROM in_question q JOIN facts.fact_grade f USING (moodle_id, course_id)
WHERE q.fact = 'grades' AND %(now)s IN (f.valid_from, f.valid_to)
UNION
SELECT i.course_id
FROM (SELECT course_id FROM in_question UNION SELECT course_id FROM facts.landing_scope WHERE load_id = %(load)s) c
JOIN facts.dim_grade_item i USING (course_id)
WHERE i.valid_to = 'infinity' AND i.item_type = 'course' AND i.valid_from = %(now)s

-- name: weigh_courses
ANALYZE touched_course

-- name: drop_courses
DELETE FROM facts.summary_course WHERE %(everywhere)s OR course_id IN (SELECT course_id FROM touched_course)

-- name: courses
-- What came of active enrolments: units add up what is theirs and below them, and the median is looked for among those who
-- have a grade. Percents are of the range of each person's own total, where it is told. Time counts where both ends of it
-- were told; passing where there is a mark.
INSERT INTO facts.summary_course (unit, course_id, enrolled, completed, graded, average_grade, median_grade, marked, passed,
                                  timed, average_seconds, as_of, scored, average_score)
WITH learner AS (
    SELECT p.unit, e.course_id, COALESCE(f.completed, false) AS completed, g.value, i.pass_mark,
           facts.percent(g.value, COALESCE(g.minimum, i.minimum), COALESCE(g.maximum, i.maximum)) AS score,
           CASE WHEN f.completed AND e.precision <> 'seen by' AND f.precision <> 'seen by'
                     AND f.completed_at >= e.enrolled_at
                THEN extract(epoch FROM f.completed_at - e.enrolled_at)::double precision END AS seconds
    FROM facts.fact_enrolment e
    JOIN touched_course t ON t.course_id = e.course_id
    JOIN facts.dim_person p ON p.person_id = e.person_id AND p.valid_to = 'infinity'
    LEFT JOIN facts.fact_completion f
           ON f.moodle_id = e.moodle_id AND f.course_id = e.course_id AND f.valid_to = 'infinity'
    LEFT JOIN facts.fact_grade g ON g.moodle_id = e.moodle_id AND g.course_id = e.course_id AND g.valid_to = 'infinity'
    LEFT JOIN facts.dim_grade_item i
           ON i.course_id = e.course_id AND i.item_type = 'course' AND i.valid_to = 'infinity'
    WHERE e.valid_to = 'infinity' AND e.active
), own AS (
    SELECT unit, course_id, count(*) AS enrolled, count(*) FILTER (WHERE completed) AS completed, count(value) AS graded,
           sum(value) AS points, count(value) FILTER (WHERE pass_mark IS NOT NULL) AS marked,
           count(*) FILTER (WHERE value >= pass_mark) AS passed, count(seconds) AS timed, sum(seconds) AS seconds,
           count(score) AS scored, sum(score) AS scores
    FROM learner GROUP BY unit, course_id
), above AS (
    SELECT above, unit FROM facts.unit_closure WHERE valid_to = 'infinity'
    UNION ALL
    SELECT '', unit FROM (SELECT DISTINCT unit FROM own) each
), median AS (
    SELECT a.above, l.course_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY l.value) AS points
    FROM learner l JOIN above a ON a.unit = l.unit WHERE l.value IS NOT NULL GROUP BY a.above, l.course_id
)
SELECT a.above, o.course_id, sum(o.enrolled), sum(o.completed), sum(o.graded), sum(o.points) / NULLIF(sum(o.graded), 0),
       min(m.points), sum(o.marked), sum(o.passed), sum(o.timed), sum(o.seconds) / NULLIF(sum(o.timed), 0), %(now)s,
       sum(o.scored), sum(o.scores) / NULLIF(sum(o.scored), 0)
FROM own o
JOIN above a ON a.unit = o.unit
LEFT JOIN median m ON m.above = a.above AND m.course_id = o.course_id
GROUP BY a.above, o.course_id

-- name: drop_overview
DELETE FROM facts.summary_overview

-- name: overview
-- Scores are percent of the way from the least to the most points of each person's total.
INSERT INTO facts.summary_overview (unit, people, upcoming, joining, left_people, with_account, active_24h, active_30d,
                                    enrolled, completed, graded, average_score, certificates, certificates_30d, as_of)
WITH person AS (
    SELECT p.unit, count(*) FILTER (WHERE p.status = 'active') AS people,
           count(*) FILTER (WHERE p.status = 'upcoming') AS upcoming,
           count(*) FILTER (WHERE p.status = 'joining') AS joining, count(*) FILTER (WHERE p.status = 'left') AS left_people,
           count(*) FILTER (WHERE p.status = 'active' AND p.moodle_id IS NOT NULL) AS with_account,
           count(*) FILTER (WHERE a.accessed_at > %(now)s - interval '24 hours') AS active_24h,
           count(*) FILTER (WHERE a.accessed_at > %(now)s - interval '30 days') AS active_30d
    FROM facts.dim_person p LEFT JOIN facts.person_access a ON a.person_id = p.person_id
    WHERE p.valid_to = 'infinity' GROUP BY p.unit
), certificate AS (
    SELECT p.unit, count(*) AS certificates, count(*) FILTER (WHERE c.issued_at > %(now)s - interval '30 days') AS fresh
    FROM facts.fact_certificate c JOIN facts.dim_person p ON p.person_id = c.person_id AND p.valid_to = 'infinity'
    WHERE c.valid_to = 'infinity' AND NOT c.revoked GROUP BY p.unit
), own AS (
    SELECT p.*, COALESCE(c.certificates, 0) AS certificates, COALESCE(c.fresh, 0) AS fresh
    FROM person p LEFT JOIN certificate c ON c.unit = p.unit
), spread AS (
    SELECT c.above, o.* FROM own o JOIN facts.unit_closure c ON c.unit = o.unit AND c.valid_to = 'infinity'
    UNION ALL
    SELECT '', o.* FROM own o
), counted AS (
    SELECT above AS unit, sum(people) AS people, sum(upcoming) AS upcoming, sum(joining) AS joining,
           sum(left_people) AS left_people, sum(with_account) AS with_account, sum(active_24h) AS active_24h,
           sum(active_30d) AS active_30d, sum(certificates) AS certificates, sum(fresh) AS fresh
    FROM spread GROUP BY above
), learned AS (
    SELECT c.unit, sum(c.enrolled) AS enrolled, sum(c.completed) AS completed,
           COALESCE(sum(c.scored), 0) AS graded,
           sum(c.scored * c.average_score) / NULLIF(sum(c.scored), 0) AS average_score
    FROM facts.summary_course c
    GROUP BY c.unit
)
SELECT p.unit, p.people, p.upcoming, p.joining, p.left_people, p.with_account, p.active_24h, p.active_30d,
       COALESCE(l.enrolled, 0), COALESCE(l.completed, 0), COALESCE(l.graded, 0), l.average_score, p.certificates, p.fresh,
       %(now)s
FROM counted p LEFT JOIN learned l ON l.unit = p.unit

-- name: touched_days
CREATE TEMPORARY TABLE touched_day ON COMMIT DROP AS
SELECT (completed_at AT TIME ZONE 'UTC')::date AS day FROM completion_now WHERE completed_at IS NOT NULL
UNION SELECT day FROM completed_day
UNION SELECT (issued_at AT TIME ZONE 'UTC')::date FROM certificate_now
UNION SELECT (issued_at AT TIME ZONE 'UTC')::date FROM certificate_in_question
UNION SELECT (%(now)s AT TIME ZONE 'UTC')::date

-- name: drop_activity
DELETE FROM facts.summary_activity WHERE %(everywhere)s OR day IN (SELECT day FROM touched_day)

-- name: activity
INSERT INTO facts.summary_activity (unit, day, completions, certificates)
WITH happened AS (
    SELECT person_id, (completed_at AT TIME ZONE 'UTC')::date AS day, 1 AS completions, 0 AS certificates
    FROM facts.fact_completion
    WHERE completed AND valid_to = 'infinity' AND completed_at IS NOT NULL
    UNION ALL
    SELECT person_id, (issued_at AT TIME ZONE 'UTC')::date, 0, 1 FROM facts.fact_certificate
    WHERE valid_to = 'infinity' AND NOT revoked
), own AS (
    SELECT p.unit, h.day, sum(h.completions) AS completions, sum(h.certificates) AS certificates
    FROM happened h JOIN facts.dim_person p ON p.person_id = h.person_id AND p.valid_to = 'infinity'
    WHERE %(everywhere)s OR h.day = ANY (ARRAY(SELECT day FROM touched_day))
    GROUP BY p.unit, h.day
)
SELECT unit, day, sum(completions), sum(certificates)
FROM (
    SELECT c.above AS unit, o.day, o.completions, o.certificates
    FROM own o JOIN facts.unit_closure c ON c.unit = o.unit AND c.valid_to = 'infinity'
    UNION ALL
    SELECT '', o.day, o.completions, o.certificates FROM own o
) spread
GROUP BY unit, day

-- name: months
-- The tables of this month.
SELECT facts.make_months(parent, ARRAY[date_trunc('month', %(now)s AT TIME ZONE 'UTC')::date])
FROM unnest(ARRAY['fact_compliance_daily', 'fact_overview_daily']) parent

-- name: keep_compliance
-- What the day keeps: the last full reading of a day is right.
INSERT INTO facts.fact_compliance_daily (day, unit, requirement, assigned, satisfied, overdue)
SELECT (%(now)s AT TIME ZONE 'UTC')::date, unit, requirement, assigned, satisfied, overdue FROM facts.summary_compliance
ON CONFLICT (unit, day, requirement) DO UPDATE
SET assigned = excluded.assigned, satisfied = excluded.satisfied, overdue = excluded.overdue

-- name: keep_overview
INSERT INTO facts.fact_overview_daily (day, unit, people, active_24h, enrolled, completed, average_score)
SELECT (%(now)s AT TIME ZONE 'UTC')::date, unit, people, active_24h, enrolled, completed, average_score
FROM facts.summary_overview
ON CONFLICT (unit, day) DO UPDATE
SET people = excluded.people, active_24h = excluded.active_24h, enrolled = excluded.enrolled,
    completed = excluded.completed, average_score = excluded.average_score

-- name: drop_quality
DELETE FROM facts.summary_quality

-- name: quality
-- Each with the first ten that it was found in.
INSERT INTO facts.summary_quality (name, severity, found, examples, as_of)
WITH active AS (
    SELECT * FROM facts.dim_person WHERE valid_to = 'infinity' AND status = 'active'
), need AS (
    SELECT r.requirement, n.ref, n.course_id, n.place > 1 AND r.strict AS later
    FROM facts.dim_requirement r
    CROSS JOIN LATERAL unnest(r.courses, r.course_ids) WITH ORDINALITY AS n (ref, course_id, place)
    WHERE r.valid_to = 'infinity'
), found (name, severity, example) AS (
    SELECT 'people_without_account', 'warning', hr_key FROM active WHERE moodle_id IS NULL
    UNION ALL
    SELECT DISTINCT 'course_missing', 'error', n.requirement || ': ' || n.ref FROM need n WHERE n.course_id IS NULL
       OR NOT EXISTS (SELECT FROM facts.dim_course c WHERE c.course_id = n.course_id AND c.valid_to = 'infinity')
    UNION ALL
    SELECT DISTINCT 'completion_off', 'error', n.requirement || ': ' || n.ref
    FROM need n JOIN facts.dim_course c ON c.course_id = n.course_id AND c.valid_to = 'infinity'
    WHERE NOT c.completion_enabled
    UNION ALL
    SELECT 'units_named_differently', 'warning', unit FROM facts.landing_person
    WHERE unit <> '' AND status <> 'left'
    GROUP BY unit HAVING count(DISTINCT unit_name) > 1 OR count(DISTINCT COALESCE(units_above, '{}')) > 1
    UNION ALL
    SELECT 'unit_unknown', 'warning', hr_key FROM active p
    WHERE NOT EXISTS (SELECT FROM facts.dim_org_unit u WHERE u.unit = p.unit AND u.valid_to = 'infinity')
    UNION ALL
    SELECT 'manager_unknown', 'notice', hr_key FROM active WHERE manager_id IS NULL
    UNION ALL
    SELECT 'manager_left', 'warning', p.hr_key FROM active p
    JOIN facts.dim_person m ON m.person_id = p.manager_id AND m.valid_to = 'infinity' AND m.status = 'left'
    UNION ALL
    SELECT 'manager_circle', 'error', p.hr_key FROM active p
    WHERE p.manager_id = p.person_id OR EXISTS (
        SELECT FROM facts.manager_closure c
        WHERE c.manager_id = p.person_id AND c.person_id = p.manager_id AND c.distance > 0 AND c.valid_to = 'infinity')
    UNION ALL
    SELECT DISTINCT 'requirement_unknown', 'warning', s.requirement FROM standing s
    WHERE NOT EXISTS (SELECT FROM facts.dim_requirement r WHERE r.requirement = s.requirement AND r.valid_to = 'infinity')
    UNION ALL
    SELECT 'enrolment_missing', 'warning', p.hr_key || ': ' || n.ref
    FROM standing s
    JOIN need n ON n.requirement = s.requirement
    JOIN active p ON p.person_id = s.person_id
    WHERE s.state <> 'satisfied' AND NOT n.later AND p.moodle_id IS NOT NULL AND n.course_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM facts.fact_enrolment e WHERE e.moodle_id = p.moodle_id
                        AND e.course_id = n.course_id AND e.active AND e.valid_to = 'infinity')
    UNION ALL
    SELECT 'grade_history_missing', 'notice', COALESCE(p.hr_key, '') || ': ' || COALESCE(c.shortname, '')
    FROM facts.fact_grade_history h
    JOIN facts.key_read k ON k.dataset = 'grade_history' AND h.observed_at > k.first_at
    LEFT JOIN facts.dim_person p ON p.person_id = h.person_id AND p.valid_to = 'infinity'
    LEFT JOIN facts.dim_course c ON c.course_id = h.course_id AND c.valid_to = 'infinity'
    WHERE h.origin = 'mirror' AND h.cause <> 'unbinding' AND h.observed_at > %(now)s - interval '30 days'
      AND EXISTS (SELECT FROM facts.load o WHERE o.reader = 'plugin'
                    AND h.observed_at BETWEEN o.started_at AND COALESCE(o.finished_at, 'infinity'))
)
SELECT name, min(severity), count(*), (array_agg(example ORDER BY example))[1:10], %(now)s FROM found GROUP BY name

-- name: healed
-- What a full reading found otherwise than the facts had it, unless it was the first.
INSERT INTO facts.summary_quality (name, severity, found, examples, as_of)
SELECT 'healed', 'notice', sum(f.begun + f.ended),
       array_agg(f.fact || ': ' || f.begun || ' begun, ' || f.ended || ' ended' ORDER BY f.fact)
           FILTER (WHERE f.begun + f.ended > 0), %(now)s
FROM facts.load_fact f
WHERE f.load_id = (SELECT max(load_id) FROM facts.load WHERE kind = 'everything' AND status <> 'stopped')
  AND f.load_id > (SELECT min(load_id) FROM facts.load WHERE status = 'done')
HAVING sum(f.begun + f.ended) > 0

-- name: drop_proof
DELETE FROM facts.summary_quality WHERE name IN ('unlike_moodle', 'not_equal', 'restored')

-- name: proof
-- What comparing with Moodle found within a day, and what is not equal by the last comparison.
INSERT INTO facts.summary_quality (name, severity, found, examples, as_of)
WITH found (name, severity, example, times) AS (
    SELECT CASE cause WHEN 'restored' THEN 'restored' ELSE 'unlike_moodle' END,
           CASE cause WHEN 'restored' THEN 'warning' ELSE 'notice' END, dataset || ': ' || cause, count(*)
    FROM facts.reconciliation_difference
    WHERE noticed_at > %(now)s - interval '1 day'
    GROUP BY dataset, cause
    UNION ALL
    SELECT 'not_equal', 'error', r.dataset, GREATEST(r.missing + r.other + r.gone, 1)
    FROM (SELECT DISTINCT ON (dataset) * FROM facts.reconciliation ORDER BY dataset, load_id DESC) r
    WHERE NOT r.equal
)
SELECT name, min(severity), sum(times),
       (array_agg(example || ' (' || times || ')' ORDER BY times DESC, example))[1:10], %(now)s
FROM found GROUP BY name
