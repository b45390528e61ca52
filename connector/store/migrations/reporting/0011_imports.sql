ALTER TABLE facts.fact_completion
    DROP CONSTRAINT fact_completion_source_check,
    ADD CONSTRAINT fact_completion_source_check CHECK (source IN ('moodle', 'recompletion', 'import')),
    DROP CONSTRAINT fact_completion_precision_check,
    ADD CONSTRAINT fact_completion_precision_check CHECK (precision IN ('second', 'minute', 'day', 'seen by')),
    ADD COLUMN score     double precision,
    ADD COLUMN score_max double precision;
COMMENT ON COLUMN facts.fact_completion.source IS
    'moodle: the mirror saw it hold; recompletion: an earlier attempt that local_recompletion has put away, which held from '
    'when it was completed; import: brought over from a former system.';
COMMENT ON COLUMN facts.fact_completion.score IS 'What a former system said of it, in points of score_max where that is told.';

ALTER TABLE facts.fact_certificate
    DROP CONSTRAINT fact_certificate_precision_check,
    ADD CONSTRAINT fact_certificate_precision_check CHECK (precision IN ('second', 'minute', 'day', 'seen by'));

CREATE INDEX fact_completion_import ON facts.fact_completion (moodle_id) WHERE source = 'import';

CREATE OR REPLACE VIEW facts.learned_row AS
SELECT f.person_id, f.course_id, c.idnumber, c.shortname, c.fullname, f.attempt, f.completed, f.completed_at, f.precision,
       f.progress, f.valid_from, f.valid_to, f.source, f.observed_at, f.score, f.score_max
FROM facts.fact_completion f
LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity';

CREATE OR REPLACE VIEW reporting.completion_history WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname,
       f.attempt, f.completed_at, f.precision, COALESCE(f.observed_at, f.valid_from) AS observed_at,
       NULLIF(f.valid_to, 'infinity') AS ended_at, f.source, f.score, f.score_max
FROM facts.learned_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE f.completed AND (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname,
       f.attempt, f.completed_at, f.precision, COALESCE(f.observed_at, f.valid_from) AS observed_at,
       NULLIF(f.valid_to, 'infinity') AS ended_at, f.source, f.score, f.score_max
FROM facts.learned_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE f.completed AND NOT (SELECT s.everything FROM facts.sight s)
  AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);
