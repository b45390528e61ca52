DROP INDEX facts.fact_completion_course, facts.fact_completion_done;
CREATE INDEX fact_completion_done ON facts.fact_completion (person_id, course_id, completed_at) WHERE completed;
CREATE INDEX fact_completion_course ON facts.fact_completion (course_id, completed_at)
WHERE completed AND valid_to = 'infinity';
DROP INDEX facts.fact_assignment_later, facts.fact_assignment_standing, facts.dim_person_unit, facts.dim_person_job;
CREATE INDEX dim_person_unit ON facts.dim_person (unit) WHERE valid_to = 'infinity';
