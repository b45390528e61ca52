-- What happens within courses is read completely by scopes too, and Moodle's rows that are held follow.
CREATE OR REPLACE VIEW facts.landed AS
SELECT load_id, 'enrolments' AS fact, moodle_id, course_id FROM facts.landing_enrolment
UNION ALL SELECT load_id, 'completions', moodle_id, course_id FROM facts.landing_completion
UNION ALL SELECT load_id, 'grades', moodle_id, course_id FROM facts.landing_grade
UNION ALL SELECT load_id, 'activity_completions', moodle_id, course_id FROM facts.landing_activity_completion
UNION ALL SELECT load_id, 'item_grades', moodle_id, course_id FROM facts.landing_item_grade;

CREATE OR REPLACE VIEW facts.known AS
SELECT 'enrolments' AS fact, moodle_id, course_id FROM facts.fact_enrolment WHERE valid_to = 'infinity'
UNION ALL SELECT 'enrolments', moodle_id, course_id FROM facts.landing_enrolment
UNION ALL SELECT 'completions', moodle_id, course_id FROM facts.fact_enrolment WHERE valid_to = 'infinity'
UNION ALL SELECT 'completions', moodle_id, course_id FROM facts.landing_enrolment
UNION ALL SELECT 'grades', moodle_id, course_id FROM facts.fact_grade WHERE valid_to = 'infinity'
UNION ALL SELECT 'grades', moodle_id, course_id FROM facts.landing_grade
UNION ALL SELECT 'activity_completions', moodle_id, course_id FROM facts.fact_activity_completion
          WHERE valid_to = 'infinity'
UNION ALL SELECT 'activity_completions', moodle_id, course_id FROM facts.landing_activity_completion
UNION ALL SELECT 'item_grades', moodle_id, course_id FROM facts.fact_item_grade WHERE valid_to = 'infinity'
UNION ALL SELECT 'item_grades', moodle_id, course_id FROM facts.landing_item_grade;

CREATE INDEX fact_activity_completion_course ON facts.fact_activity_completion (course_id) WHERE valid_to = 'infinity';
CREATE INDEX fact_item_grade_course ON facts.fact_item_grade (course_id) WHERE valid_to = 'infinity';
CREATE INDEX dim_grade_item_course ON facts.dim_grade_item (course_id) WHERE valid_to = 'infinity';
CREATE INDEX held_course ON landing.held (course_id, dataset);
