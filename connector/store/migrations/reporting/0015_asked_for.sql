-- Indexes are made under names of their own and take their places at the end: reports are answered by the old ones meanwhile,
-- as what is dropped keeps readers away until all of this is done.

-- People with a job, and those of a unit, in the order of their numbers: the first of them are found without the others.
CREATE INDEX dim_person_job ON facts.dim_person (job_role, person_id) WHERE valid_to = 'infinity' AND status = 'active';
CREATE INDEX new_person_unit ON facts.dim_person (unit, person_id) WHERE valid_to = 'infinity';

-- What somebody has to complete, and second and later cycles, which are few, by themselves.
CREATE INDEX fact_assignment_standing
ON facts.fact_assignment (person_id) INCLUDE (requirement, due_on, satisfied_at, grant_id, cycle)
WHERE valid_to = 'infinity' AND withdrawn_at IS NULL;
CREATE INDEX fact_assignment_later ON facts.fact_assignment (grant_id, cycle) WHERE valid_to = 'infinity' AND cycle > 1;

-- What somebody has completed says whether it holds now; how far people are in a course is found by the course, those too
-- who have not completed it.
CREATE INDEX new_completion_done ON facts.fact_completion (person_id, course_id, completed_at) INCLUDE (valid_to)
WHERE completed;
CREATE INDEX new_completion_course ON facts.fact_completion (course_id, completed_at) INCLUDE (completed)
WHERE valid_to = 'infinity';

DROP INDEX facts.dim_person_unit, facts.fact_completion_done, facts.fact_completion_course;
ALTER INDEX facts.new_person_unit RENAME TO dim_person_unit;
ALTER INDEX facts.new_completion_done RENAME TO fact_completion_done;
ALTER INDEX facts.new_completion_course RENAME TO fact_completion_course;
