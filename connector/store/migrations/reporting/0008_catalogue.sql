-- Texts are by language (BCP 47), und: in no language of its own. All of it is as last told, without history.
ALTER TABLE facts.dim_course
    ADD COLUMN title jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN description jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN category_ids bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN category_names jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN minutes integer,
    ADD COLUMN difficulty jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN objectives jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN starts_at timestamptz;
COMMENT ON COLUMN facts.dim_course.category_ids IS 'Moodle''s ids of its category and those above it, the topmost first.';
COMMENT ON COLUMN facts.dim_course.category_names IS 'Their names by language, in the same order.';
-- Until they are read again their names are all that is known.
UPDATE facts.dim_course SET title = jsonb_build_object('und', fullname);

CREATE VIEW reporting.courses WITH (security_barrier) AS
SELECT c.course_id, c.idnumber, c.shortname, c.fullname, c.title, c.description,
       c.category_ids[cardinality(c.category_ids)] AS category_id, c.category_ids, c.category_names, c.minutes,
       c.difficulty, c.objectives, c.starts_at, c.visible, c.completion_enabled, COALESCE(x.enrolled, 0) AS enrolled,
       COALESCE(x.completed, 0) AS completed,
       round(100.0 * x.completed / NULLIF(x.enrolled, 0), 1)::double precision AS completion_rate, x.as_of
FROM facts.sight s
JOIN facts.dim_course c ON s.unit IS NOT NULL AND c.valid_to = 'infinity'
LEFT JOIN facts.summary_course x ON x.unit = s.unit AND x.course_id = c.course_id;

-- Certificates in the order in which the API tells them.
CREATE INDEX fact_certificate_issued ON facts.fact_certificate (issued_at DESC, source, code) WHERE valid_to = 'infinity';
