-- What the API tells: the views of the schema reporting, within the sight that the transaction has.

-- name: snapshot
-- All that follows is of one moment, and alters nothing.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- name: mark
-- Moves with every reading of facts. What launched content tells moves nothing of what is told here.
SELECT now() AS now, max(h.reached_at) FILTER (WHERE h.name = 'people') AS as_of,
       COALESCE(string_agg(h.name || ' ' || extract(epoch FROM h.reached_at), ' ' ORDER BY h.name), '') AS mark
FROM facts.hop h WHERE h.name <> 'learning'

-- name: in_sight
-- Whether a unit is one that this session sees.
SELECT s.everything OR %(unit)s = ANY (s.units) AS seen
FROM facts.sight s
JOIN facts.dim_org_unit u ON u.unit = %(unit)s AND u.valid_to = 'infinity'

-- name: courses
-- A page of the catalogue, and how many there are: a row without a course where the page has none.
WITH found AS MATERIALIZED (
    SELECT c.*, COALESCE(c.title ->> %(shown)s, c.title ->> 'und', c.fullname) AS shown
    FROM reporting.courses c
    WHERE (%(course_id)s::bigint IS NULL OR c.course_id = %(course_id)s)
      AND (%(category)s::bigint IS NULL OR %(category)s = ANY (c.category_ids))
      AND (%(visible)s::boolean IS NULL OR c.visible = %(visible)s)
      AND (%(language)s::text IS NULL OR c.title ? %(language)s)
      AND (%(difficulty)s::text IS NULL OR EXISTS (
            SELECT FROM jsonb_each_text(c.difficulty) d WHERE lower(d.value) = lower(%(difficulty)s)))
      AND (%(search)s::text IS NULL
           OR strpos(lower(concat_ws(' ', c.idnumber, c.shortname, c.fullname)), lower(%(search)s)) > 0
           OR EXISTS (SELECT FROM jsonb_each_text(c.title) t WHERE strpos(lower(t.value), lower(%(search)s)) > 0)
           OR EXISTS (SELECT FROM jsonb_each_text(c.description) t WHERE strpos(lower(t.value), lower(%(search)s)) > 0))
)
SELECT t.total, f.*
FROM (SELECT count(*) AS total FROM found) t
LEFT JOIN LATERAL (
    SELECT * FROM found
    ORDER BY CASE WHEN %(sort)s::text = 'title' THEN shown END,
             CASE WHEN %(sort)s::text = '-title' THEN shown END DESC,
             CASE %(sort)s::text WHEN 'learners' THEN enrolled::double precision WHEN 'minutes' THEN minutes
                  WHEN 'completion_rate' THEN completion_rate WHEN 'starts_at' THEN extract(epoch FROM starts_at) END,
             CASE %(sort)s::text WHEN '-learners' THEN enrolled::double precision WHEN '-minutes' THEN minutes
                  WHEN '-completion_rate' THEN completion_rate WHEN '-starts_at' THEN extract(epoch FROM starts_at) END
                 DESC NULLS LAST,
             CASE WHEN %(sort)s::text = '-id' THEN course_id END DESC, course_id
    LIMIT %(limit)s OFFSET %(offset)s
) f ON true

-- name: performance
SELECT * FROM reporting.course_performance WHERE course_id = %(course_id)s

-- name: overview
SELECT * FROM reporting.executive_overview

-- name: trend
-- The last periods of one kind.
SELECT * FROM (
    SELECT * FROM reporting.trend WHERE period = %(period)s ORDER BY starts_on DESC LIMIT %(limit)s
) newest ORDER BY starts_on

-- name: by_requirement
SELECT * FROM reporting.compliance_by_requirement
WHERE %(requirement)s::text IS NULL OR requirement = %(requirement)s
ORDER BY requirement

-- name: by_unit
-- A page of units, each with those below it, and how many there are.
WITH found AS MATERIALIZED (
    SELECT c.unit, c.unit_name, sum(c.assigned)::bigint AS assigned, sum(c.satisfied)::bigint AS satisfied,
           sum(c.open)::bigint AS open, sum(c.overdue)::bigint AS overdue,
           round(100.0 * sum(c.satisfied) / NULLIF(sum(c.assigned), 0), 1)::double precision AS rate
    FROM reporting.compliance_by_unit c
    WHERE %(requirement)s::text IS NULL OR c.requirement = %(requirement)s
    GROUP BY c.unit, c.unit_name
)
SELECT t.total, f.*
FROM (SELECT count(*) AS total FROM found) t
LEFT JOIN LATERAL (SELECT * FROM found ORDER BY unit LIMIT %(limit)s OFFSET %(offset)s) f ON true

-- name: by_day
-- How it stood on each day that was kept.
SELECT d.day, sum(d.assigned)::bigint AS assigned, sum(d.satisfied)::bigint AS satisfied, sum(d.open)::bigint AS open,
       sum(d.overdue)::bigint AS overdue,
       round(100.0 * sum(d.satisfied) / NULLIF(sum(d.assigned), 0), 1)::double precision AS rate
FROM reporting.compliance_daily d
WHERE d.unit = %(unit)s AND d.day BETWEEN %(since)s AND %(until)s
  AND (%(requirement)s::text IS NULL OR d.requirement = %(requirement)s)
GROUP BY d.day
ORDER BY d.day

-- name: expiring
-- What ends within 90 days, by what it is.
SELECT * FROM reporting.expiring_by_code
WHERE %(kind)s::text IS NULL OR kind = %(kind)s
ORDER BY kind DESC, source, code

-- name: certificates
-- The newest first, after the last one of the page before. As reporting.certificates has them, within the same sight; the
-- view would have to put all of them in order for each page, where an index has the order already.
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, c.source, c.code, c.template, c.template_name, c.issued_at,
       c.precision, c.expires_at, c.state
FROM facts.certificate_row c
JOIN facts.person_named p ON p.person_id = c.person_id
WHERE ((SELECT s.everything FROM facts.sight s) OR p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]))
  AND (%(source)s::text IS NULL OR c.source = %(source)s)
  AND (%(number)s::text IS NULL OR c.code = %(number)s)
  AND (%(status)s::text IS NULL OR c.state = %(status)s)
  AND (%(template)s::text IS NULL OR c.template = %(template)s)
  AND (%(person)s::text IS NULL OR p.hr_key = %(person)s)
  AND (%(issued_since)s::date IS NULL OR c.issued_at >= %(issued_since)s::date)
  AND (%(issued_until)s::date IS NULL OR c.issued_at < %(issued_until)s::date + 1)
  AND (%(expires_since)s::date IS NULL OR c.expires_at >= %(expires_since)s::date)
  AND (%(expires_until)s::date IS NULL OR c.expires_at < %(expires_until)s::date + 1)
  AND (%(after_at)s::timestamptz IS NULL OR c.issued_at < %(after_at)s
       OR c.issued_at = %(after_at)s AND (c.source, c.code) > (%(after_source)s, %(after_number)s))
ORDER BY c.issued_at DESC, c.source, c.code
LIMIT %(limit)s

-- name: person
-- By the key at HR, or by our own number; within the sight.
SELECT p.hr_key, p.firstname, p.lastname, p.unit, p.unit_name, p.job_role
FROM facts.person_managed p
WHERE (p.hr_key = %(key)s::text OR p.person_id = %(person_id)s::bigint)
  AND ((SELECT s.everything FROM facts.sight s) OR p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]))

-- name: enrolments
-- What somebody in sight is in, with the title as the catalogue has it; what is behind comes last.
SELECT e.course_id, COALESCE(d.title, '{}') AS title, e.fullname, e.active, e.enrolled_at, e.completed, e.completed_at,
       e.progress, e.grade_percent AS score,
       COALESCE(d.visible, false) AS visible, COALESCE(i.hidden, false) AS total_hidden
FROM reporting.enrolments e
LEFT JOIN facts.dim_course d ON d.course_id = e.course_id AND d.valid_to = 'infinity'
LEFT JOIN facts.dim_grade_item i ON i.course_id = e.course_id AND i.item_type = 'course' AND i.valid_to = 'infinity'
WHERE e.hr_key = %(key)s AND (%(course_id)s::bigint IS NULL OR e.course_id = %(course_id)s)
ORDER BY e.active DESC, e.completed, e.course_id

-- name: requirements
-- What somebody in sight has to complete.
SELECT c.requirement, c.requirement_name, c.state, c.due_on, c.satisfied_at, c.expires_on
FROM reporting.compliance_now c WHERE c.hr_key = %(key)s
ORDER BY c.requirement

-- name: role
-- Whether an active person in sight has a job.
SELECT EXISTS (SELECT FROM facts.dim_person p
               WHERE p.valid_to = 'infinity' AND p.status = 'active' AND p.job_role = %(role)s
                 AND ((SELECT s.everything FROM facts.sight s)
                      OR p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]))) AS held

-- name: paths
-- The paths that active people in sight with a job have, with courses in order; and how far they are with each, in the
-- newest cycle. As facts.compliance_row has it, without the names, units and managers that it looks up for each; which day
-- it is, is found once for each timezone, and later cycles, which are few, are looked for among themselves.
WITH whose AS MATERIALIZED (
    SELECT p.person_id, p.timezone FROM facts.dim_person p
    WHERE p.valid_to = 'infinity' AND p.status = 'active' AND p.job_role = %(role)s
      AND ((SELECT s.everything FROM facts.sight s) OR p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]))
), today AS MATERIALIZED (
    SELECT z.timezone, (now() AT TIME ZONE z.timezone)::date AS day FROM (SELECT DISTINCT timezone FROM whose) z
), standing AS (
    SELECT a.requirement, count(*) AS assigned, count(a.satisfied_at) AS satisfied,
           count(*) FILTER (WHERE a.satisfied_at IS NULL AND (a.due_on < t.day) IS NOT TRUE) AS open,
           count(*) FILTER (WHERE a.satisfied_at IS NULL AND a.due_on < t.day) AS overdue,
           min(a.due_on) FILTER (WHERE a.satisfied_at IS NULL AND a.due_on >= t.day) AS first_due_on,
           max(a.due_on) FILTER (WHERE a.satisfied_at IS NULL AND a.due_on >= t.day) AS last_due_on
    FROM whose w JOIN today t ON t.timezone = w.timezone
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
