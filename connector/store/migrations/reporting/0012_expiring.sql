CREATE TABLE facts.summary_expiring (
    unit     text NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('requirement', 'certificate')),
    source   text NOT NULL,
    code     text NOT NULL,
    in_30    integer NOT NULL,
    in_60    integer NOT NULL,
    in_90    integer NOT NULL,
    first_on date NOT NULL,
    as_of    timestamptz NOT NULL,
    PRIMARY KEY (unit, kind, source, code)
);
COMMENT ON TABLE facts.summary_expiring IS
    'What of active people ends soon, of each unit alone: requirements, and kinds of certificates by source.';

INSERT INTO facts.summary_expiring (unit, kind, source, code, in_30, in_60, in_90, first_on, as_of)
SELECT e.unit, e.kind, e.source, e.code, count(*) FILTER (WHERE e.expires_on <= current_date + 30),
       count(*) FILTER (WHERE e.expires_on <= current_date + 60), count(*), min(e.expires_on), now()
FROM (
    SELECT p.unit, 'requirement' AS kind, '' AS source, a.requirement AS code, a.expires_on
    FROM facts.fact_assignment a
    JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity' AND p.status = 'active'
    WHERE a.valid_to = 'infinity' AND a.withdrawn_at IS NULL AND a.satisfied_at IS NOT NULL
      AND a.expires_on BETWEEN current_date AND current_date + 90
      AND NOT EXISTS (SELECT FROM facts.fact_assignment later
                      WHERE later.grant_id = a.grant_id AND later.cycle = a.cycle + 1 AND later.valid_to = 'infinity'
                        AND later.satisfied_at IS NOT NULL)
    UNION ALL
    SELECT p.unit, 'certificate', c.source, c.template, (c.expires_at AT TIME ZONE 'UTC')::date
    FROM facts.fact_certificate c
    JOIN facts.dim_person p ON p.person_id = c.person_id AND p.valid_to = 'infinity' AND p.status = 'active'
    WHERE c.valid_to = 'infinity' AND NOT c.revoked
      AND (c.expires_at AT TIME ZONE 'UTC')::date BETWEEN current_date AND current_date + 90
) e
GROUP BY e.unit, e.kind, e.source, e.code;

CREATE VIEW reporting.expiring_by_code WITH (security_barrier) AS
SELECT x.kind, x.source, x.code,
       CASE x.kind WHEN 'requirement' THEN COALESCE(r.name ->> 'en', x.code) ELSE t.name END AS name,
       r.name AS requirement_name, x.in_30, x.in_60, x.in_90, x.first_on, x.as_of
FROM (
    SELECT c.kind, c.source, c.code, sum(c.in_30)::bigint AS in_30, sum(c.in_60)::bigint AS in_60,
           sum(c.in_90)::bigint AS in_90, min(c.first_on) AS first_on, min(c.as_of) AS as_of
    FROM (
        SELECT e.* FROM facts.summary_expiring e WHERE (SELECT s.everything FROM facts.sight s)
        UNION ALL
        SELECT e.* FROM facts.summary_expiring e
        WHERE NOT (SELECT s.everything FROM facts.sight s) AND e.unit = ANY ((SELECT s.units FROM facts.sight s)::text[])
    ) c
    GROUP BY c.kind, c.source, c.code
) x
LEFT JOIN facts.dim_requirement r ON x.kind = 'requirement' AND r.requirement = x.code AND r.valid_to = 'infinity'
LEFT JOIN facts.dim_certificate_template t
       ON x.kind = 'certificate' AND t.source = x.source AND t.template = x.code AND t.valid_to = 'infinity';

-- A login finds the managers of its units by their key. A manager who is not in sight has no name.
CREATE OR REPLACE VIEW reporting.overdue_by_manager WITH (security_barrier) AS
SELECT CASE WHEN x.manager_id = 0 THEN '' ELSE m.hr_key END AS manager_key, m.lastname, m.firstname, m.unit, m.unit_name,
       x.direct_reports, x.assigned, x.satisfied, x.overdue, x.people, x.oldest_due_on, x.as_of
FROM (
    SELECT c.manager_id, sum(c.people)::bigint AS direct_reports, sum(c.assigned)::bigint AS assigned,
           sum(c.satisfied)::bigint AS satisfied, sum(c.overdue)::bigint AS overdue,
           sum(c.people_overdue)::bigint AS people, min(c.oldest_due_on) AS oldest_due_on, min(c.as_of) AS as_of
    FROM (
        SELECT e.* FROM facts.summary_manager e WHERE (SELECT s.everything FROM facts.sight s)
        UNION ALL
        SELECT e.* FROM facts.summary_manager e
        WHERE NOT (SELECT s.everything FROM facts.sight s) AND e.unit = ANY ((SELECT s.units FROM facts.sight s)::text[])
    ) c
    GROUP BY c.manager_id
    HAVING sum(c.overdue) > 0
) x
LEFT JOIN facts.person_named m
       ON m.person_id = x.manager_id
      AND ((SELECT s.everything FROM facts.sight s) OR m.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]));

-- An item is found by the id that changes have, which is the course's own, less than zero, for its total: by whichever of
-- two ids it is found, each change would be compared with all items of its course.
CREATE INDEX dim_grade_item_graded
    ON facts.dim_grade_item ((CASE item_type WHEN 'course' THEN -course_id ELSE item_id END)) WHERE valid_to = 'infinity';

CREATE OR REPLACE VIEW facts.grade_change_row AS
SELECT g.person_id, g.course_id, g.old_grade, g.new_grade, g.cause,
       CASE WHEN g.effective_at > 'epoch' AND (g.origin = 'moodle' OR g.effective_at <> g.observed_at)
            THEN g.effective_at END AS effective_at,
       g.observed_at, c.idnumber, c.shortname, c.fullname, CASE WHEN g.item_id > 0 THEN g.item_id ELSE i.item_id END AS item_id,
       CASE WHEN g.item_id > 0 THEN i.item_type ELSE 'course' END AS item_type, i.name AS item_name, i.module,
       g.overridden, g.excluded, g.origin, g.source, g.undone_at, g.history_id, g.effective_at AS happened_at
FROM facts.fact_grade_history g
LEFT JOIN facts.dim_course c ON c.course_id = g.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_grade_item i
       ON i.valid_to = 'infinity' AND CASE i.item_type WHEN 'course' THEN -i.course_id ELSE i.item_id END = g.item_id
WHERE g.cause <> 'unchanged';
