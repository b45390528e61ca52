-- The way in: feeds, people, bindings, plans, journal and ledger.
CREATE SCHEMA connector;

CREATE TABLE connector.feed (
    feed_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source         text NOT NULL,
    name           text NOT NULL,
    digest         text NOT NULL,
    size           bigint NOT NULL,
    modified       timestamptz NOT NULL,
    received_at    timestamptz NOT NULL,
    complete       boolean NOT NULL,
    mapping_digest text NOT NULL,
    rows           integer NOT NULL DEFAULT 0,
    rejected       integer NOT NULL DEFAULT 0,
    keyless        integer NOT NULL DEFAULT 0,
    duplicate_keys integer NOT NULL DEFAULT 0,
    status         text NOT NULL DEFAULT 'reading' CHECK (status IN ('reading', 'accepted', 'refused')),
    reasons        jsonb NOT NULL DEFAULT '[]'
);
COMMENT ON TABLE connector.feed IS 'One delivery of a source, whether accepted or refused.';
CREATE INDEX feed_latest ON connector.feed (source, received_at DESC);

CREATE TABLE connector.feed_release (
    source      text NOT NULL,
    digest      text NOT NULL,
    released_by text NOT NULL,
    released_at timestamptz NOT NULL,
    PRIMARY KEY (source, digest)
);
COMMENT ON TABLE connector.feed_release IS 'A feed that a person let pass although a gate had refused it.';

CREATE TABLE connector.rejection (
    feed_id bigint NOT NULL REFERENCES connector.feed ON DELETE CASCADE,
    line    integer NOT NULL,
    key     text,
    field   text NOT NULL,
    reason  text NOT NULL
);
CREATE INDEX rejection_feed ON connector.rejection (feed_id, line);

-- What has just been read and is not yet accepted. A crash empties it, and the feed is simply read again.
CREATE UNLOGGED TABLE connector.staged (
    feed_id         bigint NOT NULL,
    line            integer NOT NULL,
    key             text NOT NULL,
    row_digest      bytea,
    wanted          jsonb,
    initial         jsonb,
    grant_set       bytea,
    unit            text,
    unit_name       text,
    units_above     text[],
    job_role        text,
    manager_key     text,
    starts          date,
    ends            date,
    active          boolean,
    timezone        text,
    earlier_keys    text[],
    attributes      jsonb,
    unique_username boolean
);
COMMENT ON COLUMN connector.staged.wanted IS
    'NULL: the row was rejected, or says nothing new; the person counts as present.';

CREATE TABLE connector.person (
    person_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source          text NOT NULL,
    key             text NOT NULL COLLATE "C",
    row_digest      bytea,
    wanted          jsonb NOT NULL,
    initial         jsonb NOT NULL,
    grant_set       bytea,
    unit            text NOT NULL,
    unit_name       text NOT NULL,
    units_above     text[],
    job_role        text NOT NULL,
    manager_key     text NOT NULL,
    starts          date,
    ends            date,
    active          boolean NOT NULL,
    timezone        text NOT NULL,
    earlier_keys    text[],
    attributes      jsonb NOT NULL,
    unique_username boolean NOT NULL,
    manager_id      bigint REFERENCES connector.person,
    first_seen      timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    feed_id         bigint NOT NULL, -- of a feed: written with that feed at hand, so that checking each row is saved
    line            integer NOT NULL,
    absent_since    timestamptz,
    absent_feed_id  bigint,
    gone            boolean NOT NULL DEFAULT false,
    UNIQUE (source, key)
);
COMMENT ON TABLE connector.person IS 'One person as HR last said.';
COMMENT ON COLUMN connector.person.wanted IS 'Account fields that are compared with Moodle, by Moodle''s names.';
COMMENT ON COLUMN connector.person.initial IS 'Account fields that are set when the account is created, and never again.';
COMMENT ON COLUMN connector.person.row_digest IS 'Of the row that was last read and the mapping that read it.';
COMMENT ON COLUMN connector.person.gone IS 'Missing from two good feeds of a complete source, at least 24 hours apart.';
COMMENT ON COLUMN connector.person.grant_set IS 'Digest of what rules give to this person; NULL for nothing.';
COMMENT ON COLUMN connector.person.units_above IS 'Units above the unit, the topmost first.';
COMMENT ON COLUMN connector.person.starts IS 'The first day of employment, ends its last, in the time zone of the person.';
CREATE INDEX person_row ON connector.person (row_digest);

CREATE TABLE connector.grant_set (
    source text NOT NULL,
    digest bytea NOT NULL,
    kind   text NOT NULL,
    target text NOT NULL,
    terms  jsonb NOT NULL,
    rule   text NOT NULL,
    level  text NOT NULL,
    ref    text NOT NULL,
    PRIMARY KEY (source, digest, kind, target)
);
COMMENT ON TABLE connector.grant_set IS 'Sets of grants that rules give: people of one role and unit share theirs.';

CREATE VIEW connector.wanted_grant AS
SELECT p.person_id, g.kind, g.target, g.terms, g.rule, g.level, g.ref
FROM connector.person p
JOIN connector.grant_set g ON g.source = p.source AND g.digest = p.grant_set;
COMMENT ON VIEW connector.wanted_grant IS 'What the rules give to each person, by the mapping that read the last feed.';

CREATE TABLE connector.account (
    site       text NOT NULL,
    account_id bigint NOT NULL,
    fields     jsonb NOT NULL,
    suspended  boolean NOT NULL,
    seen_at    timestamptz NOT NULL,
    mark       bytea,
    PRIMARY KEY (site, account_id)
);
COMMENT ON TABLE connector.account IS 'A Moodle account as it was last seen or written by this connector.';
COMMENT ON COLUMN connector.account.mark IS
    'Digest of the account in a report: while it stays the same, the account need not be read again.';

CREATE TABLE connector.cursor (
    site       text NOT NULL,
    name       text NOT NULL,
    read_until timestamptz NOT NULL,
    PRIMARY KEY (site, name)
);
COMMENT ON TABLE connector.cursor IS 'Up to when changes have been read from Moodle.';

CREATE TABLE connector.binding (
    site       text NOT NULL,
    person_id  bigint NOT NULL REFERENCES connector.person,
    account_id bigint NOT NULL,
    bound_at   timestamptz NOT NULL,
    bound_by   text NOT NULL,
    suspended_by_us boolean NOT NULL DEFAULT false,
    PRIMARY KEY (site, person_id),
    UNIQUE (site, account_id)
);
COMMENT ON TABLE connector.binding IS 'Which person has which Moodle account.';

CREATE TABLE connector.reserved_username (
    site      text NOT NULL,
    username  text NOT NULL COLLATE "C",
    person_id bigint NOT NULL REFERENCES connector.person,
    PRIMARY KEY (site, username)
);
COMMENT ON TABLE connector.reserved_username IS 'Usernames that were ever given: never used for somebody else.';

CREATE TABLE connector.plan (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site       text NOT NULL,
    source     text NOT NULL,
    feed_id    bigint REFERENCES connector.feed,
    hash       text,
    basis      text NOT NULL,
    created_at timestamptz NOT NULL,
    status     text NOT NULL DEFAULT 'making'
               CHECK (status IN ('making', 'planned', 'applying', 'applied', 'superseded')),
    counts     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX plan_latest ON connector.plan (site, number DESC);

CREATE TABLE connector.change (
    plan        bigint NOT NULL REFERENCES connector.plan ON DELETE CASCADE,
    ordinal     integer,
    phase       smallint NOT NULL,
    action      text NOT NULL,
    subject     text NOT NULL COLLATE "C",
    target      text NOT NULL COLLATE "C",
    person_id   bigint REFERENCES connector.person,
    before      jsonb NOT NULL,
    after       jsonb NOT NULL,
    reason      text NOT NULL,
    kind        text,
    level       text NOT NULL,
    ref         text NOT NULL,
    guard_class text,
    digest      text NOT NULL
);
COMMENT ON TABLE connector.change IS 'The changes of a plan, with before and after; never altered once the plan is made.';
COMMENT ON COLUMN connector.change.level IS 'Of a grant: cohort, course, category or system; ref is its name there.';
CREATE UNIQUE INDEX change_order ON connector.change (plan, ordinal);

CREATE TABLE connector.hold (
    plan        bigint NOT NULL REFERENCES connector.plan ON DELETE CASCADE,
    guard_class text NOT NULL,
    count       integer NOT NULL,
    "limit"     integer NOT NULL,
    digest      text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'rejected', 'superseded')),
    decided_by  text NOT NULL DEFAULT '',
    decided_at  timestamptz,
    expires_at  timestamptz,
    PRIMARY KEY (plan, guard_class)
);
CREATE INDEX hold_digest ON connector.hold (digest);

CREATE TABLE connector.run (
    run_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('apply')),
    site        text NOT NULL,
    plan        bigint REFERENCES connector.plan,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    status      text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'stopped')),
    detail      text NOT NULL DEFAULT ''
);

CREATE TABLE connector.operation (
    plan        bigint NOT NULL,
    ordinal     integer NOT NULL,
    run_id      bigint NOT NULL REFERENCES connector.run,
    state       text NOT NULL CHECK (state IN ('sent', 'done', 'refused', 'waiting')),
    attempts    integer NOT NULL DEFAULT 1,
    sent_at     timestamptz NOT NULL,
    finished_at timestamptz,
    code        text NOT NULL DEFAULT '',
    message     text NOT NULL DEFAULT '',
    before      text NOT NULL DEFAULT '',
    PRIMARY KEY (plan, ordinal),
    FOREIGN KEY (plan, ordinal) REFERENCES connector.change (plan, ordinal)
);
CREATE INDEX operation_in_doubt ON connector.operation (plan, ordinal) WHERE state = 'sent';
COMMENT ON TABLE connector.operation IS
    'The journal: each change that was attempted. sent without an end: it may have happened, so it is looked up first.';

COMMENT ON COLUMN connector.operation.before IS 'What Moodle answered to the try before the last one.';

CREATE TABLE connector.ledger (
    grant_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site       text NOT NULL,
    person_id  bigint NOT NULL REFERENCES connector.person,
    kind       text NOT NULL,
    target     text NOT NULL,
    place_id   bigint,
    terms      jsonb NOT NULL,
    ours       boolean NOT NULL,
    suspended  boolean NOT NULL DEFAULT false,
    granted_at timestamptz NOT NULL,
    plan       bigint NOT NULL,
    ordinal    integer NOT NULL,
    ended_at   timestamptz,
    lost       boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN connector.ledger.lost IS 'It ended because somebody took it away in Moodle.';
COMMENT ON TABLE connector.ledger IS 'What this connector has granted: the only ground for taking anything away.';
COMMENT ON COLUMN connector.ledger.place_id IS
    'Moodle''s id of the cohort, course or category where it was granted: names move, and removals must not follow them.';
CREATE INDEX ledger_person ON connector.ledger (person_id, kind, target);
CREATE UNIQUE INDEX ledger_active ON connector.ledger (site, person_id, kind, target) WHERE ended_at IS NULL;

CREATE TABLE connector."case" (
    case_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site       text NOT NULL,
    kind       text NOT NULL,
    subject    text NOT NULL,
    reason     text NOT NULL,
    candidates jsonb NOT NULL DEFAULT '[]',
    opened_at  timestamptz NOT NULL,
    settled_at timestamptz,
    settled_by text NOT NULL DEFAULT '',
    settlement jsonb,
    withdrawn_at timestamptz,
    withdrawn_by text NOT NULL DEFAULT ''
);
COMMENT ON COLUMN connector."case".withdrawn_at IS 'When somebody took the settlement back.';
COMMENT ON TABLE connector."case" IS 'What a person must decide: a missing course, two matches, an e-mail that is taken.';
CREATE UNIQUE INDEX case_open ON connector."case" (site, kind, subject) WHERE settled_at IS NULL;

CREATE TABLE connector.reference (
    site      text NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('course', 'category', 'cohort')),
    ref       text NOT NULL,
    moodle_id bigint NOT NULL,
    seen_at   timestamptz NOT NULL,
    PRIMARY KEY (site, kind, ref)
);
COMMENT ON TABLE connector.reference IS 'Moodle''s ids of what mappings name by idnumber or shortname.';

-- Two tables that are filled while a plan is made, and emptied with it. A crash empties them, and ends the planning.
CREATE UNLOGGED TABLE connector.present_grant (
    plan       bigint NOT NULL,
    account_id bigint NOT NULL,
    kind       text NOT NULL,
    target     text NOT NULL
);
COMMENT ON TABLE connector.present_grant IS
    'Enrolments and roles in courses that are in Moodle already, so that those of others are recognised.';

CREATE UNLOGGED TABLE connector.differing_grant (
    plan       bigint NOT NULL,
    person_id  bigint NOT NULL,
    key        text NOT NULL,
    status     text NOT NULL,
    account_id bigint,
    kind       text NOT NULL,
    target     text NOT NULL,
    level      text,
    ref        text,
    wanted     jsonb,
    granted    jsonb,
    place_id   bigint,
    ours       boolean NOT NULL,
    suspended  boolean NOT NULL,
    timezone   text NOT NULL,
    rule       text NOT NULL,
    earlier    text
);
COMMENT ON TABLE connector.differing_grant IS 'Pairs of what rules give and what the ledger holds, where they differ.';

CREATE VIEW connector.grant_in_doubt AS
SELECT DISTINCT p.site, c.person_id, c.action, c.target
FROM connector.operation o
JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
JOIN connector.plan p ON p.number = o.plan
WHERE o.state = 'sent' AND c.action IN ('enrol', 'add_to_cohort', 'assign_role');
COMMENT ON VIEW connector.grant_in_doubt IS
    'Grants that were sent and never confirmed, in whatever plan: if Moodle has them, they are ours.';

-- Where a person stands on a day: the one place that decides it.
CREATE FUNCTION connector.employment_status(p connector.person, at timestamptz, ahead integer)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN p.gone OR NOT p.active THEN 'left'
        WHEN p.ends < (at AT TIME ZONE p.timezone)::date THEN 'left'
        WHEN p.starts - ahead > (at AT TIME ZONE p.timezone)::date THEN 'upcoming'
        WHEN p.starts > (at AT TIME ZONE p.timezone)::date THEN 'joining'
        ELSE 'active'
    END
$$;
COMMENT ON FUNCTION connector.employment_status IS
    'upcoming, joining (account made, suspended), active or left; days are those of the person''s own time zone. '
    'A last day is still a day of work.';

CREATE FUNCTION connector.same_account(fields jsonb, wanted jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT fields <> '{}'
       AND fields || jsonb_build_object(
               'email', lower(fields ->> 'email'),
               'profile', (SELECT COALESCE(jsonb_object_agg(name, ''), '{}')
                           FROM jsonb_object_keys(COALESCE(wanted -> 'profile', '{}')) AS name)
                          || COALESCE(fields -> 'profile', '{}'))
           @> CASE WHEN wanted ? 'email' THEN wanted || jsonb_build_object('email', lower(wanted ->> 'email'))
                   ELSE wanted END
$$;
COMMENT ON FUNCTION connector.same_account IS
    'Is an account as wanted, when a custom field that Moodle does not show is empty, and case in e-mails is none?';
