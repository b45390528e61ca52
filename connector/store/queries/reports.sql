-- name: compliance
-- By requirement.
SELECT requirement, requirement_name, count(*) AS people,
       count(*) FILTER (WHERE state = 'satisfied') AS satisfied,
       count(*) FILTER (WHERE state = 'open') AS open,
       count(*) FILTER (WHERE state = 'overdue') AS overdue
FROM reporting.compliance_now
GROUP BY requirement, requirement_name
ORDER BY requirement

-- name: by_unit
-- By unit.
SELECT unit, unit_name, count(*) AS assignments, count(*) FILTER (WHERE state = 'satisfied') AS satisfied,
       count(*) FILTER (WHERE state = 'overdue') AS overdue
FROM reporting.compliance_now
GROUP BY unit, unit_name
ORDER BY unit

-- name: overdue_by_manager
-- The managers with most overdue requirements among their direct reports.
SELECT manager_key, lastname, firstname, unit_name, people, overdue, oldest_due_on
FROM reporting.overdue_by_manager
ORDER BY overdue DESC, manager_key
LIMIT %(limit)s

-- name: courses
SELECT idnumber, shortname, fullname, enrolled, completed, average_grade, maximum_grade FROM reporting.course_performance
ORDER BY shortname

-- name: people
-- People by where they stand.
SELECT status, count(*) AS people FROM reporting.people GROUP BY status ORDER BY status

-- name: freshness
-- How old each hop is.
SELECT hop, reached_at, extract(epoch FROM lag)::bigint AS lag_seconds FROM reporting.data_freshness ORDER BY hop
