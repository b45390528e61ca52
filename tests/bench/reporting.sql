-- name: units
-- 300 units in 4 levels below one another: a root, 9 divisions, 60 departments, 230 teams.
INSERT INTO facts.dim_org_unit (unit, name, parent, valid_from)
SELECT 'U' || n, 'Unit ' || n,
       CASE WHEN n = 0 THEN NULL WHEN n < 10 THEN 'U0' WHEN n < 70 THEN 'U' || 1 + n %% 9 ELSE 'U' || 10 + n %% 60 END,
       %(began)s
FROM generate_series(0, 299) n

-- name: closure
INSERT INTO facts.unit_closure (above, unit, distance, valid_from)
WITH RECURSIVE up (unit, above, distance) AS (
    SELECT unit, unit, 0 FROM facts.dim_org_unit
    UNION ALL
    SELECT up.unit, u.parent, up.distance + 1 FROM up JOIN facts.dim_org_unit u ON u.unit = up.above
    WHERE u.parent IS NOT NULL
)
SELECT above, unit, distance, %(began)s FROM up

-- name: people
-- Ten people to a manager, five levels of managers; most work in teams.
INSERT INTO facts.dim_person (person_id, hr_key, moodle_id, unit, job_role, manager_id, status, hired_on, left_on, timezone,
                              valid_from)
SELECT n, 'E' || n, n + 1000, 'U' || CASE WHEN n %% 10 = 0 THEN n / 10 %% 70 ELSE 70 + n / 10 %% 230 END, 'role' || n %% 12,
       NULLIF(n / 10, 0), CASE WHEN n %% 50 = 7 THEN 'left' ELSE 'active' END, date '2015-01-01' + n %% 3600,
       CASE WHEN n %% 50 = 7 THEN current_date - 30 END,
       (ARRAY['Asia/Taipei', 'Europe/Paris', 'UTC', 'Asia/Ho_Chi_Minh'])[1 + n %% 4], %(began)s
FROM generate_series(1, %(people)s) n

-- name: names
INSERT INTO facts.person_name (person_id, firstname, lastname, email)
SELECT n, 'First' || n, (ARRAY['林', 'Nguyễn', 'Dupont', 'Smith'])[1 + n %% 4] || n, 'e' || n || '@example.test'
FROM generate_series(1, %(people)s) n

-- name: accesses
INSERT INTO facts.person_access (person_id, accessed_at)
SELECT n, %(now)s - n %% 90 * interval '11 hours' FROM generate_series(1, %(people)s) n WHERE n %% 5 > 0

-- name: managers
INSERT INTO facts.manager_closure (manager_id, person_id, distance, valid_from)
WITH RECURSIVE up (person_id, manager_id, distance) AS (
    SELECT person_id, person_id, 0 FROM facts.dim_person
    UNION ALL
    SELECT up.person_id, p.manager_id, up.distance + 1 FROM up JOIN facts.dim_person p ON p.person_id = up.manager_id
    WHERE p.manager_id IS NOT NULL
)
SELECT manager_id, person_id, distance, %(began)s FROM up

-- name: courses
INSERT INTO facts.dim_course (course_id, idnumber, shortname, fullname, visible, completion_enabled, valid_from)
SELECT n, 'C' || n, 'COURSE' || n, 'Course ' || n, true, n <> 7, %(began)s FROM generate_series(1, 120) n

-- name: items
INSERT INTO facts.dim_grade_item (item_id, course_id, minimum, maximum, pass_mark, valid_from)
SELECT n, n, 0, 100, CASE WHEN n %% 3 > 0 THEN 60 END, %(began)s FROM generate_series(1, 120) n

-- name: requirements
INSERT INTO facts.dim_requirement (requirement, name, path, courses, course_ids, recertify_months, window_days, valid_from)
SELECT 'R' || n, jsonb_build_object('en', 'Requirement ' || n), 'P' || n, ARRAY['C' || n], ARRAY[n::bigint],
       CASE WHEN n %% 2 = 0 THEN 12 END, CASE WHEN n %% 2 = 0 THEN 60 END, %(began)s
FROM generate_series(1, 40) n

-- name: enrolments
INSERT INTO facts.fact_enrolment (person_id, moodle_id, course_id, active, enrolled_at, precision, valid_from)
SELECT n, n + 1000, 1 + (n + k * 17) %% 120, (n + k) %% 25 > 0, %(now)s - (n * 7 + k * 31) %% 500 * interval '1 day',
       CASE WHEN k %% 2 = 0 THEN 'second' ELSE 'seen by' END, %(began)s
FROM generate_series(1, %(people)s) n CROSS JOIN generate_series(1, 6) k

-- name: completions
INSERT INTO facts.fact_completion (person_id, moodle_id, course_id, attempt, completed, completed_at, precision, progress,
                                   valid_from)
SELECT e.person_id, e.moodle_id, e.course_id, 1, (e.person_id + e.course_id) %% 10 < 7,
       CASE WHEN (e.person_id + e.course_id) %% 10 < 7 THEN e.enrolled_at + (e.person_id %% 40) * interval '5 hours' END,
       e.precision, 50, %(began)s
FROM facts.fact_enrolment e

-- name: grades
-- A quarter has been graded before.
INSERT INTO facts.fact_grade (person_id, moodle_id, course_id, value, graded_at, valid_from, valid_to, ended_by)
SELECT e.person_id, e.moodle_id, e.course_id, (e.person_id * 13 + e.course_id * 7 + k * 10) %% 101, %(began)s,
       %(began)s + k * (e.person_id %% 300 + 1) * interval '1 hour',
       CASE WHEN k = 0 AND e.person_id %% 4 = 0 THEN %(began)s + (e.person_id %% 300 + 1) * interval '1 hour'
            ELSE 'infinity' END,
       CASE WHEN k = 0 AND e.person_id %% 4 = 0 THEN 'regrade' END
FROM facts.fact_enrolment e CROSS JOIN generate_series(0, 1) k
WHERE e.active AND (k = 0 OR e.person_id %% 4 = 0)

-- name: change_months
SELECT facts.make_months('fact_grade_history', array_agg(month::date))
FROM generate_series(date_trunc('month', %(began)s::timestamptz), %(now)s, interval '1 month') month

-- name: changes
-- Nine changes of each grade: of 100,000 people more than five million.
INSERT INTO facts.fact_grade_history (history_id, effective_at, observed_at, person_id, moodle_id, course_id, item_id, old_grade,
                                      new_grade, cause, origin, action, source, overridden, excluded, hidden, locked)
SELECT row_number() OVER (), t.at, t.at + interval '1 hour', e.person_id, e.moodle_id, e.course_id, -e.course_id,
       CASE WHEN k > 0 THEN (e.person_id + k * 10 - 10) %% 101 END, (e.person_id + k * 10) %% 101,
       CASE WHEN k > 0 THEN 'regrade' ELSE 'first' END, 'moodle', CASE WHEN k > 0 THEN 'update' ELSE 'insert' END,
       'mod/quiz', false, false, false, false
FROM facts.fact_enrolment e CROSS JOIN generate_series(0, 8) k
CROSS JOIN LATERAL (SELECT %(began)s + (e.person_id * 7 %% 600 + e.course_id + k * 1200) * interval '1 hour' AS at) t
WHERE e.active

-- name: activities
INSERT INTO facts.dim_activity (activity_id, course_id, module, instance, name, visible, tracked, valid_from)
SELECT c * 10 + k, c, 'quiz', c * 10 + k, 'Quiz ' || k, true, true, %(began)s
FROM generate_series(1, 120) c CROSS JOIN generate_series(0, 1) k

-- name: activity_items
INSERT INTO facts.dim_grade_item (item_id, course_id, minimum, maximum, pass_mark, item_type, module, instance, name, valid_from)
SELECT 1000 + a.activity_id, a.course_id, 0, 10, 5, 'mod', 'quiz', a.instance, a.name, %(began)s FROM facts.dim_activity a

-- name: activity_completions
INSERT INTO facts.fact_activity_completion (person_id, moodle_id, course_id, activity_id, state, overridden, changed_at, valid_from)
SELECT e.person_id, e.moodle_id, e.course_id, e.course_id * 10 + k,
       CASE WHEN (e.person_id + k) %% 3 = 0 THEN 'incomplete' ELSE 'passed' END, false, %(now)s - interval '9 days', %(began)s
FROM facts.fact_enrolment e CROSS JOIN generate_series(0, 1) k

-- name: item_grades
INSERT INTO facts.fact_item_grade (person_id, moodle_id, course_id, item_id, value, overridden, excluded, hidden, locked, graded_at,
                                   valid_from)
SELECT e.person_id, e.moodle_id, e.course_id, 1000 + e.course_id * 10 + k, (e.person_id + k) %% 11, false, false, false, false,
       %(now)s - interval '9 days', %(began)s
FROM facts.fact_enrolment e CROSS JOIN generate_series(0, 1) k WHERE e.active

-- name: certificates
INSERT INTO facts.fact_certificate (person_id, moodle_id, source, code, template, issued_at, expires_at, revoked, precision,
                                    valid_from)
SELECT n, n + 1000, 'badge', 'B' || n, 'T' || n %% 9, %(now)s - n %% 400 * interval '1 day',
       %(now)s + (n %% 700 - 200) * interval '1 day', n %% 97 = 0, 'second', %(began)s
FROM generate_series(1, %(people)s) n

-- name: templates
INSERT INTO facts.dim_certificate_template (source, template, name, valid_from)
SELECT 'badge', 'T' || n, 'Badge ' || n, %(began)s FROM generate_series(0, 8) n

-- name: contents
INSERT INTO facts.dim_content (content, kind, title, version)
SELECT 'exam' || n, 'assessment', jsonb_build_object('en', 'Exam ' || n), 1 FROM generate_series(0, 39) n

-- name: attempts
-- Two attempts of each person, with numbers that the connector never gives, at one of 40 assessments; most pass in the second.
INSERT INTO facts.fact_assessment_attempt (attempt_id, series, number, person_id, platform, course, course_id, link, content,
                                           version, started_at, submitted_at, percent, passed, observed_at)
SELECT -(2 * n + k), -2 * n, k + 1, n, 'https://moodle.example.com', (1 + n %% 120)::text, 1 + n %% 120, '5', 'exam' || n %% 40, 1,
       t.at, t.at + n %% 40 * interval '1 minute', 30 + (n + 37 * k) %% 70, 30 + (n + 37 * k) %% 70 >= 60, t.at
FROM generate_series(1, %(people)s) n CROSS JOIN generate_series(0, 1) k
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - (n %% 400 + k) * interval '1 day' AS at) t

-- name: responses
INSERT INTO facts.fact_question_response (attempt_id, question_id, place, answered_at, share, seconds)
SELECT a.attempt_id, 'q' || q, q, a.started_at, (q - a.attempt_id) %% 3 / 2.0, -(a.attempt_id * q) %% 90
FROM facts.fact_assessment_attempt a CROSS JOIN generate_series(1, 10) q

-- name: learning_events
INSERT INTO facts.fact_learning_event (event_id, happened_at, verb, person_id, platform, course, course_id, link, content,
                                       attempt_id, object, observed_at)
SELECT -row_number() OVER (), a.started_at + v.place * interval '1 minute', v.verb, a.person_id, a.platform, a.course,
       a.course_id, a.link, a.content, a.attempt_id, '', a.started_at
FROM facts.fact_assessment_attempt a
CROSS JOIN unnest(ARRAY['launched', 'initialized', 'completed', 'scored']) WITH ORDINALITY AS v (verb, place)

-- name: time_spent
INSERT INTO facts.fact_time_spent (person_id, platform, course, course_id, content, source, seconds, observed_at)
SELECT a.person_id, a.platform, a.course, a.course_id, a.content, 'answers', 600, a.started_at
FROM facts.fact_assessment_attempt a WHERE a.number = 1

-- name: assignments
-- Ten requirements each; one in five of those that recertify is in its second cycle.
INSERT INTO facts.fact_assignment (grant_id, cycle, person_id, requirement, assigned_on, due_on, satisfied_at, expires_on,
                                   withdrawn_at, valid_from)
SELECT n * 10 + k, c, n, 'R' || 1 + (n + k) %% 40, current_date - 400 + (n + k * 13) %% 300 + c * 60,
       current_date - 380 + (n + k * 13) %% 500 + c * 60,
       CASE WHEN (n * 3 + k + c) %% 10 < 7 OR twice AND c = 1
            THEN %(now)s - (300 - (n + k) %% 290) * interval '1 day' END,
       CASE WHEN ((n * 3 + k + c) %% 10 < 7 OR twice AND c = 1) AND (1 + (n + k) %% 40) %% 2 = 0
            THEN current_date + (n + k * 7) %% 365 END,
       NULL, %(began)s
FROM generate_series(1, %(people)s) n CROSS JOIN generate_series(0, 9) k
CROSS JOIN LATERAL (SELECT (1 + (n + k) %% 40) %% 2 = 0 AND n %% 5 = 0 AS twice) t
CROSS JOIN generate_series(1, CASE WHEN twice THEN 2 ELSE 1 END) c

-- name: months
SELECT facts.make_months(parent, ARRAY(SELECT DISTINCT date_trunc('month', current_date - d)::date
                                       FROM generate_series(0, %(days)s) d))
FROM unnest(ARRAY['fact_compliance_daily', 'fact_overview_daily']) parent

-- name: days
-- Days that were kept.
INSERT INTO facts.fact_compliance_daily (day, unit, requirement, assigned, satisfied, overdue)
SELECT current_date - d, s.unit, s.requirement, s.assigned, s.satisfied * (1000 - d) / 1000, s.overdue
FROM facts.summary_compliance s CROSS JOIN generate_series(1, %(days)s) d

-- name: overview_days
INSERT INTO facts.fact_overview_daily (day, unit, people, active_24h, enrolled, completed, average_score)
SELECT current_date - d, o.unit, o.people, o.active_24h, o.enrolled, o.completed, o.average_score
FROM facts.summary_overview o CROSS JOIN generate_series(1, %(days)s) d

-- name: loads
INSERT INTO facts.load (site, kind, reader, started_at, finished_at, status)
SELECT 'bench', 'changes', 'plain', %(now)s - n * interval '1 minute', %(now)s - n * interval '1 minute', 'done'
FROM generate_series(1, 5000) n

-- name: load_facts
INSERT INTO facts.load_fact (load_id, fact, rows, begun, ended)
SELECT l.load_id, f, 1, 1, 0 FROM facts.load l
CROSS JOIN unnest(ARRAY['people', 'enrolments', 'completions', 'grades', 'certificates', 'assignments']) f

-- name: hops
INSERT INTO facts.hop (name, reached_at) SELECT h, %(now)s FROM unnest(ARRAY['feed', 'people', 'everything', 'changes']) h
