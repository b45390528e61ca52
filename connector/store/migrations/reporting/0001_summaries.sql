-- What reports add up, reckoned by each merge in which something moved. "unit" is a unit with all units below it,
-- '' is everybody: a report of any unit is one look at an index. as_of is when it was reckoned.
CREATE TABLE facts.summary_compliance (
    unit        text NOT NULL,
    requirement text NOT NULL,
    assigned    bigint NOT NULL,
    satisfied   bigint NOT NULL,
    overdue     bigint NOT NULL,
    as_of       timestamptz NOT NULL,
    PRIMARY KEY (unit, requirement)
);
COMMENT ON TABLE facts.summary_compliance IS 'Newest cycles of active people, by unit and requirement.';

CREATE TABLE facts.summary_own (
    unit        text NOT NULL,
    requirement text NOT NULL,
    assigned    bigint NOT NULL,
    satisfied   bigint NOT NULL,
    overdue     bigint NOT NULL,
    as_of       timestamptz NOT NULL,
    PRIMARY KEY (unit, requirement)
);
COMMENT ON TABLE facts.summary_own IS 'The same of each unit alone, from which that is added up.';

CREATE TABLE facts.summary_manager (
    unit           text NOT NULL,
    manager_id     bigint NOT NULL,
    people         bigint NOT NULL,
    assigned       bigint NOT NULL,
    satisfied      bigint NOT NULL,
    overdue        bigint NOT NULL,
    people_overdue bigint NOT NULL,
    oldest_due_on  date,
    as_of          timestamptz NOT NULL,
    PRIMARY KEY (unit, manager_id)
);
COMMENT ON TABLE facts.summary_manager IS
    'The direct reports of each manager, by the reports'' own unit without those below; manager 0: nobody.';

CREATE TABLE facts.summary_course (
    unit            text NOT NULL,
    course_id       bigint NOT NULL,
    enrolled        bigint NOT NULL,
    completed       bigint NOT NULL,
    graded          bigint NOT NULL,
    average_grade   double precision,
    median_grade    double precision,
    marked          bigint NOT NULL,
    passed          bigint NOT NULL,
    timed           bigint NOT NULL,
    average_seconds double precision,
    as_of           timestamptz NOT NULL,
    PRIMARY KEY (unit, course_id)
);
COMMENT ON TABLE facts.summary_course IS 'Active enrolments by unit and course, and what came of them.';

CREATE TABLE facts.summary_overview (
    unit              text PRIMARY KEY,
    people            bigint NOT NULL,
    upcoming          bigint NOT NULL,
    joining           bigint NOT NULL,
    left_people       bigint NOT NULL,
    with_account      bigint NOT NULL,
    active_24h        bigint NOT NULL,
    active_30d        bigint NOT NULL,
    enrolled          bigint NOT NULL,
    completed         bigint NOT NULL,
    graded            bigint NOT NULL,
    average_score     double precision,
    certificates      bigint NOT NULL,
    certificates_30d  bigint NOT NULL,
    as_of             timestamptz NOT NULL
);
COMMENT ON TABLE facts.summary_overview IS 'People and learning of each unit in one row.';

CREATE TABLE facts.summary_activity (
    unit         text NOT NULL,
    day          date NOT NULL,
    completions  bigint NOT NULL,
    certificates bigint NOT NULL,
    PRIMARY KEY (unit, day)
);
COMMENT ON TABLE facts.summary_activity IS 'What was completed and issued on each day (UTC), by the unit people are in now.';

CREATE TABLE facts.summary_quality (
    name      text PRIMARY KEY,
    severity  text NOT NULL CHECK (severity IN ('error', 'warning', 'notice')),
    found     bigint NOT NULL,
    examples  text[] NOT NULL,
    as_of     timestamptz NOT NULL
);
COMMENT ON TABLE facts.summary_quality IS 'What looks wrong in the data, with a few examples.';

-- ---------------------------------------------------------------- kept day by day, for trends
CREATE TABLE facts.fact_compliance_daily (
    day         date NOT NULL,
    unit        text NOT NULL,
    requirement text NOT NULL,
    assigned    bigint NOT NULL,
    satisfied   bigint NOT NULL,
    overdue     bigint NOT NULL,
    PRIMARY KEY (unit, day, requirement)
);
COMMENT ON TABLE facts.fact_compliance_daily IS
    'summary_compliance as it stood on each day (UTC), by the last full reading of the day.';

CREATE TABLE facts.fact_overview_daily (
    day           date NOT NULL,
    unit          text NOT NULL,
    people        bigint NOT NULL,
    active_24h    bigint NOT NULL,
    enrolled      bigint NOT NULL,
    completed     bigint NOT NULL,
    average_score double precision,
    PRIMARY KEY (unit, day)
);
COMMENT ON TABLE facts.fact_overview_daily IS
    'summary_overview as it stood on each day (UTC), by the last full reading of the day.';

-- ---------------------------------------------------------------- who may see what
CREATE TABLE facts.access (
    login      text PRIMARY KEY,
    unit       text NOT NULL,
    granted_at timestamptz NOT NULL
);
COMMENT ON TABLE facts.access IS 'Logins for reporting: the unit that each sees with all below it; '''' is everybody.';

-- Whom a session sees: unit '' is everybody, NULL nobody; units are the unit with all below it. Who owns the schema sees
-- everybody. The setting reporting.unit narrows the sight and never widens it. A login's session stays its own under SET
-- ROLE; whoever owns the schema may look through another's eyes by it. It is a function, and not a view, so that planning
-- stays cheap where views ask for it several times.
CREATE FUNCTION facts.sight_of(asking name, session name, OUT unit text, OUT units text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner oid := (SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = 'facts');
    who name := CASE WHEN pg_has_role(session, owner, 'MEMBER') THEN asking ELSE session END;
    narrowed text := NULLIF(current_setting('reporting.unit', true), '');
BEGIN
    unit := CASE WHEN pg_has_role(who, owner, 'MEMBER') THEN ''
                 ELSE (SELECT a.unit FROM facts.access a WHERE a.login = who) END;
    IF narrowed IS NOT NULL AND unit IS NOT NULL THEN
        IF unit = '' OR EXISTS (SELECT FROM facts.unit_closure c
                                WHERE c.above = sight_of.unit AND c.unit = narrowed AND c.valid_to = 'infinity') THEN
            unit := narrowed;
        ELSE
            unit := NULL;
        END IF;
    END IF;
    units := ARRAY(SELECT c.unit FROM facts.unit_closure c WHERE c.above = sight_of.unit AND c.valid_to = 'infinity');
END
$$;

CREATE VIEW facts.sight AS
SELECT s.unit, s.unit = '' AS everything, s.units FROM facts.sight_of(current_user, session_user) s;
COMMENT ON VIEW facts.sight IS 'Whom this session sees, in one row.';
