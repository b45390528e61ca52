-- name: compliance
-- By requirement.
SELECT requirement, requirement_name, assigned AS people, satisfied, open, overdue FROM reporting.compliance_by_requirement
ORDER BY requirement

-- name: by_unit
-- By unit, those below counted too.
SELECT c.unit, c.unit_name, u.parent, u.level, sum(c.assigned)::bigint AS assignments, sum(c.satisfied)::bigint AS satisfied,
       sum(c.overdue)::bigint AS overdue
FROM reporting.compliance_by_unit c JOIN reporting.units u USING (unit)
GROUP BY c.unit, c.unit_name, u.parent, u.level
ORDER BY u.level, c.unit

-- name: overdue_by_manager
-- The managers with most overdue requirements among their direct reports.
SELECT manager_key, lastname, firstname, unit_name, people, overdue, oldest_due_on
FROM reporting.overdue_by_manager
ORDER BY overdue DESC, manager_key
LIMIT %(limit)s

-- name: courses
SELECT idnumber, shortname, fullname, enrolled, completed, completion_rate, graded, average_grade, median_grade,
       maximum_grade, pass_rate, average_days
FROM reporting.course_performance
ORDER BY shortname

-- name: overview
SELECT * FROM reporting.executive_overview

-- name: trend
-- The last periods of one kind.
SELECT * FROM (
    SELECT starts_on, completions, certificates, completion_rate, compliance_rate, average_score, most_active_24h
    FROM reporting.trend WHERE period = %(period)s ORDER BY starts_on DESC LIMIT %(limit)s
) newest ORDER BY starts_on

-- name: expiring
-- How much ends soon, by what it is.
SELECT kind, CASE kind WHEN 'requirement' THEN code ELSE name END AS code, name,
       sum(in_30)::bigint AS in_30, sum(in_60)::bigint AS in_60, sum(in_90)::bigint AS in_90
FROM reporting.expiring_by_code
GROUP BY 1, 2, 3
ORDER BY in_90 DESC, code

-- name: quality
SELECT finding, severity, found, examples, advice FROM reporting.data_quality
ORDER BY array_position(ARRAY['error', 'warning', 'notice'], severity), finding

-- name: freshness
-- How old each hop is.
SELECT hop, reached_at, extract(epoch FROM lag)::bigint AS lag_seconds FROM reporting.data_freshness
WHERE place <= 4 ORDER BY hop

-- name: look_at
-- From here to the end of the transaction only this unit and those below are seen; '' is everybody who is in sight.
SELECT set_config('reporting.unit', %(unit)s, true)

-- name: unit_there
SELECT unit_name FROM reporting.units WHERE unit = %(unit)s
