-- Rows of Moodle behind the facts as they came, and how they were compared with Moodle. Unlogged: a crash of the server
-- empties them, which is noticed, and Moodle is read again.
CREATE SCHEMA landing;

CREATE TABLE landing.dataset (
    dataset smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name    text NOT NULL UNIQUE
);
COMMENT ON TABLE landing.dataset IS 'Datasets of the plugin in Moodle of which rows were ever held.';

CREATE UNLOGGED TABLE landing.holding (dataset smallint PRIMARY KEY, columns text[] NOT NULL);
COMMENT ON TABLE landing.holding IS 'Datasets that are held now, as a whole, with their columns in the order of a row.';

CREATE UNLOGGED TABLE landing.held (
    dataset smallint NOT NULL, key bigint NOT NULL, moodle_id bigint, course_id bigint, row text NOT NULL
);
COMMENT ON TABLE landing.held IS 'Moodle''s rows, each as JSON, byte for byte as Moodle counts them.';
CREATE INDEX held_key ON landing.held (dataset, key);
CREATE INDEX held_owner ON landing.held (moodle_id);

-- What one load brings, until it is merged.
CREATE UNLOGGED TABLE landing.coming (LIKE landing.holding INCLUDING INDEXES);
CREATE UNLOGGED TABLE landing.came (LIKE landing.held);
CREATE UNLOGGED TABLE landing.gone (dataset smallint NOT NULL, key bigint NOT NULL);

-- ---------------------------------------------------------------- what comparing came to
CREATE TABLE facts.reconciliation (
    load_id   bigint NOT NULL REFERENCES facts.load ON DELETE CASCADE,
    dataset   text NOT NULL,
    rows      bigint NOT NULL,
    buckets   bigint NOT NULL,
    differing bigint NOT NULL,
    missing   bigint NOT NULL,
    other     bigint NOT NULL,
    gone      bigint NOT NULL,
    seconds   double precision NOT NULL,
    equal     boolean NOT NULL,
    as_of     timestamptz NOT NULL,
    PRIMARY KEY (load_id, dataset)
);
COMMENT ON TABLE facts.reconciliation IS 'Each comparison with Moodle, dataset by dataset; and of the facts with Moodle''s rows.';

CREATE TABLE facts.reconciliation_difference (
    load_id   bigint NOT NULL REFERENCES facts.load ON DELETE CASCADE,
    dataset   text NOT NULL,
    key       bigint,
    moodle_id bigint,
    course_id bigint,
    what      text NOT NULL CHECK (what IN ('missing', 'other', 'gone')),
    changed   text[] NOT NULL,
    cause     text NOT NULL,
    noticed_at timestamptz NOT NULL,
    healed_at timestamptz
);
COMMENT ON TABLE facts.reconciliation_difference IS 'Each row of Moodle, or fact, that was found not as it should be, and why.';
CREATE INDEX reconciliation_difference_load ON facts.reconciliation_difference (load_id, dataset);
CREATE INDEX reconciliation_difference_person ON facts.reconciliation_difference (moodle_id);

CREATE VIEW facts.reconciliation_row AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, d.course_id, c.shortname, c.fullname, d.dataset, d.what,
       array_to_string(d.changed, ', ') AS changed, d.cause, d.noticed_at, d.healed_at
FROM facts.reconciliation_difference d
LEFT JOIN facts.dim_person n ON n.moodle_id = d.moodle_id AND n.valid_to = 'infinity'
LEFT JOIN facts.person_named p ON p.person_id = n.person_id
LEFT JOIN facts.dim_course c ON c.course_id = d.course_id AND c.valid_to = 'infinity';
COMMENT ON VIEW facts.reconciliation_row IS 'What differed from Moodle, of every unit, and of people who are not managed.';

CREATE VIEW reporting.reconciliation_differences WITH (security_barrier) AS
SELECT r.hr_key, r.lastname, r.firstname, r.unit, r.unit_name, r.course_id, r.shortname, r.fullname, r.dataset, r.what,
       r.changed, r.cause, r.noticed_at, r.healed_at
FROM facts.reconciliation_row r WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT r.hr_key, r.lastname, r.firstname, r.unit, r.unit_name, r.course_id, r.shortname, r.fullname, r.dataset, r.what,
       r.changed, r.cause, r.noticed_at, r.healed_at
FROM facts.reconciliation_row r
WHERE NOT (SELECT s.everything FROM facts.sight s) AND r.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.reconciliation WITH (security_barrier) AS
SELECT r.dataset, r.as_of, r.equal, r.rows, r.buckets, r.differing, r.missing, r.other, r.gone,
       (SELECT count(*) FROM facts.reconciliation_difference d
        WHERE d.load_id = r.load_id AND d.dataset = r.dataset AND d.healed_at IS NOT NULL) AS healed,
       r.seconds
FROM facts.sight s
JOIN facts.reconciliation r ON s.everything;

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
           WHEN 'healed' THEN 'Nothing: the last full reading found these differences and put them right.'
           WHEN 'unlike_moodle' THEN 'Nothing where reconciliation says equal: what no event or cursor had shown was put right.'
           WHEN 'not_equal' THEN 'Run reconcile again while little happens in Moodle; where it stays, tell the maintainers.'
           WHEN 'restored' THEN 'Moodle was put back to an older state: run a plan, and look at what it gives again.'
       END AS advice,
       q.as_of
FROM facts.sight s
JOIN facts.summary_quality q ON s.everything;
