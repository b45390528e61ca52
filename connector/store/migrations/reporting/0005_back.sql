-- The way back: what is not of the older version goes, and the views are made again as they were.
DROP FUNCTION reporting.grades_as_of, reporting.completions_as_of;
DROP VIEW reporting.activity_completions, reporting.item_grades, reporting.grade_changes, reporting.completion_history,
          reporting.completions, reporting.course_performance, reporting.data_quality, facts.activity_completion_row, facts.item_grade_row,
          facts.grade_change_row, facts.learned_row;
DROP TABLE facts.landing_activity, facts.landing_grade_item, facts.landing_activity_completion, facts.landing_item_grade,
           facts.landing_grade_history, facts.landing_earlier_completion, facts.dim_activity,
           facts.fact_activity_completion, facts.fact_item_grade, facts.fact_grade_history, facts.key_read,
           facts.history_read;
DROP SEQUENCE facts.own_change;
DROP FUNCTION facts.make_months;
DROP INDEX facts.fact_grade_begun, facts.fact_grade_ended;
DELETE FROM facts.fact_completion WHERE source <> 'moodle';
ALTER TABLE facts.fact_completion DROP COLUMN source, DROP COLUMN observed_at;
DELETE FROM facts.dim_grade_item WHERE item_type <> 'course';
DROP INDEX facts.dim_grade_item_now, facts.dim_grade_item_each_now;
ALTER TABLE facts.dim_grade_item DROP COLUMN item_type, DROP COLUMN module, DROP COLUMN instance, DROP COLUMN name,
    DROP COLUMN kind, DROP COLUMN hidden;
COMMENT ON TABLE facts.dim_grade_item IS 'The total of each course: points from minimum to maximum.';
CREATE UNIQUE INDEX dim_grade_item_now ON facts.dim_grade_item (course_id) WHERE valid_to = 'infinity';
