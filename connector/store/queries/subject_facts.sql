-- All that the facts hold of one person.

-- name: people
SELECT to_jsonb(d) - ARRAY['person_id', 'manager_id'] || jsonb_build_object('manager_key', m.hr_key) AS found
FROM facts.dim_person d
LEFT JOIN facts.dim_person m ON m.person_id = d.manager_id AND m.valid_to = 'infinity'
WHERE d.person_id = ANY(%(ids)s) ORDER BY d.valid_from

-- name: names
SELECT to_jsonb(n) - 'person_id' AS found FROM facts.person_name n WHERE n.person_id = ANY(%(ids)s)

-- name: accesses
SELECT to_jsonb(a.accessed_at) AS found FROM facts.person_access a WHERE a.person_id = ANY(%(ids)s)

-- name: enrolments
SELECT to_jsonb(f) - 'person_id' || jsonb_build_object('course', c.fullname) AS found
FROM facts.fact_enrolment f LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity'
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.valid_from, f.course_id

-- name: completions
SELECT to_jsonb(f) - 'person_id' || jsonb_build_object('course', c.fullname) AS found
FROM facts.fact_completion f LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity'
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.valid_from, f.course_id

-- name: grades
SELECT to_jsonb(f) - 'person_id' || jsonb_build_object('course', c.fullname) AS found
FROM facts.fact_grade f LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity'
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.valid_from, f.course_id

-- name: activity_completions
SELECT to_jsonb(f) - 'person_id' || jsonb_build_object('course', c.fullname, 'activity', a.name) AS found
FROM facts.fact_activity_completion f
LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_activity a ON a.activity_id = f.activity_id AND a.valid_to = 'infinity'
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.valid_from, f.activity_id

-- name: item_grades
SELECT to_jsonb(f) - 'person_id' || jsonb_build_object('course', c.fullname, 'item', i.name) AS found
FROM facts.fact_item_grade f
LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_grade_item i ON i.item_id = f.item_id AND i.valid_to = 'infinity'
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.valid_from, f.item_id

-- name: grade_history
SELECT to_jsonb(f) - ARRAY['person_id', 'changed_by'] || jsonb_build_object('course', c.fullname) AS found
FROM facts.fact_grade_history f LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity'
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.effective_at, f.history_id

-- name: certificates
SELECT to_jsonb(f) - 'person_id' || jsonb_build_object('name', t.name) AS found
FROM facts.fact_certificate f
LEFT JOIN facts.dim_certificate_template t
       ON t.source = f.source AND t.template = f.template AND t.valid_to = 'infinity'
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.valid_from, f.code

-- name: assignments
SELECT to_jsonb(f) - ARRAY['person_id', 'grant_id'] || jsonb_build_object('name', r.name) AS found
FROM facts.fact_assignment f
LEFT JOIN facts.dim_requirement r ON r.requirement = f.requirement AND r.valid_to = 'infinity'
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.requirement, f.cycle, f.valid_from

-- name: learning_events
SELECT to_jsonb(f) - 'person_id' || jsonb_build_object('course_name', c.fullname, 'title', d.title) AS found
FROM facts.fact_learning_event f
LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_content d ON d.content = f.content
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.happened_at, f.event_id

-- name: attempts
SELECT to_jsonb(f) - 'person_id' || jsonb_build_object('title', d.title, 'questions', (
           SELECT jsonb_agg(to_jsonb(r) - 'attempt_id' ORDER BY r.place)
           FROM facts.fact_question_response r WHERE r.attempt_id = f.attempt_id)) AS found
FROM facts.fact_assessment_attempt f LEFT JOIN facts.dim_content d ON d.content = f.content
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.started_at, f.attempt_id

-- name: time_spent
SELECT to_jsonb(f) - 'person_id' || jsonb_build_object('title', d.title) AS found
FROM facts.fact_time_spent f LEFT JOIN facts.dim_content d ON d.content = f.content
WHERE f.person_id = ANY(%(ids)s) ORDER BY f.content, f.course

-- name: waivers
SELECT to_jsonb(w) - ARRAY['person_id', 'decision_id'] AS found
FROM facts.waiver w WHERE w.person_id = ANY(%(ids)s) ORDER BY w.starts_on

-- name: managers
-- Who is or was above the person, and at which distance; managers by their key.
SELECT jsonb_build_object('manager_key', m.hr_key, 'distance', c.distance, 'from', c.valid_from, 'until', c.valid_to) AS found
FROM facts.manager_closure c
JOIN facts.dim_person m ON m.person_id = c.manager_id AND m.valid_to = 'infinity'
WHERE c.person_id = ANY(%(ids)s) AND c.distance > 0 ORDER BY c.valid_from, c.distance
