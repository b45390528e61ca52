-- What happens within courses: steps of a merge, after those of facts.sql and in the same transaction. "whole" is true where
-- all activities, or all items, were read: then what did not come is no more. So it is where a scope has it.

-- name: hand_over_activity_completions
-- As facts.hand_over_grades.
UPDATE facts.fact_activity_completion f SET person_id = h.person_id FROM handed_over h
WHERE h.moodle_id = f.moodle_id AND h.person_id <> f.person_id

-- name: hand_over_item_grades
UPDATE facts.fact_item_grade f SET person_id = h.person_id FROM handed_over h
WHERE h.moodle_id = f.moodle_id AND h.person_id <> f.person_id

-- name: hand_over_grade_history
UPDATE facts.fact_grade_history f SET person_id = h.person_id FROM handed_over h
WHERE h.moodle_id = f.moodle_id AND h.person_id <> f.person_id

-- ---------------------------------------------------------------- activities
-- name: landed_activities
CREATE TEMPORARY TABLE activity_now ON COMMIT DROP AS
SELECT DISTINCT ON (l.activity_id) l.activity_id, l.course_id, l.module, l.instance, l.name, l.visible, l.tracked
FROM facts.landing_activity l WHERE l.load_id = %(load)s
ORDER BY l.activity_id

-- name: weigh_activities
ANALYZE activity_now

-- name: close_activities
-- Activities that are no more, or are called or shown otherwise now.
WITH question AS (
    SELECT activity_id FROM activity_now
    UNION
    SELECT d.activity_id FROM facts.landing_scope s
    JOIN facts.dim_activity d ON d.course_id = s.course_id AND d.valid_to = 'infinity'
    WHERE s.load_id = %(load)s AND s.fact = 'activities'
)
UPDATE facts.dim_activity f SET valid_to = %(now)s
FROM facts.dim_activity d
LEFT JOIN question q ON q.activity_id = d.activity_id
LEFT JOIN activity_now n
       ON (n.activity_id, n.course_id, n.module, n.instance, n.name, n.visible, n.tracked)
        = (d.activity_id, d.course_id, d.module, d.instance, d.name, d.visible, d.tracked)
WHERE d.valid_to = 'infinity' AND (%(whole)s OR q.activity_id IS NOT NULL) AND n.activity_id IS NULL
  AND f.activity_id = d.activity_id AND f.valid_from = d.valid_from

-- name: begin_activities
INSERT INTO facts.dim_activity (activity_id, course_id, module, instance, name, visible, tracked, valid_from)
SELECT n.activity_id, n.course_id, n.module, n.instance, n.name, n.visible, n.tracked, %(now)s FROM activity_now n
WHERE NOT EXISTS (SELECT FROM facts.dim_activity d WHERE d.activity_id = n.activity_id AND d.valid_to = 'infinity')

-- name: landed_grade_items
CREATE TEMPORARY TABLE item_now ON COMMIT DROP AS
SELECT DISTINCT ON (l.item_id) l.item_id, l.course_id, l.minimum, l.maximum, l.pass_mark, l.item_type, l.module, l.instance,
       l.name, l.kind, l.hidden
FROM facts.landing_grade_item l WHERE l.load_id = %(load)s
ORDER BY l.item_id

-- name: weigh_grade_items
ANALYZE item_now

-- name: items_in_question
-- As facts.in_question: items that came, and what is known of courses of which all were read. The total of a course may have
-- another item after a restore.
CREATE TEMPORARY TABLE item_in_question ON COMMIT DROP AS
SELECT item_id, course_id, item_type, bool_or(complete) AS complete
FROM (
    SELECT d.item_id, d.course_id, d.item_type, false AS complete
    FROM item_now n JOIN facts.dim_grade_item d ON d.item_id = n.item_id AND d.valid_to = 'infinity'
    UNION ALL
    SELECT d.item_id, d.course_id, d.item_type, false
    FROM item_now n JOIN facts.dim_grade_item d ON d.course_id = n.course_id AND d.valid_to = 'infinity'
    WHERE n.item_type = 'course' AND d.item_type = 'course'
    UNION ALL
    SELECT d.item_id, d.course_id, d.item_type, true
    FROM facts.landing_scope s JOIN facts.dim_grade_item d ON d.course_id = s.course_id AND d.valid_to = 'infinity'
    WHERE s.load_id = %(load)s AND s.fact = 'grade_items'
) each
WHERE NOT %(whole)s
GROUP BY item_id, course_id, item_type

-- name: weigh_items_in_question
ANALYZE item_in_question

-- name: first_totals
-- Moodle may have several totals of one course after a restore that failed: the first that was made is it. One that is
-- known and did not come is no more only where all items of the course were read.
DELETE FROM item_now n
USING (
    SELECT item_id, course_id FROM item_now WHERE item_type = 'course'
    UNION ALL
    SELECT item_id, course_id FROM item_in_question WHERE item_type = 'course' AND NOT complete
) first
WHERE n.item_type = 'course' AND first.course_id = n.course_id AND first.item_id < n.item_id

-- name: close_grade_items
-- Items that are no more, or count otherwise now.
UPDATE facts.dim_grade_item f SET valid_to = %(now)s
FROM facts.dim_grade_item d
LEFT JOIN item_in_question q ON q.item_id = d.item_id
LEFT JOIN item_now n ON n.item_id = d.item_id
LEFT JOIN (SELECT DISTINCT course_id FROM item_now WHERE item_type = 'course') t
       ON t.course_id = d.course_id AND d.item_type = 'course'
WHERE d.valid_to = 'infinity' AND (%(whole)s OR q.item_id IS NOT NULL)
  AND (n.item_id IS NULL AND (%(whole)s OR q.complete OR t.course_id IS NOT NULL)
       OR n.item_id IS NOT NULL
          AND (n.course_id, n.minimum, n.maximum, n.pass_mark, n.item_type, n.module, n.instance, n.name, n.kind, n.hidden)
              IS DISTINCT FROM
              (d.course_id, d.minimum, d.maximum, d.pass_mark, d.item_type, d.module, d.instance, d.name, d.kind, d.hidden))
  AND f.item_id = d.item_id AND f.valid_from = d.valid_from

-- name: begin_grade_items
INSERT INTO facts.dim_grade_item (item_id, course_id, minimum, maximum, pass_mark, item_type, module, instance, name, kind,
                                  hidden, valid_from)
SELECT n.item_id, n.course_id, n.minimum, n.maximum, n.pass_mark, n.item_type, n.module, n.instance, n.name, n.kind,
       n.hidden, %(now)s
FROM item_now n
WHERE NOT EXISTS (SELECT FROM facts.dim_grade_item d WHERE d.item_id = n.item_id AND d.valid_to = 'infinity')

-- name: landed_activity_completions
CREATE TEMPORARY TABLE activity_completion_now ON COMMIT DROP AS
SELECT DISTINCT ON (l.moodle_id, l.activity_id) d.person_id, l.moodle_id, l.course_id, l.activity_id, l.state, l.overridden,
       l.changed_at
FROM facts.landing_activity_completion l
JOIN facts.dim_person d ON d.moodle_id = l.moodle_id AND d.valid_to = 'infinity'
JOIN facts.dim_course c ON c.course_id = l.course_id AND c.valid_to = 'infinity'
WHERE l.load_id = %(load)s
ORDER BY l.moodle_id, l.activity_id, l.changed_at DESC

-- name: index_activity_completions
ALTER TABLE activity_completion_now ADD PRIMARY KEY (moodle_id, activity_id)

-- name: weigh_activity_completions
ANALYZE activity_completion_now

-- name: close_activity_completions
-- States that changed or are no more, and why. They outlive an enrolment, as in Moodle.
UPDATE facts.fact_activity_completion f
SET valid_to = %(now)s, ended_by = CASE
        WHEN n.moodle_id IS NOT NULL THEN 'change'
        WHEN c.activity_id IS NULL OR a.account_id IS NOT NULL THEN 'deletion'
        WHEN p.person_id IS NULL THEN 'unbinding'
        ELSE 'reset'
    END
FROM facts.fact_activity_completion g
LEFT JOIN activity_completion_now n ON n.moodle_id = g.moodle_id AND n.activity_id = g.activity_id
LEFT JOIN facts.dim_activity c ON c.activity_id = g.activity_id AND c.valid_to = 'infinity'
LEFT JOIN lost_account a ON a.account_id = g.moodle_id
LEFT JOIN facts.dim_person p ON p.moodle_id = g.moodle_id AND p.valid_to = 'infinity'
LEFT JOIN in_question q
       ON q.fact = 'activity_completions' AND q.moodle_id = g.moodle_id AND q.course_id = g.course_id
WHERE g.valid_to = 'infinity' AND g.moodle_id > 0 AND (%(whole)s OR q.moodle_id IS NOT NULL)
  AND f.moodle_id = g.moodle_id AND f.activity_id = g.activity_id AND f.valid_from = g.valid_from
  AND ((%(whole)s OR q.complete) AND n.moodle_id IS NULL
       OR n.moodle_id IS NOT NULL AND (n.state, n.overridden, n.changed_at) <> (g.state, g.overridden, g.changed_at))

-- name: begin_activity_completions
INSERT INTO facts.fact_activity_completion (person_id, moodle_id, course_id, activity_id, state, overridden, changed_at,
                                            valid_from)
SELECT n.person_id, n.moodle_id, n.course_id, n.activity_id, n.state, n.overridden, n.changed_at, %(now)s
FROM activity_completion_now n
WHERE NOT EXISTS (
    SELECT FROM facts.fact_activity_completion f
    WHERE f.moodle_id = n.moodle_id AND f.activity_id = n.activity_id AND f.valid_to = 'infinity')

-- ---------------------------------------------------------------- grades below the totals
-- name: landed_item_grades
CREATE TEMPORARY TABLE item_grade_now ON COMMIT DROP AS
SELECT DISTINCT ON (l.moodle_id, l.item_id) d.person_id, l.moodle_id, l.course_id, l.item_id, l.value, l.overridden,
       l.excluded, l.hidden, l.locked, l.graded_at
FROM facts.landing_item_grade l
JOIN facts.dim_person d ON d.moodle_id = l.moodle_id AND d.valid_to = 'infinity'
JOIN facts.dim_course c ON c.course_id = l.course_id AND c.valid_to = 'infinity'
WHERE l.load_id = %(load)s
ORDER BY l.moodle_id, l.item_id, l.graded_at DESC NULLS LAST

-- name: index_item_grades
ALTER TABLE item_grade_now ADD PRIMARY KEY (moodle_id, item_id)

-- name: weigh_item_grades
ANALYZE item_grade_now

-- name: close_item_grades
-- Grades that changed or are no more, and why: as facts.close_grades.
UPDATE facts.fact_item_grade f
SET valid_to = %(now)s, ended_by = CASE
        WHEN c.course_id IS NULL OR a.account_id IS NOT NULL THEN 'deletion'
        WHEN p.person_id IS NULL THEN 'unbinding'
        WHEN (%(whole)s OR q.complete) AND e.moodle_id IS NULL THEN 'unenrolment'
        WHEN (%(whole)s OR q.complete) AND i.item_id IS NULL THEN 'deletion'
        WHEN n.value IS NULL AND b.moodle_id IS NOT NULL THEN 'unenrolment'
        WHEN n.value IS NULL THEN 'reset'
        ELSE 'regrade'
    END
FROM facts.fact_item_grade g
LEFT JOIN facts.dim_course c ON c.course_id = g.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_grade_item i ON i.item_id = g.item_id AND i.valid_to = 'infinity'
LEFT JOIN lost_account a ON a.account_id = g.moodle_id
LEFT JOIN facts.dim_person p ON p.moodle_id = g.moodle_id AND p.valid_to = 'infinity'
LEFT JOIN facts.fact_enrolment e
       ON e.moodle_id = g.moodle_id AND e.course_id = g.course_id AND e.valid_to = 'infinity'
LEFT JOIN facts.fact_enrolment b
       ON b.moodle_id = g.moodle_id AND b.course_id = g.course_id AND b.valid_to = %(now)s
      AND (b.active = e.active OR date_trunc('minute', b.enrolled_at) <> date_trunc('minute', e.enrolled_at))
LEFT JOIN in_question q ON q.fact = 'item_grades' AND q.moodle_id = g.moodle_id AND q.course_id = g.course_id
LEFT JOIN item_grade_now n ON n.moodle_id = g.moodle_id AND n.item_id = g.item_id
WHERE g.valid_to = 'infinity' AND g.moodle_id > 0 AND (%(whole)s OR q.moodle_id IS NOT NULL)
  AND f.moodle_id = g.moodle_id AND f.item_id = g.item_id AND f.valid_from = g.valid_from
  AND ((%(whole)s OR q.complete) AND (e.moodle_id IS NULL OR n.moodle_id IS NULL)
       OR n.moodle_id IS NOT NULL AND (
           n.value IS NULL
           OR (n.value, n.overridden, n.excluded, n.hidden, n.locked, n.graded_at)
              IS DISTINCT FROM (g.value, g.overridden, g.excluded, g.hidden, g.locked, g.graded_at)))

-- name: begin_item_grades
INSERT INTO facts.fact_item_grade (person_id, moodle_id, course_id, item_id, value, overridden, excluded, hidden, locked,
                                   graded_at, valid_from)
SELECT n.person_id, n.moodle_id, n.course_id, n.item_id, n.value, n.overridden, n.excluded, n.hidden, n.locked, n.graded_at,
       %(now)s
FROM item_grade_now n
LEFT JOIN facts.fact_enrolment e
       ON e.moodle_id = n.moodle_id AND e.course_id = n.course_id AND e.valid_to = 'infinity'
LEFT JOIN in_question q ON q.fact = 'item_grades' AND q.moodle_id = n.moodle_id AND q.course_id = n.course_id
WHERE n.value IS NOT NULL AND (e.moodle_id IS NOT NULL OR NOT (%(whole)s OR COALESCE(q.complete, false)))
  AND NOT EXISTS (
    SELECT FROM facts.fact_item_grade f
    WHERE f.moodle_id = n.moodle_id AND f.item_id = n.item_id AND f.valid_to = 'infinity')

-- ---------------------------------------------------------------- attempts that were put away
-- name: begin_earlier_completions
-- An attempt that the mirror has not seen: it held from when it was completed until what is known next of the course. What
-- was seen without its time is the same one, where no other was completed between.
WITH earlier AS (
    SELECT DISTINCT d.person_id, l.moodle_id, l.course_id, l.completed_at
    FROM facts.landing_earlier_completion l
    JOIN facts.dim_person d ON d.moodle_id = l.moodle_id AND d.valid_to = 'infinity'
    JOIN facts.dim_course c ON c.course_id = l.course_id AND c.valid_to = 'infinity'
    WHERE l.load_id = %(load)s AND l.completed_at < %(now)s AND NOT EXISTS (
        SELECT FROM facts.fact_completion f
        WHERE f.moodle_id = l.moodle_id AND f.course_id = l.course_id AND f.completed
          AND (date_trunc('minute', f.completed_at) = date_trunc('minute', l.completed_at)
               OR f.precision = 'seen by' AND f.completed_at >= l.completed_at AND NOT EXISTS (
                   SELECT FROM facts.fact_completion b
                   WHERE b.moodle_id = f.moodle_id AND b.course_id = f.course_id AND b.completed
                     AND b.valid_from > l.completed_at AND b.valid_from < f.valid_from)))
)
INSERT INTO facts.fact_completion (person_id, moodle_id, course_id, attempt, completed, completed_at, precision, valid_from,
                                   valid_to, source, observed_at)
SELECT e.person_id, e.moodle_id, e.course_id, 0, true, e.completed_at, 'second', e.completed_at,
       LEAST(lead(e.completed_at) OVER (PARTITION BY e.moodle_id, e.course_id ORDER BY e.completed_at),
             (SELECT min(f.valid_from) FROM facts.fact_completion f
              WHERE f.moodle_id = e.moodle_id AND f.course_id = e.course_id AND f.valid_from > e.completed_at),
             %(now)s),
       'recompletion', %(now)s
FROM earlier e
ON CONFLICT DO NOTHING

-- name: number_attempts
-- After a completed attempt comes the next one: of courses with attempts that were put away.
UPDATE facts.fact_completion f SET attempt = n.attempt
FROM (
    SELECT g.moodle_id, g.course_id, g.valid_from,
           1 + count(*) FILTER (WHERE g.completed) OVER (
               PARTITION BY g.moodle_id, g.course_id ORDER BY g.valid_from
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS attempt
    FROM facts.fact_completion g
    WHERE (g.moodle_id, g.course_id) IN (
        SELECT h.moodle_id, h.course_id FROM facts.fact_completion h
        WHERE h.source = 'recompletion' AND h.observed_at = %(now)s)
) n
WHERE f.moodle_id = n.moodle_id AND f.course_id = n.course_id AND f.valid_from = n.valid_from AND f.attempt <> n.attempt
