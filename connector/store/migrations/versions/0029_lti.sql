CREATE TABLE connector.lti_platform (
    platform_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site              text NOT NULL,
    name              text NOT NULL,
    issuer            text NOT NULL,
    client_id         text NOT NULL,
    authorization_url text NOT NULL,
    token_url         text NOT NULL,
    keys_url          text NOT NULL,
    deployments       text[] NOT NULL,
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL,
    ended_at          timestamptz
);
COMMENT ON TABLE connector.lti_platform IS 'Platforms, which are Moodles, that may launch content here.';
COMMENT ON COLUMN connector.lti_platform.deployments IS 'Those that are allowed; a launch from another is refused.';
CREATE UNIQUE INDEX lti_platform_client ON connector.lti_platform (site, issuer, client_id) WHERE ended_at IS NULL;

CREATE TABLE connector.lti_invitation (
    digest     bytea PRIMARY KEY,
    site       text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
COMMENT ON TABLE connector.lti_invitation IS 'Links by which a platform registers itself, once, known by the SHA-256 of their token.';

CREATE TABLE connector.lti_key (
    kid       text PRIMARY KEY,
    site      text NOT NULL,
    sealed    text NOT NULL,
    public    jsonb NOT NULL,
    made_at   timestamptz NOT NULL,
    retire_at timestamptz
);
COMMENT ON TABLE connector.lti_key IS 'Keys with which this tool signs: the newest; those before it are published until retire_at.';
COMMENT ON COLUMN connector.lti_key.sealed IS 'The private key, closed by lti.secret.';

CREATE TABLE connector.lti_login (
    state       bytea PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    nonce       bytea NOT NULL,
    cookie      bytea NOT NULL,
    target      text NOT NULL,
    hint        text NOT NULL,
    ends_at     timestamptz NOT NULL
);
COMMENT ON TABLE connector.lti_login IS 'Logins under way, known by the SHA-256 of their state; a launch takes its row away.';
CREATE INDEX lti_login_ends ON connector.lti_login (ends_at);

CREATE TABLE connector.lti_person (
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    subject     text NOT NULL,
    site        text NOT NULL,
    person_id   bigint NOT NULL,
    bound_at    timestamptz NOT NULL,
    PRIMARY KEY (platform_id, subject)
);
COMMENT ON TABLE connector.lti_person IS 'Which HR person a platform means by a subject, as its first launch with a key of HR told.';
CREATE INDEX lti_person_person ON connector.lti_person (person_id);

CREATE TABLE connector.lti_session (
    session_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest     bytea NOT NULL UNIQUE,
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    subject    text NOT NULL,
    person_id  bigint,
    launch     jsonb NOT NULL,
    began_at   timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL
);
COMMENT ON TABLE connector.lti_session IS 'What the bearer of a token may work with, known by its SHA-256; launch is what the platform said.';
CREATE INDEX lti_session_ends ON connector.lti_session (ends_at);
CREATE INDEX lti_session_person ON connector.lti_session (person_id);

CREATE TABLE connector.lti_score (
    score_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    line_item   text NOT NULL,
    subject     text NOT NULL,
    value       double precision,
    most        double precision NOT NULL CHECK (most > 0),
    progress    text NOT NULL,
    comment     text NOT NULL,
    stamp       timestamptz NOT NULL,
    state       text NOT NULL CHECK (state IN ('waiting', 'sent', 'parked')),
    tries       integer NOT NULL DEFAULT 0,
    try_at      timestamptz NOT NULL,
    why         text NOT NULL DEFAULT '',
    made_at     timestamptz NOT NULL,
    sent_at     timestamptz
);
COMMENT ON TABLE connector.lti_score IS 'Scores on their way to gradebooks of platforms, and those that have arrived.';
COMMENT ON COLUMN connector.lti_score.stamp IS 'Whole seconds, later than that of every score before it of this person and line item.';
CREATE INDEX lti_score_stamp ON connector.lti_score (platform_id, line_item, subject, stamp);
CREATE INDEX lti_score_due ON connector.lti_score (try_at) WHERE state = 'waiting';
