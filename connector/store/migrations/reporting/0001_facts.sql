-- Facts with history. Every version holds from valid_from until before valid_to; 'infinity' is what holds now.
CREATE SCHEMA facts;

-- ---------------------------------------------------------------- how they came
CREATE TABLE facts.load (
    load_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site        text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('everything', 'changes')),
    reader      text NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    status      text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'stopped')),
    detail      text NOT NULL DEFAULT ''
);
COMMENT ON TABLE facts.load IS 'Each reading of Moodle into the facts.';

CREATE TABLE facts.load_fact (
    load_id bigint NOT NULL REFERENCES facts.load ON DELETE CASCADE,
    fact    text NOT NULL,
    rows    bigint NOT NULL,
    begun   bigint NOT NULL,
    ended   bigint NOT NULL,
    PRIMARY KEY (load_id, fact)
);
COMMENT ON TABLE facts.load_fact IS 'Versions that hold after a reading, and how many it began and ended.';

CREATE TABLE facts.hop (
    name       text PRIMARY KEY,
    reached_at timestamptz NOT NULL,
    basis      text NOT NULL DEFAULT ''
);
COMMENT ON TABLE facts.hop IS
    'How fresh each hop is: feed (HR''s last good feed), people (taken from the connector), everything (the last full '
    'reading of Moodle), changes (up to when what is new in Moodle has been read).';

-- ---------------------------------------------------------------- people and their organisation
CREATE TABLE facts.dim_person (
    person_id  bigint NOT NULL,
    hr_key     text NOT NULL,
    moodle_id  bigint,
    unit       text NOT NULL,
    job_role   text NOT NULL,
    manager_id bigint,
    status     text NOT NULL CHECK (status IN ('upcoming', 'joining', 'active', 'left')),
    hired_on   date,
    left_on    date,
    timezone   text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (person_id, valid_from),
    EXCLUDE USING gist (int8range(person_id, person_id, '[]') WITH &&, tstzrange(valid_from, valid_to) WITH &&)
);
COMMENT ON TABLE facts.dim_person IS 'People as HR said, in versions.';
CREATE UNIQUE INDEX dim_person_now ON facts.dim_person (person_id) WHERE valid_to = 'infinity';
CREATE INDEX dim_person_moodle ON facts.dim_person (moodle_id) WHERE valid_to = 'infinity';
CREATE INDEX dim_person_key ON facts.dim_person (hr_key) WHERE valid_to = 'infinity';
CREATE INDEX dim_person_manager ON facts.dim_person (manager_id) WHERE valid_to = 'infinity';
CREATE INDEX dim_person_unit ON facts.dim_person (unit) WHERE valid_to = 'infinity';
CREATE INDEX dim_person_unit_then ON facts.dim_person (unit);

CREATE TABLE facts.person_name (
    person_id bigint PRIMARY KEY,
    firstname text NOT NULL,
    lastname  text NOT NULL,
    email     text NOT NULL
);
COMMENT ON TABLE facts.person_name IS 'Names and e-mail, apart from the facts, so that they can be erased.';

CREATE TABLE facts.person_access (
    person_id   bigint PRIMARY KEY,
    accessed_at timestamptz NOT NULL
);
COMMENT ON TABLE facts.person_access IS 'When somebody was last in Moodle.';

CREATE TABLE facts.dim_org_unit (
    unit       text NOT NULL,
    name       text NOT NULL,
    parent     text,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (unit, valid_from)
);
COMMENT ON TABLE facts.dim_org_unit IS 'Organisational units, in versions; parent is the unit above.';
CREATE UNIQUE INDEX dim_org_unit_now ON facts.dim_org_unit (unit) WHERE valid_to = 'infinity';

CREATE TABLE facts.unit_closure (
    above      text NOT NULL,
    unit       text NOT NULL,
    distance   integer NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (above, unit, valid_from)
);
COMMENT ON TABLE facts.unit_closure IS 'Each unit with every unit above it, and itself at distance 0.';
CREATE UNIQUE INDEX unit_closure_now ON facts.unit_closure (above, unit) WHERE valid_to = 'infinity';

CREATE TABLE facts.manager_closure (
    manager_id bigint NOT NULL,
    person_id  bigint NOT NULL,
    distance   integer NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (manager_id, person_id, valid_from)
);
COMMENT ON TABLE facts.manager_closure IS
    'Each person with every manager above, 1 is the direct one, and with themselves at distance 0.';
CREATE UNIQUE INDEX manager_closure_now ON facts.manager_closure (manager_id, person_id) WHERE valid_to = 'infinity';

CREATE TABLE facts.dim_date (
    day       date PRIMARY KEY,
    year      smallint NOT NULL,
    quarter   smallint NOT NULL,
    month     smallint NOT NULL,
    iso_year  smallint NOT NULL,
    iso_week  smallint NOT NULL,
    iso_day   smallint NOT NULL
);
COMMENT ON TABLE facts.dim_date IS 'Days from 2000 to 2099; iso_day 1 is Monday.';
INSERT INTO facts.dim_date
SELECT day, extract(year FROM day), extract(quarter FROM day), extract(month FROM day), extract(isoyear FROM day),
       extract(week FROM day), extract(isodow FROM day)
FROM (SELECT generate_series('2000-01-01', '2099-12-31', interval '1 day')::date AS day) d;

-- ---------------------------------------------------------------- what is learned
CREATE TABLE facts.dim_course (
    course_id  bigint NOT NULL,
    idnumber   text NOT NULL,
    shortname  text NOT NULL,
    fullname   text NOT NULL,
    visible    boolean NOT NULL,
    completion_enabled boolean NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (course_id, valid_from)
);
COMMENT ON TABLE facts.dim_course IS 'Courses of Moodle, in versions.';
CREATE UNIQUE INDEX dim_course_now ON facts.dim_course (course_id) WHERE valid_to = 'infinity';

CREATE TABLE facts.dim_grade_item (
    item_id    bigint NOT NULL,
    course_id  bigint NOT NULL,
    minimum    double precision NOT NULL,
    maximum    double precision NOT NULL,
    pass_mark  double precision,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (item_id, valid_from)
);
COMMENT ON TABLE facts.dim_grade_item IS 'The total of each course: points from minimum to maximum.';
CREATE UNIQUE INDEX dim_grade_item_now ON facts.dim_grade_item (course_id) WHERE valid_to = 'infinity';

CREATE TABLE facts.dim_requirement (
    requirement text NOT NULL,
    name        jsonb NOT NULL,
    path        text NOT NULL,
    courses     text[] NOT NULL,
    course_ids  bigint[] NOT NULL,
    recertify_months integer,
    window_days integer,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (requirement, valid_from)
);
COMMENT ON TABLE facts.dim_requirement IS 'What must be completed, in versions: name by language, courses of its path in order.';
COMMENT ON COLUMN facts.dim_requirement.course_ids IS 'Moodle''s ids of courses; NULL where Moodle has no such course.';
CREATE UNIQUE INDEX dim_requirement_now ON facts.dim_requirement (requirement) WHERE valid_to = 'infinity';

CREATE TABLE facts.dim_certificate_template (
    source     text NOT NULL,
    template   text NOT NULL,
    name       text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (source, template, valid_from)
);
COMMENT ON TABLE facts.dim_certificate_template IS 'Kinds of certificates and badges, in versions.';
CREATE UNIQUE INDEX dim_certificate_template_now ON facts.dim_certificate_template (source, template)
WHERE valid_to = 'infinity';

CREATE TABLE facts.fact_enrolment (
    person_id   bigint NOT NULL,
    moodle_id   bigint NOT NULL,
    course_id   bigint NOT NULL,
    active      boolean NOT NULL,
    enrolled_at timestamptz,
    precision   text NOT NULL CHECK (precision IN ('second', 'minute', 'seen by')),
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (moodle_id, course_id, valid_from)
);
COMMENT ON TABLE facts.fact_enrolment IS 'Who was in which course, and when; active: could enter it.';
COMMENT ON COLUMN facts.fact_enrolment.enrolled_at IS 'By Moodle; NULL where it is not told: then valid_from is when it was first seen.';
CREATE UNIQUE INDEX fact_enrolment_now ON facts.fact_enrolment (moodle_id, course_id) WHERE valid_to = 'infinity';
CREATE INDEX fact_enrolment_course ON facts.fact_enrolment (course_id) WHERE valid_to = 'infinity';
CREATE INDEX fact_enrolment_person ON facts.fact_enrolment (person_id) WHERE valid_to = 'infinity';

CREATE TABLE facts.fact_completion (
    person_id    bigint NOT NULL,
    moodle_id    bigint NOT NULL,
    course_id    bigint NOT NULL,
    attempt      integer NOT NULL,
    completed    boolean NOT NULL,
    completed_at timestamptz,
    precision    text NOT NULL CHECK (precision IN ('second', 'minute', 'seen by')),
    progress     double precision,
    valid_from   timestamptz NOT NULL,
    valid_to     timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (moodle_id, course_id, valid_from)
);
COMMENT ON TABLE facts.fact_completion IS 'Courses and who has completed them. A reset closes an attempt and begins the next.';
COMMENT ON COLUMN facts.fact_completion.precision IS
    'How exact completed_at is; "seen by": Moodle did not tell, it is when the connector first saw the completion.';
COMMENT ON COLUMN facts.fact_completion.progress IS 'Percent, as last told; no history is kept of it.';
CREATE UNIQUE INDEX fact_completion_now ON facts.fact_completion (moodle_id, course_id) WHERE valid_to = 'infinity';
CREATE INDEX fact_completion_done ON facts.fact_completion (person_id, course_id, completed_at) WHERE completed;
CREATE INDEX fact_completion_day ON facts.fact_completion (((completed_at AT TIME ZONE 'UTC')::date))
WHERE completed AND valid_to = 'infinity';
CREATE INDEX fact_completion_course ON facts.fact_completion (course_id, completed_at) WHERE completed AND valid_to = 'infinity';

CREATE TABLE facts.fact_grade (
    person_id  bigint NOT NULL,
    moodle_id  bigint NOT NULL,
    course_id  bigint NOT NULL,
    value      double precision NOT NULL,
    decimals   smallint,
    graded_at  timestamptz,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    ended_by   text CHECK (ended_by IN ('regrade', 'reset', 'unenrolment', 'deletion')),
    PRIMARY KEY (moodle_id, course_id, valid_from),
    CHECK ((ended_by IS NULL) = (valid_to = 'infinity'))
);
COMMENT ON TABLE facts.fact_grade IS 'Totals of courses in points, and how each came to an end.';
COMMENT ON COLUMN facts.fact_grade.decimals IS 'Decimals of value that were told; NULL: all.';
COMMENT ON COLUMN facts.fact_grade.graded_at IS 'By Moodle; NULL where it is not told.';
CREATE UNIQUE INDEX fact_grade_now ON facts.fact_grade (moodle_id, course_id) WHERE valid_to = 'infinity';
CREATE INDEX fact_grade_course ON facts.fact_grade (course_id) WHERE valid_to = 'infinity';
CREATE INDEX fact_grade_person ON facts.fact_grade (person_id);

CREATE TABLE facts.fact_certificate (
    person_id  bigint NOT NULL,
    moodle_id  bigint NOT NULL,
    source     text NOT NULL,
    code       text NOT NULL,
    template   text NOT NULL,
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz,
    revoked    boolean NOT NULL,
    precision  text NOT NULL CHECK (precision IN ('second', 'minute', 'seen by')),
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (source, code, valid_from)
);
COMMENT ON TABLE facts.fact_certificate IS 'Badges and certificates that were issued; code tells the issues of a source apart.';
CREATE UNIQUE INDEX fact_certificate_now ON facts.fact_certificate (source, code) WHERE valid_to = 'infinity';
CREATE INDEX fact_certificate_person ON facts.fact_certificate (person_id) WHERE valid_to = 'infinity';
CREATE INDEX fact_certificate_expiry ON facts.fact_certificate (((expires_at AT TIME ZONE 'UTC')::date))
WHERE valid_to = 'infinity';

-- ---------------------------------------------------------------- what must be done
CREATE TABLE facts.fact_assignment (
    grant_id        bigint NOT NULL,
    cycle           integer NOT NULL,
    person_id       bigint NOT NULL,
    requirement     text NOT NULL,
    assigned_on     date NOT NULL,
    window_opens_on date,
    due_on          date,
    satisfied_at    timestamptz,
    expires_on      date,
    withdrawn_at    timestamptz,
    valid_from      timestamptz NOT NULL,
    valid_to        timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (grant_id, cycle, valid_from)
);
COMMENT ON TABLE facts.fact_assignment IS
    'What each person must complete, in cycles: the next one begins when the window before the end of validity opens.';
COMMENT ON COLUMN facts.fact_assignment.expires_on IS 'What was satisfied holds until this day; NULL: for ever.';
CREATE UNIQUE INDEX fact_assignment_now ON facts.fact_assignment (grant_id, cycle) WHERE valid_to = 'infinity';
CREATE INDEX fact_assignment_person ON facts.fact_assignment (person_id);
CREATE INDEX fact_assignment_begun ON facts.fact_assignment (valid_from);
CREATE INDEX fact_assignment_ended ON facts.fact_assignment (valid_to) WHERE valid_to < 'infinity';
CREATE INDEX fact_assignment_requirement ON facts.fact_assignment (requirement) WHERE valid_to = 'infinity';
CREATE INDEX fact_assignment_expiry ON facts.fact_assignment (expires_on)
WHERE valid_to = 'infinity' AND satisfied_at IS NOT NULL;

-- ---------------------------------------------------------------- landing: what one load brought, until it is merged
-- Unlogged: a crash of the server empties them, which is noticed, and Moodle is read again.
CREATE UNLOGGED TABLE facts.landing_person (
    person_id bigint, hr_key text, moodle_id bigint, unit text, unit_name text, units_above text[], job_role text,
    manager_id bigint, status text, hired_on date, left_on date, timezone text, firstname text, lastname text, email text
);
CREATE UNLOGGED TABLE facts.landing_assignment (
    grant_id bigint, person_id bigint, requirement text, assigned_on date, due_on date, withdrawn_at timestamptz
);
CREATE UNLOGGED TABLE facts.landing_enrolment (
    load_id bigint, moodle_id bigint, course_id bigint, active boolean, enrolled_at timestamptz, precision text
);
CREATE UNLOGGED TABLE facts.landing_completion (
    load_id bigint, moodle_id bigint, course_id bigint, completed boolean, completed_at timestamptz, precision text,
    progress double precision
);
CREATE UNLOGGED TABLE facts.landing_grade (
    load_id bigint, moodle_id bigint, course_id bigint, value double precision, decimals smallint, graded_at timestamptz
);
CREATE UNLOGGED TABLE facts.landing_access (load_id bigint, moodle_id bigint, accessed_at timestamptz);
CREATE UNLOGGED TABLE facts.landing_certificate (
    load_id bigint, moodle_id bigint, source text, code text, template text, template_name text, issued_at timestamptz,
    expires_at timestamptz, revoked boolean, precision text
);
