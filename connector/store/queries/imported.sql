-- Training records of former systems as facts: steps of a merge, after what Moodle tells of completions. They are compared
-- as a whole, where people were taken anew (a new or undone import is a reason for that) or all of Moodle was read.

-- name: courses
-- By idnumber, where no mapping names them.
SELECT idnumber, course_id FROM facts.dim_course WHERE valid_to = 'infinity' AND idnumber <> ''

-- name: read
CREATE TEMPORARY TABLE import_read (
    moodle_id bigint, course_id bigint, completed_at timestamptz, precision text, score double precision,
    score_max double precision
) ON COMMIT DROP

-- name: wanted
-- Of each day one completion, the most exact, and none that Moodle or its plugins tell of the same day too.
CREATE TEMPORARY TABLE import_now ON COMMIT DROP AS
SELECT DISTINCT ON (r.moodle_id, r.course_id, (r.completed_at AT TIME ZONE d.timezone)::date) d.person_id, r.moodle_id,
       r.course_id, r.completed_at, r.precision, r.score, r.score_max
FROM import_read r
JOIN facts.dim_person d ON d.moodle_id = r.moodle_id AND d.valid_to = 'infinity'
JOIN facts.dim_course c ON c.course_id = r.course_id AND c.valid_to = 'infinity'
WHERE r.completed_at < %(now)s AND NOT EXISTS (
    SELECT FROM facts.fact_completion f
    WHERE f.moodle_id = r.moodle_id AND f.course_id = r.course_id AND f.completed AND f.source <> 'import'
      AND (f.completed_at AT TIME ZONE d.timezone)::date = (r.completed_at AT TIME ZONE d.timezone)::date)
ORDER BY r.moodle_id, r.course_id, (r.completed_at AT TIME ZONE d.timezone)::date,
         array_position(ARRAY['second', 'minute', 'day'], r.precision), r.score DESC NULLS LAST, r.score_max,
         r.completed_at

-- name: touched
-- Whose completions of which course are others than before. Of accounts that are nobody's any more they stay.
CREATE TEMPORARY TABLE import_touched ON COMMIT DROP AS
WITH held AS (
    SELECT f.person_id, f.moodle_id, f.course_id, f.completed_at, f.precision, f.score, f.score_max
    FROM facts.fact_completion f
    WHERE f.source = 'import'
      AND EXISTS (SELECT FROM facts.dim_person d WHERE d.moodle_id = f.moodle_id AND d.valid_to = 'infinity')
)
SELECT DISTINCT moodle_id, course_id
FROM ((TABLE held EXCEPT TABLE import_now) UNION ALL (TABLE import_now EXCEPT TABLE held)) each

-- name: drop
-- What was undone is no more: it never was seen in Moodle. What followed from it, in assignments, keeps its history.
DELETE FROM facts.fact_completion f USING import_touched t
WHERE f.source = 'import' AND f.moodle_id = t.moodle_id AND f.course_id = t.course_id

-- name: begin
-- An earlier attempt, as those that a plugin of Moodle has put away: it held until what is known next of the course.
INSERT INTO facts.fact_completion (person_id, moodle_id, course_id, attempt, completed, completed_at, precision, valid_from,
                                   valid_to, source, observed_at, score, score_max)
SELECT n.person_id, n.moodle_id, n.course_id, 1, true, n.completed_at, n.precision, n.completed_at,
       LEAST(lead(n.completed_at) OVER (PARTITION BY n.moodle_id, n.course_id ORDER BY n.completed_at),
             (SELECT min(f.valid_from) FROM facts.fact_completion f
              WHERE f.moodle_id = n.moodle_id AND f.course_id = n.course_id AND f.valid_from > n.completed_at),
             %(now)s),
       'import', %(now)s, n.score, n.score_max
FROM import_now n JOIN import_touched t ON t.moodle_id = n.moodle_id AND t.course_id = n.course_id
ON CONFLICT DO NOTHING

-- name: number
-- After a completed attempt comes the next one.
UPDATE facts.fact_completion f SET attempt = n.attempt
FROM (
    SELECT g.moodle_id, g.course_id, g.valid_from,
           1 + count(*) FILTER (WHERE g.completed) OVER (
               PARTITION BY g.moodle_id, g.course_id ORDER BY g.valid_from
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS attempt
    FROM facts.fact_completion g JOIN import_touched t ON t.moodle_id = g.moodle_id AND t.course_id = g.course_id
) n
WHERE f.moodle_id = n.moodle_id AND f.course_id = n.course_id AND f.valid_from = n.valid_from AND f.attempt <> n.attempt
