-- What launched content keeps of a company whose facts are filled: a fifth of its people are in the last of 500 courses.

-- name: connector_people
INSERT INTO connector.person (person_id, source, key, wanted, initial, unit, unit_name, job_role, manager_key, active, timezone,
                              attributes, unique_username, first_seen, changed_at, feed_id, line, site)
OVERRIDING SYSTEM VALUE
SELECT n, 'hr', 'E' || n, '{}', '{}', '', '', '', '', true, 'UTC', '{}', true, %(began)s, %(began)s, 1, n, %(site)s
FROM generate_series(1, %(people)s) n

-- name: more_courses
INSERT INTO facts.dim_course (course_id, idnumber, shortname, fullname, visible, completion_enabled, valid_from)
SELECT n, 'C' || n, 'COURSE' || n, 'Course ' || n, true, true, %(began)s FROM generate_series(121, 500) n

-- name: more_items
INSERT INTO facts.dim_grade_item (item_id, course_id, minimum, maximum, pass_mark, valid_from)
SELECT n, n, 0, 100, 60, %(began)s FROM generate_series(121, 500) n

-- name: more_enrolments
-- Two more courses of everybody, and a fifth are in the last one.
INSERT INTO facts.fact_enrolment (person_id, moodle_id, course_id, active, enrolled_at, precision, valid_from)
SELECT n, n + 1000, c, true, %(now)s - n %% 300 * interval '1 day', 'second', %(began)s
FROM generate_series(1, %(people)s) n
CROSS JOIN LATERAL (VALUES (121 + n %% 189), (310 + n %% 190), (CASE WHEN n %% 5 = 0 THEN 500 END)) AS k (c)
WHERE c IS NOT NULL

-- name: more_completions
INSERT INTO facts.fact_completion (person_id, moodle_id, course_id, attempt, completed, completed_at, precision, progress,
                                   valid_from)
SELECT e.person_id, e.moodle_id, e.course_id, 1, (e.person_id + e.course_id) %% 7 < 4,
       CASE WHEN (e.person_id + e.course_id) %% 7 < 4 THEN e.enrolled_at + (e.person_id %% 40) * interval '5 hours' END,
       e.precision, e.person_id %% 100, %(began)s
FROM facts.fact_enrolment e WHERE e.course_id > 120

-- name: more_grades
INSERT INTO facts.fact_grade (person_id, moodle_id, course_id, value, graded_at, valid_from)
SELECT e.person_id, e.moodle_id, e.course_id, e.person_id %% 101, e.enrolled_at + interval '3 days', %(began)s
FROM facts.fact_enrolment e WHERE e.course_id = 500

-- name: more_activities
INSERT INTO facts.dim_activity (activity_id, course_id, module, instance, name, visible, tracked, valid_from)
SELECT 5000 + k, 500, 'quiz', 5000 + k, 'Quiz ' || k, true, true, %(began)s FROM generate_series(0, 1) k

-- name: more_activity_completions
INSERT INTO facts.fact_activity_completion (person_id, moodle_id, course_id, activity_id, state, overridden, changed_at, valid_from)
SELECT e.person_id, e.moodle_id, 500, 5000 + k, CASE WHEN (e.person_id + k) %% 3 = 0 THEN 'incomplete' ELSE 'passed' END, false,
       %(now)s - interval '9 days', %(began)s
FROM facts.fact_enrolment e CROSS JOIN generate_series(0, 1) k WHERE e.course_id = 500

-- name: more_learning_events
-- With those of attempts a million.
INSERT INTO facts.fact_learning_event (event_id, happened_at, verb, person_id, platform, course, course_id, link, content,
                                       object, seconds, observed_at)
SELECT -10000000 - 2 * n - k, %(now)s - (n %% 400 + k) * interval '1 day', 'played', n, 'https://moodle.example.com',
       (1 + n %% 500)::text, 1 + n %% 500, '6', 'video' || n %% 200, '', n %% 600, %(now)s
FROM generate_series(1, %(people)s) n CROSS JOIN generate_series(0, 1) k

-- name: contents
-- An assessment and a video in each course; those of the last one are the large ones.
INSERT INTO connector.content (content_id, site, kind, platform_id, course, made_by, made_at)
SELECT md5(k || n)::uuid, %(site)s, k, %(platform)s, n::text, 'teacher', %(began)s
FROM generate_series(1, 500) n CROSS JOIN unnest(ARRAY['assessment', 'video']) k

-- name: versions
INSERT INTO connector.content_version (content_id, version, body, changed_by, changed_at, used)
SELECT c.content_id, v, CASE c.kind WHEN 'video' THEN %(lesson)s WHEN 'assessment' THEN
       CASE WHEN c.course = '500' THEN CASE v WHEN 1 THEN %(large)s ELSE %(mended)s END ELSE %(small)s END END,
       'teacher', %(began)s::timestamptz + v * interval '1 hour', v = 1
FROM connector.content c CROSS JOIN generate_series(1, 2) v
WHERE v = 1 OR c.kind = 'assessment' AND c.course = '500'

-- name: attempts
-- Of a fifth one at the large assessment, of most others two at one that has few questions.
INSERT INTO connector.attempt (content_id, version, marked_version, banks, marked_banks, paper, platform_id, course, link, subject,
                               person_id, trial, number, line_item, launched_at, started_at, submitted_at, percent, passed,
                               settled_at)
SELECT md5('assessment' || t.course)::uuid, 1, 1, '{}', '{}',
       ARRAY(SELECT 'q' || q FROM generate_series(1, t.questions) q), %(platform)s, t.course::text, t.course::text,
       's' || t.person, t.person, false, t.number, '', a.at, a.at, a.at + t.person %% 60 * interval '1 minute', t.share, t.share >= 60,
       a.at + interval '1 hour'
FROM (SELECT n AS person, 500 AS course, 1 AS number, 60 AS questions, (n * 37 %% 61) / 0.6 AS share
      FROM generate_series(1, %(people)s) n WHERE n %% 5 = 0
      UNION ALL
      SELECT n, 1 + n %% 499, k, 5, (n + 37 * k) %% 6 * 20
      FROM generate_series(1, %(people)s * 9 / 10) n CROSS JOIN generate_series(1, 2) k) t
CROSS JOIN LATERAL (SELECT %(now)s - (t.person %% 390 + 2 - t.number) * interval '1 day' AS at) a

-- name: answers
INSERT INTO connector.answer (attempt_id, question_id, said, place, saved_at)
SELECT a.attempt_id, 'q' || q, jsonb_build_object('chosen', jsonb_build_array(chr(97 + ((a.person_id * 7 + q * 3 + a.person_id / 5 %% 11) %% 4)::integer)),
                                                  'seconds', (a.person_id * q) %% 90, 'confidence', 1 + q %% 3), q, a.started_at
FROM connector.attempt a CROSS JOIN LATERAL generate_series(1, array_length(a.paper, 1)) q

-- name: media
INSERT INTO connector.media (media_id, site, platform_id, course, made_by, name, size, state, upload, made, made_at, changed_at)
VALUES (%(media)s, %(site)s, %(platform)s, '500', 'teacher', 'lesson.mp4', 1, 'ready', '', %(made)s, %(began)s, %(began)s)

-- name: viewings
-- Everybody has watched something, a fifth the large one.
INSERT INTO connector.viewing (content_id, version, media_id, platform_id, course, link, subject, person_id, name, line_item,
                               trial, watched, heat, position, share, began_at, reported_at, credit, completed_at)
SELECT md5('video' || t.course)::uuid, 1, %(media)s, %(platform)s, t.course::text, 'v' || t.course, 's' || n, n,
       'First' || n || ' Last' || n, '', false,
       jsonb_build_array(jsonb_build_array(0, 3 + n %% 297)), %(heat)s, n %% 300, (n %% 300) / 300.0,
       %(now)s - n %% 390 * interval '1 day', %(now)s - n %% 390 * interval '1 day', 5,
       CASE WHEN n %% 300 > 270 THEN %(now)s - n %% 390 * interval '1 day' END
FROM generate_series(1, %(people)s) n
CROSS JOIN LATERAL (SELECT CASE WHEN n %% 5 = 0 THEN 500 ELSE 1 + n %% 499 END AS course) t
