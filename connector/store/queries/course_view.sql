-- What who teaches in a course sees of it. Facts are of our own Moodle; attempts are of the course of any platform.

-- name: learners
-- Who is in a course and may enter it: how far, with which grade in percent of the points that their own total can have,
-- the last sign of work in it, and by when it has to be completed. Who completed it before the present cycle has to do it
-- again. What is due is as facts.compliance_row has it, without the names, units and managers that it looks up for each.
-- The API looks with the sight of a unit, a course view with that of all.
WITH member AS MATERIALIZED (
    SELECT e.moodle_id, e.person_id, p.hr_key FROM facts.fact_enrolment e
    LEFT JOIN facts.dim_person p ON p.person_id = e.person_id AND p.valid_to = 'infinity'
    WHERE e.course_id = %(course_id)s AND e.valid_to = 'infinity' AND e.active
      AND ((SELECT s.everything FROM facts.sight s) OR p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]))
), graded AS (
    SELECT i.minimum, i.maximum FROM facts.dim_grade_item i
    WHERE i.course_id = %(course_id)s AND i.item_type = 'course' AND i.valid_to = 'infinity'
), needed AS MATERIALIZED (
    SELECT r.requirement FROM facts.dim_requirement r WHERE r.valid_to = 'infinity' AND %(course_id)s = ANY(r.course_ids)
), due AS MATERIALIZED (
    SELECT a.person_id, min(a.due_on) AS due_on, min(a.window_opens_on) AS opens_on,
           bool_or(facts.state_at(NULL, a.due_on, p.timezone, now()) = 'overdue') AS overdue
    FROM facts.fact_assignment a
    JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity' AND p.status = 'active'
    WHERE a.person_id = ANY(ARRAY(SELECT person_id FROM member WHERE EXISTS (SELECT FROM needed)))
      AND a.requirement = ANY(ARRAY(SELECT requirement FROM needed))
      AND a.valid_to = 'infinity' AND a.withdrawn_at IS NULL AND a.satisfied_at IS NULL
      AND NOT EXISTS (SELECT FROM facts.fact_assignment later
                      WHERE later.grant_id = a.grant_id AND later.cycle = a.cycle + 1 AND later.valid_to = 'infinity')
    GROUP BY a.person_id
), worked AS MATERIALIZED (
    SELECT w.moodle_id, max(w.at) AS last FROM (
        SELECT moodle_id, changed_at AS at FROM facts.fact_activity_completion
        WHERE course_id = %(course_id)s AND valid_to = 'infinity' AND state <> 'incomplete' AND NOT overridden
        UNION ALL
        SELECT moodle_id, graded_at FROM facts.fact_item_grade
        WHERE course_id = %(course_id)s AND valid_to = 'infinity'
    ) w GROUP BY w.moodle_id
), done AS MATERIALIZED (
    SELECT f.moodle_id, f.completed, f.completed_at, f.progress FROM facts.fact_completion f
    WHERE f.course_id = %(course_id)s AND f.valid_to = 'infinity'
), grade AS MATERIALIZED (
    SELECT g.moodle_id, g.value, g.graded_at, g.minimum, g.maximum FROM facts.fact_grade g
    WHERE g.course_id = %(course_id)s AND g.valid_to = 'infinity'
), row AS (
    SELECT m.moodle_id, m.hr_key, n.firstname, n.lastname, COALESCE(f.completed, false) AS completed, f.completed_at, f.progress,
           g.value, g.graded_at, g.minimum, g.maximum, w.last, a.accessed_at, d.due_on, d.overdue,
           NOT COALESCE(f.completed, false) OR f.completed_at < d.opens_on AS unmet
    FROM member m
    LEFT JOIN facts.person_name n ON n.person_id = m.person_id
    LEFT JOIN facts.person_access a ON a.person_id = m.person_id
    LEFT JOIN done f ON f.moodle_id = m.moodle_id
    LEFT JOIN grade g ON g.moodle_id = m.moodle_id
    LEFT JOIN worked w ON w.moodle_id = m.moodle_id
    LEFT JOIN due d ON d.person_id = m.person_id
)
SELECT r.moodle_id, COALESCE(r.firstname, '') AS firstname, COALESCE(r.lastname, '') AS lastname, r.completed, r.completed_at, r.progress,
       facts.percent(r.value, COALESCE(r.minimum, t.minimum), COALESCE(r.maximum, t.maximum)) AS grade,
       GREATEST(r.last, r.completed_at, r.graded_at) AS last, r.accessed_at AS seen,
       CASE WHEN r.unmet THEN r.due_on END AS due_on, COALESCE(r.unmet AND r.overdue, false) AS overdue,
       COALESCE(r.hr_key, '') AS key
FROM row r LEFT JOIN graded t ON true

-- name: as_of
SELECT reached_at AS as_of FROM facts.hop WHERE name = 'changes'

-- name: assessments
-- Assessments that have an activity in a course, and those that were taken there, as they are now.
WITH here AS (
    SELECT p.content_id FROM connector.placement p WHERE p.platform_id = %(platform_id)s AND p.course = %(course)s
    UNION
    SELECT a.content_id FROM connector.attempt a
    WHERE a.platform_id = %(platform_id)s AND a.course = %(course)s AND NOT a.trial AND a.discarded_at IS NULL
)
SELECT c.content_id, c.kind, c.platform_id, c.course, v.version, v.changes, v.body, v.changed_at
FROM here JOIN connector.content c USING (content_id)
JOIN LATERAL (SELECT * FROM connector.content_version v WHERE v.content_id = c.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
WHERE c.site = %(site)s AND c.kind = 'assessment' AND c.ended_at IS NULL
ORDER BY v.changed_at DESC, c.content_id

-- name: work
-- What was made of assessments in a course, but for those who teach, by person, and by assessment: of several attempts of one person in one
-- activity what counts, by the rule of the version by which the last is marked, and whether that is a pass, as "judged"
-- has it; of several activities with the same assessment the best. Nothing is sorted: the last result is the greatest array that begins with its number.
WITH counted AS MATERIALIZED (
    SELECT a.content_id, a.link COLLATE "C" AS link, a.subject COLLATE "C" AS subject, max(a.person_id) AS person_id,
           max(COALESCE(a.submitted_at, a.started_at)) AS last,
           count(*) FILTER (WHERE a.submitted_at IS NOT NULL AND a.percent IS NULL AND NOT a.archived
               AND (a.person_id IN (SELECT unnest(e.person_ids) FROM connector.erasure e)) IS NOT TRUE) AS waiting,
           max(a.percent) AS best, round(avg(a.percent)::numeric, 6)::double precision AS average,
           bool_or(a.passed) FILTER (WHERE a.percent IS NOT NULL) AS once,
           max(ARRAY[a.number, a.percent, a.marked_version, COALESCE(a.passed, false)::int])
               FILTER (WHERE a.percent IS NOT NULL) AS newest
    FROM connector.attempt a
    WHERE a.platform_id = %(platform_id)s AND a.course = %(course)s AND NOT a.trial AND a.discarded_at IS NULL
      AND a.subject <> ALL(%(teachers)s)
    GROUP BY a.content_id, a.link COLLATE "C", a.subject COLLATE "C"
), rule AS MATERIALIZED (
    SELECT v.content_id, v.version, v.body ->> 'policy' AS policy,
           COALESCE(jsonb_path_query_first(
               v.body, 'strict $.pass_mark ? (@.type() == "number" && @ >= 0 && @ <= 100)', silent => true
           )::double precision, 80) AS pass_mark
    FROM connector.content_version v
    WHERE (v.content_id, v.version) IN (SELECT content_id, newest[3]::int FROM counted)
), result AS (
    SELECT c.content_id, c.subject, c.person_id, c.last, c.waiting,
           CASE r.policy WHEN 'last' THEN c.newest[2] WHEN 'average' THEN c.average ELSE c.best END AS percent,
           CASE r.policy WHEN 'last' THEN c.newest[4] = 1 WHEN 'average' THEN c.average >= r.pass_mark ELSE c.once END AS passed
    FROM counted c
    LEFT JOIN rule r ON r.content_id = c.content_id AND r.version = c.newest[3]::int
    WHERE c.content_id = ANY(%(contents)s::uuid[])
), once AS (
    SELECT content_id, subject, max(person_id) AS person_id, max(last) AS last, sum(waiting) AS waiting,
           count(percent) AS finished, count(*) FILTER (WHERE passed) AS passed, max(percent) AS percent
    FROM result GROUP BY content_id, subject
)
SELECT subject, content_id, max(person_id) AS person_id, count(*) AS tried,
       count(*) FILTER (WHERE finished > 0) AS finished, count(*) FILTER (WHERE passed > 0) AS passed,
       avg(percent) AS percent, sum(waiting)::bigint AS waiting,
       max(last) AS last
FROM once GROUP BY GROUPING SETS ((subject), (content_id))

-- name: lessons
-- How many video lessons have an activity in a course, or were watched there.
SELECT count(*) AS lessons FROM (
    SELECT p.content_id FROM connector.placement p WHERE p.platform_id = %(platform_id)s AND p.course = %(course)s
    UNION
    SELECT w.content_id FROM connector.viewing w
    WHERE w.platform_id = %(platform_id)s AND w.course = %(course)s AND NOT w.trial
) here JOIN connector.content c USING (content_id)
WHERE c.site = %(site)s AND c.kind = 'video' AND c.ended_at IS NULL

-- name: viewed
-- How many video lessons each has completed in a course, but for those who teach, and when they last watched one.
SELECT w.subject, max(w.person_id) AS person_id,
       count(DISTINCT w.content_id) FILTER (WHERE w.completed_at IS NOT NULL) AS completed, max(w.reported_at) AS last
FROM connector.viewing w JOIN connector.content c USING (content_id)
WHERE w.platform_id = %(platform_id)s AND w.course = %(course)s AND NOT w.trial AND w.subject <> ALL(%(teachers)s)
  AND c.site = %(site)s AND c.ended_at IS NULL
GROUP BY w.subject

-- name: waiting
-- Attempts in a course that wait to be marked; of whoever was erased there is nothing left by which to mark.
SELECT a.attempt_id, a.content_id, v.title, a.subject, a.submitted_at
FROM connector.attempt a
JOIN connector.content c ON c.content_id = a.content_id AND c.site = %(site)s AND c.ended_at IS NULL
JOIN LATERAL (SELECT v.body -> 'title' AS title FROM connector.content_version v WHERE v.content_id = a.content_id
              ORDER BY v.version DESC LIMIT 1) v ON true
WHERE a.platform_id = %(platform_id)s AND a.course = %(course)s AND NOT a.trial AND a.submitted_at IS NOT NULL
  AND a.percent IS NULL AND NOT a.archived AND a.discarded_at IS NULL
  AND NOT EXISTS (SELECT FROM connector.erasure e WHERE a.person_id = ANY(e.person_ids))
ORDER BY a.submitted_at, a.attempt_id LIMIT %(most)s

-- name: teachers
-- Who teaches in a course, by the role that their last launch there told. Moodle's rosters call a learner whoever may not
-- edit the course, its launches do not.
SELECT t.subject FROM connector.teaching t WHERE t.platform_id = %(platform_id)s AND t.course = %(course)s
