-- What people waived. A waived requirement is withdrawn, so that it is among the assigned ones no more.
CREATE TABLE facts.waiver (
    decision_id bigint PRIMARY KEY,
    person_id   bigint NOT NULL,
    requirement text NOT NULL,
    by_hr       boolean NOT NULL,
    starts_on   date NOT NULL,
    ends_on     date
);
COMMENT ON TABLE facts.waiver IS 'Requirements that people waived, by which the last plan went; taken anew by each merge.';
COMMENT ON COLUMN facts.waiver.ends_on IS 'The last day on which it holds, where the person is; NULL: no end.';

CREATE VIEW facts.waiver_row AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, w.requirement, r.name AS requirement_name, w.by_hr,
       w.starts_on AS waived_from, w.ends_on AS waived_until
FROM facts.waiver w
JOIN facts.person_managed p ON p.person_id = w.person_id
LEFT JOIN facts.dim_requirement r ON r.requirement = w.requirement AND r.valid_to = 'infinity'
WHERE p.status = 'active'
  AND (now() AT TIME ZONE p.timezone)::date BETWEEN w.starts_on AND COALESCE(w.ends_on, 'infinity');
COMMENT ON VIEW facts.waiver_row IS 'Requirements that are waived now, of every unit.';

CREATE VIEW reporting.waived WITH (security_barrier) AS
SELECT w.hr_key, w.lastname, w.firstname, w.unit, w.unit_name, w.requirement, w.requirement_name, w.by_hr, w.waived_from,
       w.waived_until
FROM facts.waiver_row w WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT w.hr_key, w.lastname, w.firstname, w.unit, w.unit_name, w.requirement, w.requirement_name, w.by_hr, w.waived_from,
       w.waived_until
FROM facts.waiver_row w
WHERE NOT (SELECT s.everything FROM facts.sight s) AND w.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);
