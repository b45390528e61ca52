-- The contract with everybody who reports. Each view has two arms. The first is for who sees everybody; the second asks
-- for the units in sight, through an index, and hides managers who are of other units. The planner runs one of them only.
-- security_barrier: no condition of a reader is looked at before the row is known to be in sight.
-- What views and columns mean stands in dictionary.yaml, from which their comments are made.
CREATE SCHEMA reporting;

-- ---------------------------------------------------------------- rows as they stand, of everybody: for the views below
CREATE VIEW facts.person_now AS
SELECT p.person_id, p.hr_key, n.lastname, n.firstname, n.email, p.unit, u.name AS unit_name, p.job_role, p.manager_id,
       m.hr_key AS manager_key, m.unit AS manager_unit, p.status, p.hired_on, p.left_on, p.timezone, p.moodle_id,
       a.accessed_at
FROM facts.dim_person p
LEFT JOIN facts.dim_org_unit u ON u.unit = p.unit AND u.valid_to = 'infinity'
LEFT JOIN facts.dim_person m ON m.person_id = p.manager_id AND m.valid_to = 'infinity'
LEFT JOIN facts.person_name n ON n.person_id = p.person_id
LEFT JOIN facts.person_access a ON a.person_id = p.person_id
WHERE p.valid_to = 'infinity';
COMMENT ON VIEW facts.person_now IS 'People as they stand, of every unit.';

-- Few tables, because the planner keeps the order in which more than eight are written.
CREATE VIEW facts.person_named AS
SELECT p.person_id, p.hr_key, n.lastname, n.firstname, p.unit, u.name AS unit_name, p.status
FROM facts.dim_person p
LEFT JOIN facts.dim_org_unit u ON u.unit = p.unit AND u.valid_to = 'infinity'
LEFT JOIN facts.person_name n ON n.person_id = p.person_id
WHERE p.valid_to = 'infinity';
COMMENT ON VIEW facts.person_named IS 'People as they stand with names, of every unit.';

CREATE VIEW facts.person_managed AS
SELECT p.person_id, p.hr_key, n.lastname, n.firstname, p.unit, u.name AS unit_name, p.job_role, p.manager_id,
       m.hr_key AS manager_key, m.unit AS manager_unit, p.status, p.timezone
FROM facts.dim_person p
LEFT JOIN facts.dim_org_unit u ON u.unit = p.unit AND u.valid_to = 'infinity'
LEFT JOIN facts.dim_person m ON m.person_id = p.manager_id AND m.valid_to = 'infinity'
LEFT JOIN facts.person_name n ON n.person_id = p.person_id
WHERE p.valid_to = 'infinity';
COMMENT ON VIEW facts.person_managed IS 'People as they stand with names and managers, of every unit.';

-- Overdue begins on the day after the due date, where the person is.
CREATE FUNCTION facts.state_at(satisfied_at timestamptz, due_on date, timezone text, moment timestamptz) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
    WHEN satisfied_at <= moment THEN 'satisfied'
    WHEN due_on < (moment AT TIME ZONE timezone)::date THEN 'overdue'
    ELSE 'open'
END;

CREATE VIEW facts.compliance_row AS
SELECT p.person_id, p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, p.job_role, p.manager_id, p.manager_key,
       p.manager_unit, p.timezone, a.requirement, r.name AS requirement_name, a.cycle, a.assigned_on, a.window_opens_on,
       a.due_on, a.satisfied_at, a.expires_on
FROM facts.fact_assignment a
JOIN facts.person_managed p ON p.person_id = a.person_id
LEFT JOIN facts.dim_requirement r ON r.requirement = a.requirement AND r.valid_to = 'infinity'
WHERE a.valid_to = 'infinity' AND a.withdrawn_at IS NULL AND p.status = 'active'
  AND NOT EXISTS (SELECT FROM facts.fact_assignment later
                  WHERE later.grant_id = a.grant_id AND later.cycle = a.cycle + 1 AND later.valid_to = 'infinity');
COMMENT ON VIEW facts.compliance_row IS 'Each requirement of each active person in its newest cycle, of every unit.';

CREATE VIEW facts.expiring_requirement AS
SELECT 'requirement' AS kind, p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, a.requirement AS code,
       COALESCE(r.name ->> 'en', a.requirement) AS name, a.cycle, a.expires_on, a.expires_on - current_date AS days_left,
       EXISTS (SELECT FROM facts.fact_assignment later
               WHERE later.grant_id = a.grant_id AND later.cycle = a.cycle + 1 AND later.valid_to = 'infinity'
                 AND later.satisfied_at IS NOT NULL) AS renewed
FROM facts.fact_assignment a
JOIN facts.person_named p ON p.person_id = a.person_id
LEFT JOIN facts.dim_requirement r ON r.requirement = a.requirement AND r.valid_to = 'infinity'
WHERE a.valid_to = 'infinity' AND a.withdrawn_at IS NULL AND a.satisfied_at IS NOT NULL AND p.status = 'active'
  AND a.expires_on BETWEEN current_date AND current_date + 90;
COMMENT ON VIEW facts.expiring_requirement IS 'Requirements whose validity ends within 90 days, of every unit.';

CREATE VIEW facts.expiring_certificate AS
SELECT 'certificate' AS kind, p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, c.code, t.name, NULL::integer AS cycle,
       (c.expires_at AT TIME ZONE 'UTC')::date AS expires_on,
       (c.expires_at AT TIME ZONE 'UTC')::date - current_date AS days_left, NULL::boolean AS renewed
FROM facts.fact_certificate c
JOIN facts.person_named p ON p.person_id = c.person_id
LEFT JOIN facts.dim_certificate_template t
       ON t.source = c.source AND t.template = c.template AND t.valid_to = 'infinity'
WHERE c.valid_to = 'infinity' AND NOT c.revoked AND p.status = 'active'
  AND (c.expires_at AT TIME ZONE 'UTC')::date BETWEEN current_date AND current_date + 90;
COMMENT ON VIEW facts.expiring_certificate IS 'Certificates that end within 90 days, of every unit.';

CREATE VIEW facts.learned_row AS
SELECT f.person_id, f.course_id, c.idnumber, c.shortname, c.fullname, f.attempt, f.completed, f.completed_at, f.precision,
       f.progress, f.valid_from, f.valid_to
FROM facts.fact_completion f
LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity';
COMMENT ON VIEW facts.learned_row IS 'Completions with their courses, of every unit and time.';

CREATE VIEW facts.enrolment_row AS
SELECT e.person_id, e.course_id, c.idnumber, c.shortname, c.fullname, e.active, e.enrolled_at, e.precision,
       e.valid_from AS seen_at, COALESCE(f.completed, false) AS completed, f.completed_at, f.progress, g.value AS grade
FROM facts.fact_enrolment e
LEFT JOIN facts.dim_course c ON c.course_id = e.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.fact_completion f
       ON f.moodle_id = e.moodle_id AND f.course_id = e.course_id AND f.valid_to = 'infinity'
LEFT JOIN facts.fact_grade g ON g.moodle_id = e.moodle_id AND g.course_id = e.course_id AND g.valid_to = 'infinity'
WHERE e.valid_to = 'infinity';
COMMENT ON VIEW facts.enrolment_row IS 'Enrolments as they stand, with what came of them, of every unit.';

-- A change is a grade that began, or one that ended without another. What was before is looked up for rows that are
-- shown only.
CREATE VIEW facts.grade_change_row AS
SELECT g.person_id, g.course_id,
       CASE WHEN e.began THEN (SELECT b.value FROM facts.fact_grade b
                               WHERE b.moodle_id = g.moodle_id AND b.course_id = g.course_id AND b.valid_from < g.valid_from
                               ORDER BY b.valid_from DESC LIMIT 1)
            ELSE g.value END AS old_grade,
       CASE WHEN e.began THEN g.value END AS new_grade,
       CASE WHEN e.began THEN COALESCE((SELECT b.ended_by FROM facts.fact_grade b
                                        WHERE b.moodle_id = g.moodle_id AND b.course_id = g.course_id
                                          AND b.valid_from < g.valid_from
                                        ORDER BY b.valid_from DESC LIMIT 1), 'first')
            ELSE g.ended_by END AS cause,
       CASE WHEN e.began THEN g.graded_at END AS effective_at,
       CASE WHEN e.began THEN g.valid_from ELSE g.valid_to END AS observed_at
FROM facts.fact_grade g
CROSS JOIN (VALUES (true), (false)) e (began)
WHERE e.began OR g.valid_to < 'infinity' AND NOT EXISTS (
    SELECT FROM facts.fact_grade n
    WHERE n.moodle_id = g.moodle_id AND n.course_id = g.course_id AND n.valid_from = g.valid_to);
COMMENT ON VIEW facts.grade_change_row IS 'Changes of grades, of every unit.';

CREATE VIEW facts.certificate_row AS
SELECT c.person_id, c.source, c.code, c.template, t.name AS template_name, c.issued_at, c.precision, c.expires_at,
       CASE
           WHEN c.revoked THEN 'revoked'
           WHEN c.expires_at <= now() THEN 'expired'
           ELSE 'valid'
       END AS state
FROM facts.fact_certificate c
LEFT JOIN facts.dim_certificate_template t
       ON t.source = c.source AND t.template = c.template AND t.valid_to = 'infinity'
WHERE c.valid_to = 'infinity';
COMMENT ON VIEW facts.certificate_row IS 'Certificates and badges as they stand, of every unit.';

-- ---------------------------------------------------------------- people and their organisation
CREATE VIEW reporting.people WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.email, p.unit, p.unit_name, p.job_role, p.manager_key, p.status, p.hired_on,
       p.left_on, p.timezone, p.moodle_id, p.accessed_at
FROM facts.person_now p WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.email, p.unit, p.unit_name, p.job_role,
       CASE WHEN p.manager_unit = ANY ((SELECT s.units FROM facts.sight s)::text[]) THEN p.manager_key END,
       p.status, p.hired_on, p.left_on, p.timezone, p.moodle_id, p.accessed_at
FROM facts.person_now p
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.units WITH (security_barrier) AS
SELECT u.unit, u.name AS unit_name, CASE WHEN s.everything OR u.parent = ANY (s.units) THEN u.parent END AS parent,
       l.level, COALESCE(o.people, 0) AS people, o.with_account, o.active_30d, o.as_of
FROM facts.sight s
JOIN facts.dim_org_unit u ON s.everything OR u.unit = ANY (s.units)
JOIN (SELECT c.unit, count(*) AS level
      FROM facts.sight s JOIN facts.unit_closure c ON s.everything OR c.above = ANY (s.units)
      WHERE c.valid_to = 'infinity' GROUP BY c.unit) l ON l.unit = u.unit
LEFT JOIN facts.summary_overview o ON o.unit = u.unit
WHERE u.valid_to = 'infinity';

-- ---------------------------------------------------------------- what must be done
CREATE VIEW reporting.compliance_now WITH (security_barrier) AS
SELECT c.hr_key, c.lastname, c.firstname, c.unit, c.unit_name, c.job_role, c.manager_key, c.requirement,
       c.requirement_name, c.cycle, c.assigned_on, c.window_opens_on, c.due_on, c.satisfied_at, c.expires_on,
       facts.state_at(c.satisfied_at, c.due_on, c.timezone, GREATEST(now(), c.satisfied_at)) AS state
FROM facts.compliance_row c WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT c.hr_key, c.lastname, c.firstname, c.unit, c.unit_name, c.job_role,
       CASE WHEN c.manager_unit = ANY ((SELECT s.units FROM facts.sight s)::text[]) THEN c.manager_key END,
       c.requirement, c.requirement_name, c.cycle, c.assigned_on, c.window_opens_on, c.due_on, c.satisfied_at,
       c.expires_on, facts.state_at(c.satisfied_at, c.due_on, c.timezone, GREATEST(now(), c.satisfied_at))
FROM facts.compliance_row c
WHERE NOT (SELECT s.everything FROM facts.sight s) AND c.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.compliance_by_requirement WITH (security_barrier) AS
SELECT c.requirement, r.name AS requirement_name, c.assigned, c.satisfied, c.assigned - c.satisfied - c.overdue AS open,
       c.overdue, round(100.0 * c.satisfied / NULLIF(c.assigned, 0), 1)::double precision AS rate, c.as_of
FROM facts.sight s
JOIN facts.summary_compliance c ON c.unit = s.unit
LEFT JOIN facts.dim_requirement r ON r.requirement = c.requirement AND r.valid_to = 'infinity';

CREATE VIEW reporting.compliance_by_unit WITH (security_barrier) AS
SELECT c.unit, u.name AS unit_name, c.requirement, c.assigned, c.satisfied,
       c.assigned - c.satisfied - c.overdue AS open, c.overdue,
       round(100.0 * c.satisfied / NULLIF(c.assigned, 0), 1)::double precision AS rate, c.as_of
FROM facts.summary_compliance c
CROSS JOIN facts.sight s
LEFT JOIN facts.dim_org_unit u ON u.unit = c.unit AND u.valid_to = 'infinity'
WHERE c.unit <> '' AND (s.everything OR c.unit = ANY (s.units));

CREATE VIEW reporting.overdue_by_manager WITH (security_barrier) AS
SELECT CASE
           WHEN x.manager_id = 0 THEN ''
           WHEN s.everything OR m.unit = ANY (s.units) THEN m.hr_key
       END AS manager_key,
       CASE WHEN s.everything OR m.unit = ANY (s.units) THEN n.lastname END AS lastname,
       CASE WHEN s.everything OR m.unit = ANY (s.units) THEN n.firstname END AS firstname,
       CASE WHEN s.everything OR m.unit = ANY (s.units) THEN m.unit END AS unit,
       CASE WHEN s.everything OR m.unit = ANY (s.units) THEN u.name END AS unit_name,
       x.direct_reports, x.assigned, x.satisfied, x.overdue, x.people, x.oldest_due_on, x.as_of
FROM (
    SELECT c.manager_id, sum(c.people)::bigint AS direct_reports,
           sum(c.assigned)::bigint AS assigned, sum(c.satisfied)::bigint AS satisfied, sum(c.overdue)::bigint AS overdue,
           sum(c.people_overdue)::bigint AS people, min(c.oldest_due_on) AS oldest_due_on, min(c.as_of) AS as_of
    FROM facts.sight s
    JOIN facts.summary_manager c ON s.everything OR c.unit = ANY (s.units)
    GROUP BY c.manager_id
    HAVING sum(c.overdue) > 0
) x
CROSS JOIN facts.sight s
LEFT JOIN facts.dim_person m ON m.person_id = x.manager_id AND m.valid_to = 'infinity'
LEFT JOIN facts.dim_org_unit u ON u.unit = m.unit AND u.valid_to = 'infinity'
LEFT JOIN facts.person_name n ON n.person_id = m.person_id;

CREATE VIEW reporting.expiring WITH (security_barrier) AS
SELECT e.* FROM facts.expiring_requirement e WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT e.* FROM facts.expiring_certificate e WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT e.* FROM facts.expiring_requirement e
WHERE NOT (SELECT s.everything FROM facts.sight s) AND e.unit = ANY ((SELECT s.units FROM facts.sight s)::text[])
UNION ALL
SELECT e.* FROM facts.expiring_certificate e
WHERE NOT (SELECT s.everything FROM facts.sight s) AND e.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.compliance_daily WITH (security_barrier) AS
SELECT d.day, d.unit, d.requirement, d.assigned, d.satisfied, d.assigned - d.satisfied - d.overdue AS open, d.overdue,
       round(100.0 * d.satisfied / NULLIF(d.assigned, 0), 1)::double precision AS rate
FROM facts.fact_compliance_daily d
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT d.day, d.unit, d.requirement, d.assigned, d.satisfied, d.assigned - d.satisfied - d.overdue, d.overdue,
       round(100.0 * d.satisfied / NULLIF(d.assigned, 0), 1)::double precision
FROM facts.fact_compliance_daily d
WHERE NOT (SELECT s.everything FROM facts.sight s) AND d.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

-- ---------------------------------------------------------------- what was learned
CREATE VIEW reporting.enrolments WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, e.course_id, e.idnumber, e.shortname, e.fullname, e.active,
       e.enrolled_at, e.precision, e.seen_at, e.completed, e.completed_at, e.progress, e.grade
FROM facts.enrolment_row e
JOIN facts.person_named p ON p.person_id = e.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, e.course_id, e.idnumber, e.shortname, e.fullname, e.active,
       e.enrolled_at, e.precision, e.seen_at, e.completed, e.completed_at, e.progress, e.grade
FROM facts.enrolment_row e
JOIN facts.person_named p ON p.person_id = e.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.completions WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname, f.attempt,
       f.completed_at, f.precision, f.valid_from AS observed_at
FROM facts.learned_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE f.completed AND f.valid_to = 'infinity' AND (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname, f.attempt,
       f.completed_at, f.precision, f.valid_from
FROM facts.learned_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE f.completed AND f.valid_to = 'infinity' AND NOT (SELECT s.everything FROM facts.sight s)
  AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.completion_history WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname, f.attempt,
       f.completed_at, f.precision, f.valid_from AS observed_at, NULLIF(f.valid_to, 'infinity') AS ended_at
FROM facts.learned_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE f.completed AND (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname, f.attempt,
       f.completed_at, f.precision, f.valid_from, NULLIF(f.valid_to, 'infinity')
FROM facts.learned_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE f.completed AND NOT (SELECT s.everything FROM facts.sight s)
  AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.grade_changes WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, g.course_id, c.idnumber, c.shortname, c.fullname,
       g.old_grade, g.new_grade, g.cause, g.effective_at, g.observed_at
FROM facts.grade_change_row g
JOIN facts.person_named p ON p.person_id = g.person_id
LEFT JOIN facts.dim_course c ON c.course_id = g.course_id AND c.valid_to = 'infinity'
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, g.course_id, c.idnumber, c.shortname, c.fullname,
       g.old_grade, g.new_grade, g.cause, g.effective_at, g.observed_at
FROM facts.grade_change_row g
JOIN facts.person_named p ON p.person_id = g.person_id
LEFT JOIN facts.dim_course c ON c.course_id = g.course_id AND c.valid_to = 'infinity'
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.certificates WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, c.source, c.code, c.template, c.template_name, c.issued_at,
       c.precision, c.expires_at, c.state
FROM facts.certificate_row c
JOIN facts.person_named p ON p.person_id = c.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, c.source, c.code, c.template, c.template_name, c.issued_at,
       c.precision, c.expires_at, c.state
FROM facts.certificate_row c
JOIN facts.person_named p ON p.person_id = c.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.course_performance WITH (security_barrier) AS
SELECT c.course_id, c.idnumber, c.shortname, c.fullname, x.enrolled, x.completed,
       round(100.0 * x.completed / NULLIF(x.enrolled, 0), 1)::double precision AS completion_rate,
       x.graded, round(x.average_grade::numeric, 2)::double precision AS average_grade,
       round(x.median_grade::numeric, 2)::double precision AS median_grade,
       i.maximum AS maximum_grade, i.pass_mark, x.passed AS passed_people,
       CASE WHEN i.pass_mark IS NOT NULL THEN round(100.0 * x.passed / NULLIF(x.marked, 0), 1)::double precision END
           AS pass_rate,
       x.timed, round((x.average_seconds / 86400)::numeric, 2)::double precision AS average_days, x.as_of
FROM facts.sight s
JOIN facts.summary_course x ON x.unit = s.unit
JOIN facts.dim_course c ON c.course_id = x.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_grade_item i ON i.course_id = c.course_id AND i.valid_to = 'infinity';

-- ---------------------------------------------------------------- how it stands as a whole
CREATE VIEW reporting.executive_overview WITH (security_barrier) AS
SELECT o.people, o.upcoming, o.joining, o.left_people, o.with_account, o.active_24h, o.active_30d, o.enrolled, o.completed,
       round(100.0 * o.completed / NULLIF(o.enrolled, 0), 1)::double precision AS completion_rate,
       round(o.average_score::numeric, 1)::double precision AS average_score, o.graded, o.certificates,
       o.certificates_30d, c.assigned, c.satisfied, c.assigned - c.satisfied - c.overdue AS open, c.overdue,
       round(100.0 * c.satisfied / NULLIF(c.assigned, 0), 1)::double precision AS compliance_rate, o.as_of
FROM facts.sight s
JOIN facts.summary_overview o ON o.unit = s.unit
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(r.assigned), 0)::bigint AS assigned, COALESCE(sum(r.satisfied), 0)::bigint AS satisfied,
           COALESCE(sum(r.overdue), 0)::bigint AS overdue
    FROM facts.summary_compliance r WHERE r.unit = s.unit
) c;

-- Completions and certificates by their own dates; the rest as it stood on the last day of the period that was kept.
CREATE VIEW reporting.trend WITH (security_barrier) AS
WITH kept AS (
    SELECT d.day, d.people, d.active_24h,
           round(100.0 * d.completed / NULLIF(d.enrolled, 0), 1)::double precision AS completion_rate,
           round(d.average_score::numeric, 1)::double precision AS average_score,
           (SELECT round(100.0 * sum(c.satisfied) / NULLIF(sum(c.assigned), 0), 1)::double precision
            FROM facts.fact_compliance_daily c WHERE c.unit = d.unit AND c.day = d.day) AS compliance_rate
    FROM facts.sight s JOIN facts.fact_overview_daily d ON d.unit = s.unit
), happened AS (
    SELECT a.day, a.completions, a.certificates FROM facts.sight s JOIN facts.summary_activity a ON a.unit = s.unit
), span AS (
    SELECT min(day) AS first, max(day) AS last FROM (SELECT day FROM kept UNION ALL SELECT day FROM happened) b
), days AS (
    SELECT g.day::date AS day, COALESCE(a.completions, 0) AS completions, COALESCE(a.certificates, 0) AS certificates,
           k.people, k.active_24h, k.completion_rate, k.average_score, k.compliance_rate
    FROM span
    CROSS JOIN LATERAL generate_series(span.first::timestamp, span.last::timestamp, interval '1 day') AS g (day)
    LEFT JOIN happened a ON a.day = g.day::date
    LEFT JOIN kept k ON k.day = g.day::date
)
SELECT p.period, date_trunc(p.period, d.day::timestamp)::date AS starts_on, sum(d.completions)::bigint AS completions,
       sum(d.certificates)::bigint AS certificates, max(d.active_24h) AS most_active_24h,
       (array_agg(d.people ORDER BY d.day DESC) FILTER (WHERE d.people IS NOT NULL))[1] AS people,
       (array_agg(d.completion_rate ORDER BY d.day DESC) FILTER (WHERE d.people IS NOT NULL))[1] AS completion_rate,
       (array_agg(d.average_score ORDER BY d.day DESC) FILTER (WHERE d.people IS NOT NULL))[1] AS average_score,
       (array_agg(d.compliance_rate ORDER BY d.day DESC) FILTER (WHERE d.people IS NOT NULL))[1] AS compliance_rate
FROM days d
CROSS JOIN (VALUES ('day'), ('week'), ('month')) p (period)
GROUP BY p.period, starts_on;

CREATE VIEW reporting.data_freshness WITH (security_barrier) AS
SELECT h.hop, h.place, h.reached_at, now() - h.reached_at AS lag
FROM facts.sight s
CROSS JOIN LATERAL (
    SELECT h.name AS hop,
           array_position(ARRAY['feed', 'people', 'changes', 'everything'], h.name) AS place, h.reached_at
    FROM facts.hop h
    UNION ALL
    SELECT moved.fact, 5, max(moved.finished_at)
    FROM (SELECT f.fact, l.finished_at FROM facts.load l JOIN facts.load_fact f USING (load_id)
          WHERE l.status = 'done' AND f.begun + f.ended > 0
          ORDER BY l.load_id DESC LIMIT 1000) moved
    GROUP BY moved.fact
    UNION ALL
    SELECT 'summaries', 6, o.as_of FROM facts.summary_overview o WHERE o.unit = ''
) h
WHERE s.unit IS NOT NULL;

CREATE VIEW reporting.data_quality WITH (security_barrier) AS
SELECT q.name AS finding, q.severity, q.found, q.examples,
       CASE q.name
           WHEN 'people_without_account' THEN 'Run a plan, and look at holds and cases.'
           WHEN 'course_missing' THEN 'Make the course in Moodle or correct the learning path: nobody can complete it.'
           WHEN 'completion_off' THEN 'Turn on completion tracking in the course: nobody can complete it.'
           WHEN 'units_named_differently' THEN 'Have HR mend the units'' names or parents; what most people say holds.'
           WHEN 'manager_unknown' THEN 'Have HR name a manager, unless these stand at the top.'
           WHEN 'manager_left' THEN 'Have HR name another manager.'
           WHEN 'manager_circle' THEN 'Have HR mend the managers: these are above themselves.'
           WHEN 'unit_unknown' THEN 'Have HR name a unit: no report of a unit has these people.'
           WHEN 'enrolment_missing' THEN 'Run a plan, and look at holds and cases: they must complete a course they are not in.'
           WHEN 'requirement_unknown' THEN 'The mapping no longer names it, and people still have it: run a plan.'
           WHEN 'healed' THEN 'Nothing: the last full reading found these differences and put them right.'
       END AS advice,
       q.as_of
FROM facts.sight s
JOIN facts.summary_quality q ON s.everything;

-- ---------------------------------------------------------------- as of a date
-- Each version of an assignment with each version of its person. Not for readers to name: compliance_as_of asks it.
CREATE VIEW facts.compliance_history AS
SELECT p.hr_key, n.lastname, n.firstname, p.unit, p.job_role, m.hr_key AS manager_key, p.status, p.timezone,
       a.requirement, a.cycle, a.assigned_on, a.due_on, a.satisfied_at, a.expires_on, a.withdrawn_at,
       a.expires_on - r.window_days AS next_opens_on, a.valid_from AS known_from, a.valid_to AS known_to,
       p.valid_from AS person_from, p.valid_to AS person_to, here.unit AS unit_now, m.unit AS manager_unit
FROM facts.fact_assignment a
JOIN facts.dim_person p ON p.person_id = a.person_id
JOIN facts.dim_person here ON here.person_id = p.person_id AND here.valid_to = 'infinity'
LEFT JOIN facts.dim_person m ON m.person_id = p.manager_id AND m.valid_to = 'infinity'
LEFT JOIN facts.person_name n ON n.person_id = p.person_id
LEFT JOIN facts.dim_requirement r
       ON r.requirement = a.requirement AND r.valid_from <= a.valid_from AND a.valid_from < r.valid_to;
COMMENT ON VIEW facts.compliance_history IS 'Versions of assignments and people, of every unit.';

CREATE VIEW facts.compliance_history_seen WITH (security_barrier) AS
SELECT h.hr_key, h.lastname, h.firstname, h.unit, h.job_role, h.manager_key, h.status, h.timezone, h.requirement, h.cycle,
       h.assigned_on, h.due_on, h.satisfied_at, h.expires_on, h.withdrawn_at, h.next_opens_on, h.known_from, h.known_to,
       h.person_from, h.person_to
FROM facts.compliance_history h WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT h.hr_key, h.lastname, h.firstname,
       CASE WHEN h.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]) THEN h.unit END, h.job_role,
       CASE WHEN h.manager_unit = ANY ((SELECT s.units FROM facts.sight s)::text[]) THEN h.manager_key END, h.status,
       h.timezone, h.requirement, h.cycle, h.assigned_on, h.due_on, h.satisfied_at, h.expires_on, h.withdrawn_at,
       h.next_opens_on, h.known_from, h.known_to, h.person_from, h.person_to
FROM facts.compliance_history h
WHERE NOT (SELECT s.everything FROM facts.sight s) AND h.unit_now = ANY ((SELECT s.units FROM facts.sight s)::text[]);
COMMENT ON VIEW facts.compliance_history_seen IS 'Versions of assignments and people, of those in sight.';

-- The bodies of functions are bound to what they name when they are made, so no search_path leads them elsewhere, and
-- they run with the rights of who calls them.
CREATE FUNCTION reporting.compliance_as_of(at timestamptz, known_at timestamptz DEFAULT now())
RETURNS TABLE (
    hr_key text, lastname text, firstname text, unit text, job_role text, manager_key text, requirement text,
    cycle integer, assigned_on date, due_on date, satisfied_at timestamptz, expires_on date, state text
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT h.hr_key, h.lastname, h.firstname, h.unit, h.job_role, h.manager_key, h.requirement, h.cycle, h.assigned_on,
           h.due_on, CASE WHEN h.satisfied_at <= compliance_as_of.at THEN h.satisfied_at END,
           CASE WHEN h.satisfied_at <= compliance_as_of.at THEN h.expires_on END,
           facts.state_at(h.satisfied_at, h.due_on, h.timezone, compliance_as_of.at)
    FROM facts.compliance_history_seen h
    WHERE h.known_from <= compliance_as_of.known_at AND h.known_to > compliance_as_of.known_at
      AND h.person_from <= LEAST(compliance_as_of.at, compliance_as_of.known_at)
      AND h.person_to > LEAST(compliance_as_of.at, compliance_as_of.known_at)
      AND h.status = 'active'
      AND h.assigned_on <= (compliance_as_of.at AT TIME ZONE h.timezone)::date
      AND (h.withdrawn_at IS NULL OR h.withdrawn_at > compliance_as_of.at)
      AND (h.next_opens_on IS NULL OR h.satisfied_at > compliance_as_of.at
           OR h.next_opens_on > (compliance_as_of.at AT TIME ZONE h.timezone)::date);
END;

-- ---------------------------------------------------------------- everyone below
CREATE VIEW reporting.unit_closure WITH (security_barrier) AS
SELECT c.above, c.unit, c.distance
FROM facts.unit_closure c
CROSS JOIN facts.sight s
WHERE c.valid_to = 'infinity' AND (s.everything OR c.above = ANY (s.units) AND c.unit = ANY (s.units));

CREATE VIEW reporting.manager_closure WITH (security_barrier) AS
SELECT m.hr_key AS manager_key, p.hr_key, c.distance
FROM facts.manager_closure c
JOIN facts.dim_person m ON m.person_id = c.manager_id AND m.valid_to = 'infinity'
JOIN facts.dim_person p ON p.person_id = c.person_id AND p.valid_to = 'infinity'
WHERE c.valid_to = 'infinity' AND (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT m.hr_key, p.hr_key, c.distance
FROM facts.manager_closure c
JOIN facts.dim_person m ON m.person_id = c.manager_id AND m.valid_to = 'infinity'
JOIN facts.dim_person p ON p.person_id = c.person_id AND p.valid_to = 'infinity'
WHERE c.valid_to = 'infinity' AND NOT (SELECT s.everything FROM facts.sight s)
  AND m.unit = ANY ((SELECT s.units FROM facts.sight s)::text[])
  AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE FUNCTION reporting.below_unit(unit text)
RETURNS TABLE (hr_key text, lastname text, firstname text, own_unit text, status text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.status
    FROM reporting.people p
    WHERE p.unit = ANY (ARRAY(SELECT c.unit FROM reporting.unit_closure c WHERE c.above = below_unit.unit));
END;

CREATE FUNCTION reporting.below_manager(manager_key text)
RETURNS TABLE (hr_key text, lastname text, firstname text, own_unit text, status text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.status
    FROM reporting.people p
    WHERE p.hr_key = ANY (ARRAY(SELECT c.hr_key FROM reporting.manager_closure c
                                WHERE c.manager_key = below_manager.manager_key AND c.distance > 0));
END;
