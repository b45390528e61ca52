-- Where a total adds up what was graded, each person's has points of its own to reach.
ALTER TABLE facts.fact_grade ADD COLUMN minimum double precision, ADD COLUMN maximum double precision;
COMMENT ON COLUMN facts.fact_grade.minimum IS 'Least points of the person''s own total; NULL: not told, then those of its item hold.';
COMMENT ON COLUMN facts.fact_grade.maximum IS 'Most points of the person''s own total; NULL: not told, then those of its item hold.';
ALTER TABLE facts.landing_grade ADD COLUMN minimum double precision, ADD COLUMN maximum double precision;

-- What scores in percent add up to, until courses are summed up anew.
ALTER TABLE facts.summary_course ADD COLUMN scored bigint NOT NULL DEFAULT 0, ADD COLUMN average_score double precision;
COMMENT ON COLUMN facts.summary_course.scored IS 'Of those with a grade, those whose grade is told in percent.';
COMMENT ON COLUMN facts.summary_course.average_score IS 'Average of their percents.';
UPDATE facts.summary_course c
SET scored = c.graded, average_score = 100 * (c.average_grade - i.minimum) / (i.maximum - i.minimum)
FROM facts.dim_grade_item i
WHERE i.course_id = c.course_id AND i.item_type = 'course' AND i.valid_to = 'infinity' AND i.maximum > i.minimum;

CREATE FUNCTION facts.percent(points double precision, minimum double precision, maximum double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN maximum > minimum THEN 100 * (points - minimum) / (maximum - minimum) END;
COMMENT ON FUNCTION facts.percent IS 'Percent of the way from the least to the most points; NULL where there is no way.';

CREATE OR REPLACE VIEW facts.enrolment_row AS
SELECT e.person_id, e.course_id, c.idnumber, c.shortname, c.fullname, e.active, e.enrolled_at, e.precision,
       e.valid_from AS seen_at, COALESCE(f.completed, false) AS completed, f.completed_at, f.progress, g.value AS grade,
       CASE WHEN g.value IS NOT NULL THEN COALESCE(g.maximum, i.maximum) END AS maximum_grade,
       facts.percent(g.value, COALESCE(g.minimum, i.minimum), COALESCE(g.maximum, i.maximum)) AS grade_percent
FROM facts.fact_enrolment e
LEFT JOIN facts.dim_course c ON c.course_id = e.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.fact_completion f
       ON f.moodle_id = e.moodle_id AND f.course_id = e.course_id AND f.valid_to = 'infinity'
LEFT JOIN facts.fact_grade g ON g.moodle_id = e.moodle_id AND g.course_id = e.course_id AND g.valid_to = 'infinity'
LEFT JOIN facts.dim_grade_item i
       ON i.course_id = e.course_id AND i.item_type = 'course' AND i.valid_to = 'infinity'
WHERE e.valid_to = 'infinity';

CREATE OR REPLACE VIEW reporting.enrolments WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, e.course_id, e.idnumber, e.shortname, e.fullname, e.active,
       e.enrolled_at, e.precision, e.seen_at, e.completed, e.completed_at, e.progress, e.grade, e.maximum_grade,
       e.grade_percent
FROM facts.enrolment_row e
JOIN facts.person_named p ON p.person_id = e.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, e.course_id, e.idnumber, e.shortname, e.fullname, e.active,
       e.enrolled_at, e.precision, e.seen_at, e.completed, e.completed_at, e.progress, e.grade, e.maximum_grade,
       e.grade_percent
FROM facts.enrolment_row e
JOIN facts.person_named p ON p.person_id = e.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);
