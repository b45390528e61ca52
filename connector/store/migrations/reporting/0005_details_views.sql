-- Views of what happens within courses. Each has two arms, as all views have: see 0001_views.sql.
CREATE VIEW facts.activity_completion_row AS
SELECT f.person_id, f.course_id, c.idnumber, c.shortname, c.fullname, f.activity_id, a.module, a.name AS activity_name,
       f.state, CASE WHEN f.state <> 'incomplete' THEN f.changed_at END AS completed_at, f.overridden,
       f.valid_from AS observed_at
FROM facts.fact_activity_completion f
LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_activity a ON a.activity_id = f.activity_id AND a.valid_to = 'infinity'
WHERE f.valid_to = 'infinity';
COMMENT ON VIEW facts.activity_completion_row IS 'How people stand in activities now, of every unit.';

CREATE OR REPLACE VIEW reporting.activity_completions WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname,
       f.activity_id, f.module, f.activity_name, f.state, f.completed_at, f.overridden, f.observed_at
FROM facts.activity_completion_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname,
       f.activity_id, f.module, f.activity_name, f.state, f.completed_at, f.overridden, f.observed_at
FROM facts.activity_completion_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s)
  AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW facts.item_grade_row AS
SELECT g.person_id, g.course_id, c.idnumber, c.shortname, c.fullname, g.item_id, i.item_type, i.module,
       i.name AS item_name, g.value AS grade, i.maximum AS maximum_grade, i.pass_mark, g.value >= i.pass_mark AS passed,
       g.overridden, g.excluded, g.hidden OR i.hidden AS hidden, g.locked, g.graded_at, g.valid_from AS observed_at
FROM facts.fact_item_grade g
LEFT JOIN facts.dim_course c ON c.course_id = g.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_grade_item i ON i.item_id = g.item_id AND i.valid_to = 'infinity'
WHERE g.valid_to = 'infinity';
COMMENT ON VIEW facts.item_grade_row IS 'Grades below the totals of courses as they stand, of every unit.';

CREATE OR REPLACE VIEW reporting.item_grades WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, g.course_id, g.idnumber, g.shortname, g.fullname,
       g.item_id, g.item_type, g.module, g.item_name, g.grade, g.maximum_grade, g.pass_mark, g.passed, g.overridden,
       g.excluded, g.hidden, g.locked, g.graded_at, g.observed_at
FROM facts.item_grade_row g
JOIN facts.person_named p ON p.person_id = g.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, g.course_id, g.idnumber, g.shortname, g.fullname,
       g.item_id, g.item_type, g.module, g.item_name, g.grade, g.maximum_grade, g.pass_mark, g.passed, g.overridden,
       g.excluded, g.hidden, g.locked, g.graded_at, g.observed_at
FROM facts.item_grade_row g
JOIN facts.person_named p ON p.person_id = g.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s)
  AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

-- A time that Moodle does not tell is not made up; the total of a course has its item where that is known.
CREATE OR REPLACE VIEW facts.grade_change_row AS
SELECT g.person_id, g.course_id, g.old_grade, g.new_grade, g.cause,
       CASE WHEN g.effective_at > 'epoch' AND (g.origin = 'moodle' OR g.effective_at <> g.observed_at)
            THEN g.effective_at END AS effective_at,
       g.observed_at, c.idnumber, c.shortname, c.fullname,
       CASE WHEN g.item_id > 0 THEN g.item_id ELSE i.item_id END AS item_id,
       CASE WHEN g.item_id > 0 THEN i.item_type ELSE 'course' END AS item_type, i.name AS item_name, i.module,
       g.overridden, g.excluded, g.origin, g.source, g.undone_at, g.history_id, g.effective_at AS happened_at
FROM facts.fact_grade_history g
LEFT JOIN facts.dim_course c ON c.course_id = g.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_grade_item i
       ON i.valid_to = 'infinity' AND i.course_id = g.course_id
      AND (i.item_id = g.item_id OR g.item_id < 0 AND i.item_type = 'course')
WHERE g.cause <> 'unchanged';
COMMENT ON VIEW facts.grade_change_row IS 'Changes of grades, of every unit.';

CREATE OR REPLACE VIEW reporting.grade_changes WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, g.course_id, g.idnumber, g.shortname, g.fullname,
       g.old_grade, g.new_grade, g.cause, g.effective_at, g.observed_at, g.item_id, g.item_type, g.item_name, g.module,
       g.overridden, g.excluded, g.origin, g.source, g.undone_at, g.history_id AS change_id,
       g.happened_at
FROM facts.grade_change_row g
JOIN facts.person_named p ON p.person_id = g.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, g.course_id, g.idnumber, g.shortname, g.fullname,
       g.old_grade, g.new_grade, g.cause, g.effective_at, g.observed_at, g.item_id, g.item_type, g.item_name, g.module,
       g.overridden, g.excluded, g.origin, g.source, g.undone_at, g.history_id AS change_id,
       g.happened_at
FROM facts.grade_change_row g
JOIN facts.person_named p ON p.person_id = g.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s)
  AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE OR REPLACE VIEW facts.learned_row AS
SELECT f.person_id, f.course_id, c.idnumber, c.shortname, c.fullname, f.attempt, f.completed, f.completed_at, f.precision,
       f.progress, f.valid_from, f.valid_to, f.source, f.observed_at
FROM facts.fact_completion f
LEFT JOIN facts.dim_course c ON c.course_id = f.course_id AND c.valid_to = 'infinity';

CREATE OR REPLACE VIEW reporting.completion_history WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname,
       f.attempt, f.completed_at, f.precision, COALESCE(f.observed_at, f.valid_from) AS observed_at,
       NULLIF(f.valid_to, 'infinity') AS ended_at, f.source
FROM facts.learned_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE f.completed AND (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, f.course_id, f.idnumber, f.shortname, f.fullname,
       f.attempt, f.completed_at, f.precision, COALESCE(f.observed_at, f.valid_from) AS observed_at,
       NULLIF(f.valid_to, 'infinity') AS ended_at, f.source
FROM facts.learned_row f
JOIN facts.person_named p ON p.person_id = f.person_id
WHERE f.completed AND NOT (SELECT s.everything FROM facts.sight s)
  AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE OR REPLACE VIEW reporting.course_performance WITH (security_barrier) AS
SELECT c.course_id, c.idnumber, c.shortname, c.fullname, x.enrolled, x.completed,
       round(100.0 * x.completed / NULLIF(x.enrolled, 0), 1)::double precision AS completion_rate,
       x.graded, round(x.average_grade::numeric, 2)::double precision AS average_grade,
       round(x.median_grade::numeric, 2)::double precision AS median_grade,
       i.maximum AS maximum_grade, i.pass_mark, x.passed AS passed_people,
       CASE WHEN i.pass_mark IS NOT NULL THEN round(100.0 * x.passed / NULLIF(x.marked, 0), 1)::double precision END
           AS pass_rate,
       x.timed, round((x.average_seconds / 86400)::numeric, 2)::double precision AS average_days, x.as_of
FROM facts.sight s
JOIN facts.summary_course x ON x.unit = s.unit
JOIN facts.dim_course c ON c.course_id = x.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_grade_item i
       ON i.course_id = c.course_id AND i.item_type = 'course' AND i.valid_to = 'infinity';

CREATE OR REPLACE VIEW reporting.data_quality WITH (security_barrier) AS
SELECT q.name AS finding, q.severity, q.found, q.examples,
       CASE q.name
           WHEN 'people_without_account' THEN 'Run a plan, and look at holds and cases.'
           WHEN 'course_missing' THEN 'Make the course in Moodle or correct the learning path: nobody can complete it.'
           WHEN 'completion_off' THEN 'Turn on completion tracking in the course: nobody can complete it.'
           WHEN 'units_named_differently' THEN 'Have HR mend the units'' names or parents; what most people say holds.'
           WHEN 'manager_unknown' THEN 'Have HR name a manager, unless these stand at the top.'
           WHEN 'manager_left' THEN 'Have HR name another manager.'
           WHEN 'manager_circle' THEN 'Have HR mend the managers: these are above themselves.'
           WHEN 'unit_unknown' THEN 'Have HR name a unit: no report of a unit has these people.'
           WHEN 'enrolment_missing' THEN 'Run a plan, and look at holds and cases: they must complete a course they are not in.'
           WHEN 'requirement_unknown' THEN 'The mapping no longer names it, and people still have it: run a plan.'
           WHEN 'grade_history_missing'
               THEN 'Let Moodle keep a grade history (Grades, General settings): what it was between two readings is lost.'
           WHEN 'healed' THEN 'Nothing: the last full reading found these differences and put them right.'
       END AS advice,
       q.as_of
FROM facts.sight s
JOIN facts.summary_quality q ON s.everything;

-- ---------------------------------------------------------------- as of a date
CREATE FUNCTION reporting.grades_as_of(at timestamptz, known_at timestamptz DEFAULT now())
RETURNS TABLE (
    hr_key text, lastname text, firstname text, unit text, course_id bigint, idnumber text, shortname text,
    item_id bigint, item_type text, item_name text, grade double precision, effective_at timestamptz,
    observed_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT g.hr_key, g.lastname, g.firstname, g.unit, g.course_id, g.idnumber, g.shortname, g.item_id, g.item_type,
           g.item_name, g.new_grade, g.effective_at, g.observed_at
    FROM (
        SELECT DISTINCT ON (c.hr_key, c.course_id, c.item_type = 'course', c.item_id) c.*
        FROM reporting.grade_changes c
        WHERE c.happened_at <= grades_as_of.at AND c.observed_at <= grades_as_of.known_at
          AND (c.undone_at IS NULL OR c.undone_at > grades_as_of.known_at)
        ORDER BY c.hr_key, c.course_id, c.item_type = 'course', c.item_id, c.happened_at DESC, c.change_id DESC
    ) g
    WHERE g.new_grade IS NOT NULL;
END;

CREATE FUNCTION reporting.completions_as_of(at timestamptz, known_at timestamptz DEFAULT now())
RETURNS TABLE (
    hr_key text, lastname text, firstname text, unit text, course_id bigint, idnumber text, shortname text,
    attempt integer, completed_at timestamptz, "precision" text, source text, observed_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT DISTINCT ON (f.hr_key, f.course_id)
           f.hr_key, f.lastname, f.firstname, f.unit, f.course_id, f.idnumber, f.shortname, f.attempt, f.completed_at,
           f.precision, f.source, f.observed_at
    FROM reporting.completion_history f
    WHERE f.completed_at <= completions_as_of.at AND f.observed_at <= completions_as_of.known_at
      AND (f.ended_at IS NULL OR f.ended_at > LEAST(completions_as_of.at, completions_as_of.known_at))
    ORDER BY f.hr_key, f.course_id, f.completed_at DESC;
END;
