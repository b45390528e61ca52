-- What is known within a scope is looked up by indexes: rows that have landed stand apart, they have none.
CREATE OR REPLACE VIEW facts.known AS
SELECT 'enrolments' AS fact, moodle_id, course_id FROM facts.fact_enrolment WHERE valid_to = 'infinity'
UNION ALL SELECT 'completions', moodle_id, course_id FROM facts.fact_enrolment WHERE valid_to = 'infinity'
UNION ALL SELECT 'grades', moodle_id, course_id FROM facts.fact_grade WHERE valid_to = 'infinity'
UNION ALL SELECT 'activity_completions', moodle_id, course_id FROM facts.fact_activity_completion
          WHERE valid_to = 'infinity'
UNION ALL SELECT 'item_grades', moodle_id, course_id FROM facts.fact_item_grade WHERE valid_to = 'infinity';

CREATE INDEX landing_assignment_person ON facts.landing_assignment (person_id);
