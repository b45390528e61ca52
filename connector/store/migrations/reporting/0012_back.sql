DROP VIEW reporting.expiring_by_code;
DROP TABLE facts.summary_expiring;
DROP INDEX facts.dim_grade_item_graded;
