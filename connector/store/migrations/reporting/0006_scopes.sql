-- What a load has read completely of a fact: NULL for every person, or every course.
CREATE UNLOGGED TABLE facts.landing_scope (
    load_id bigint, fact text, moodle_id bigint, course_id bigint, source text
);

CREATE VIEW facts.landed AS
SELECT load_id, 'enrolments' AS fact, moodle_id, course_id FROM facts.landing_enrolment
UNION ALL SELECT load_id, 'completions', moodle_id, course_id FROM facts.landing_completion
UNION ALL SELECT load_id, 'grades', moodle_id, course_id FROM facts.landing_grade;
COMMENT ON VIEW facts.landed IS 'Of whom something has landed, in which course, by fact.';

CREATE VIEW facts.known AS
SELECT 'enrolments' AS fact, moodle_id, course_id FROM facts.fact_enrolment WHERE valid_to = 'infinity'
UNION ALL SELECT 'enrolments', moodle_id, course_id FROM facts.landing_enrolment
UNION ALL SELECT 'completions', moodle_id, course_id FROM facts.fact_enrolment WHERE valid_to = 'infinity'
UNION ALL SELECT 'completions', moodle_id, course_id FROM facts.landing_enrolment
UNION ALL SELECT 'grades', moodle_id, course_id FROM facts.fact_grade WHERE valid_to = 'infinity'
UNION ALL SELECT 'grades', moodle_id, course_id FROM facts.landing_grade;
COMMENT ON VIEW facts.known IS
    'Of whom each fact may tell something, in which course: what was read completely and did not come is no more there.';

CREATE INDEX fact_certificate_account ON facts.fact_certificate (moodle_id) WHERE valid_to = 'infinity';
