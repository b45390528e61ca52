-- People with a job, and those of a unit, in the order of their numbers: the first of them are found without the others.
CREATE INDEX dim_person_job ON facts.dim_person (job_role, person_id) WHERE valid_to = 'infinity' AND status = 'active';
DROP INDEX facts.dim_person_unit;
CREATE INDEX dim_person_unit ON facts.dim_person (unit, person_id) WHERE valid_to = 'infinity';

-- What somebody has to complete, and second and later cycles, which are few, by themselves.
CREATE INDEX fact_assignment_standing
ON facts.fact_assignment (person_id) INCLUDE (requirement, due_on, satisfied_at, grant_id, cycle)
WHERE valid_to = 'infinity' AND withdrawn_at IS NULL;
CREATE INDEX fact_assignment_later ON facts.fact_assignment (grant_id, cycle) WHERE valid_to = 'infinity' AND cycle > 1;

-- What somebody has completed says whether it holds now; how far people are in a course is found by the course, those too
-- who have not completed it.
DROP INDEX facts.fact_completion_done, facts.fact_completion_course;
CREATE INDEX fact_completion_done ON facts.fact_completion (person_id, course_id, completed_at) INCLUDE (valid_to)
WHERE completed;
CREATE INDEX fact_completion_course ON facts.fact_completion (course_id, completed_at) INCLUDE (completed)
WHERE valid_to = 'infinity';
