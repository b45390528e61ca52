CREATE TABLE connector.content (
    content_id  uuid PRIMARY KEY,
    site        text NOT NULL,
    kind        text NOT NULL,
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    course      text NOT NULL,
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL,
    ended_at    timestamptz
);
COMMENT ON TABLE connector.content IS 'Content that was made here; who teaches in the course where it was made changes it.';
COMMENT ON COLUMN connector.content.course IS 'The platform''s id of the course in which it was made.';
COMMENT ON COLUMN connector.content.made_by IS 'The platform''s subject of who made it.';
CREATE INDEX content_course ON connector.content (platform_id, course) WHERE ended_at IS NULL;

CREATE TABLE connector.content_version (
    content_id uuid NOT NULL REFERENCES connector.content,
    version    integer NOT NULL CHECK (version > 0),
    body       jsonb NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    changes    integer NOT NULL DEFAULT 1,
    PRIMARY KEY (content_id, version)
);
COMMENT ON TABLE connector.content_version IS 'Versions of content: one that somebody has used stays as it is, and the next is begun by a change.';
COMMENT ON COLUMN connector.content_version.changes IS 'How often it was changed, by which two people who change it at once are told apart.';
COMMENT ON COLUMN connector.content_version.changed_by IS 'The platform''s subject of who changed it last.';

CREATE TABLE connector.attempt (
    attempt_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    content_id     uuid NOT NULL,
    version        integer NOT NULL,
    marked_version integer NOT NULL,
    banks          jsonb NOT NULL,
    marked_banks   jsonb NOT NULL,
    paper          text[] NOT NULL,
    platform_id    bigint NOT NULL REFERENCES connector.lti_platform,
    course         text NOT NULL,
    link           text NOT NULL,
    subject        text NOT NULL,
    person_id      bigint,
    trial          boolean NOT NULL,
    number         integer NOT NULL CHECK (number > 0),
    line_item      text NOT NULL,
    started_at     timestamptz NOT NULL,
    ends_at        timestamptz,
    submitted_at   timestamptz,
    percent        double precision,
    passed         boolean,
    settled_at     timestamptz,
    UNIQUE (content_id, platform_id, link, subject, trial, number),
    FOREIGN KEY (content_id, version) REFERENCES connector.content_version,
    FOREIGN KEY (content_id, marked_version) REFERENCES connector.content_version (content_id, version)
);
COMMENT ON TABLE connector.attempt IS 'Who has tried what in which activity, when, and with which result.';
COMMENT ON COLUMN connector.attempt.marked_version IS 'By which version''s right answers it is marked: a later one after a regrade.';
COMMENT ON COLUMN connector.attempt.banks IS 'Versions of the banks from which it was drawn, by their content.';
COMMENT ON COLUMN connector.attempt.paper IS 'Its questions, in their order.';
COMMENT ON COLUMN connector.attempt.ends_at IS 'By this service''s clock; empty: no limit.';
COMMENT ON COLUMN connector.attempt.percent IS 'Empty while it is open, or something waits to be marked.';
COMMENT ON COLUMN connector.attempt.trial IS 'Begun by who teaches, to see how it is: it counts nowhere.';
COMMENT ON COLUMN connector.attempt.settled_at IS 'When its result was last found; empty: not yet.';
COMMENT ON COLUMN connector.attempt.marked_banks IS 'By which versions of banks it is marked.';
CREATE UNIQUE INDEX attempt_open ON connector.attempt (content_id, platform_id, link, subject, trial)
WHERE submitted_at IS NULL;
CREATE INDEX attempt_person ON connector.attempt (person_id);
CREATE INDEX attempt_link ON connector.attempt (platform_id, link);
CREATE INDEX attempt_overdue ON connector.attempt (ends_at) WHERE submitted_at IS NULL;
CREATE INDEX attempt_unsettled ON connector.attempt (submitted_at) WHERE settled_at IS NULL;

CREATE TABLE connector.answer (
    attempt_id  bigint NOT NULL REFERENCES connector.attempt,
    question_id text NOT NULL,
    said        jsonb NOT NULL,
    place       bigint NOT NULL,
    saved_at    timestamptz NOT NULL,
    PRIMARY KEY (attempt_id, question_id)
);
COMMENT ON TABLE connector.answer IS 'What was answered, the last of each question.';
COMMENT ON COLUMN connector.answer.place IS 'The page''s own count: what is sent again late is older than what is there, and does not count.';

CREATE TABLE connector.evidence (
    file_id     uuid PRIMARY KEY,
    attempt_id  bigint NOT NULL REFERENCES connector.attempt,
    question_id text NOT NULL,
    name        text NOT NULL,
    media_type  text NOT NULL,
    size        bigint NOT NULL CHECK (size > 0),
    place       text NOT NULL,
    added_at    timestamptz NOT NULL
);
COMMENT ON TABLE connector.evidence IS 'Files that somebody handed in for a question.';
COMMENT ON COLUMN connector.evidence.size IS 'In bytes.';
COMMENT ON COLUMN connector.evidence.place IS 'Where the file lies in the storage.';
CREATE INDEX evidence_attempt ON connector.evidence (attempt_id, question_id);

CREATE TABLE connector.mark (
    mark_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id  bigint NOT NULL REFERENCES connector.attempt,
    question_id text NOT NULL,
    share       double precision NOT NULL CHECK (share BETWEEN 0 AND 1),
    comment     text NOT NULL,
    marked_by   text NOT NULL,
    marked_at   timestamptz NOT NULL
);
COMMENT ON TABLE connector.mark IS 'Every mark that somebody gave by hand; the last of a question counts.';
COMMENT ON COLUMN connector.mark.marked_by IS 'The platform''s subject of who gave it.';
CREATE INDEX mark_attempt ON connector.mark (attempt_id, question_id, mark_id);

CREATE TABLE connector.learning_event (
    event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site        text NOT NULL,
    at          timestamptz NOT NULL,
    verb        text NOT NULL,
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    course      text NOT NULL,
    link        text NOT NULL,
    subject     text NOT NULL,
    person_id   bigint,
    content     text NOT NULL,
    attempt_id  bigint,
    object      text NOT NULL DEFAULT '',
    result      jsonb
);
COMMENT ON TABLE connector.learning_event IS 'What happens in launched content, on its way to the facts.';
COMMENT ON COLUMN connector.learning_event.verb IS 'Of xAPI and its video profile, the last part of its address.';
COMMENT ON COLUMN connector.learning_event.content IS 'As the launch names it: the id of content, or its kind where there is one only.';
COMMENT ON COLUMN connector.learning_event.object IS 'What within the content, such as a question.';
CREATE INDEX learning_event_person ON connector.learning_event (person_id);
