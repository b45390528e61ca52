CREATE TABLE connector.media (
    media_id    uuid PRIMARY KEY,
    site        text NOT NULL,
    platform_id bigint NOT NULL REFERENCES connector.lti_platform,
    course      text NOT NULL,
    made_by     text NOT NULL,
    name        text NOT NULL,
    size        bigint NOT NULL CHECK (size > 0),
    state       text NOT NULL,
    upload      text NOT NULL,
    progress    double precision NOT NULL DEFAULT 0,
    reference   text NOT NULL DEFAULT '',
    failure     text,
    tries       integer NOT NULL DEFAULT 0,
    made        jsonb,
    made_at     timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL
);
COMMENT ON TABLE connector.media IS 'Videos that were uploaded, and what was made of them; contents refer to them.';
COMMENT ON COLUMN connector.media.course IS 'The platform''s id of the course in which it was uploaded.';
COMMENT ON COLUMN connector.media.made_by IS 'The platform''s subject of who uploaded it.';
COMMENT ON COLUMN connector.media.name IS 'As the file was called where it came from; nothing is named after it.';
COMMENT ON COLUMN connector.media.size IS 'In bytes.';
COMMENT ON COLUMN connector.media.state IS 'uploading, waiting, working, ready or failed.';
COMMENT ON COLUMN connector.media.upload IS 'What the storage calls the upload under way.';
COMMENT ON COLUMN connector.media.progress IS 'The share that is transcoded.';
COMMENT ON COLUMN connector.media.reference IS 'What the transcoder calls its work.';
COMMENT ON COLUMN connector.media.made IS 'Seconds, renditions with their segments, and names of the other files.';
CREATE INDEX media_open ON connector.media (state, made_at) WHERE state IN ('uploading', 'waiting', 'working');

CREATE TABLE connector.media_part (
    media_id uuid NOT NULL REFERENCES connector.media ON DELETE CASCADE,
    number   integer NOT NULL CHECK (number > 0),
    tag      text NOT NULL,
    PRIMARY KEY (media_id, number)
);
COMMENT ON TABLE connector.media_part IS 'Parts of uploads that are there.';
COMMENT ON COLUMN connector.media_part.tag IS 'What the storage calls it.';

CREATE TABLE connector.viewing (
    view_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    content_id   uuid NOT NULL,
    version      integer NOT NULL,
    media_id     uuid NOT NULL REFERENCES connector.media,
    platform_id  bigint NOT NULL REFERENCES connector.lti_platform,
    course       text NOT NULL,
    link         text NOT NULL,
    subject      text NOT NULL,
    person_id    bigint,
    name         text NOT NULL,
    line_item    text NOT NULL,
    trial        boolean NOT NULL,
    watched      jsonb NOT NULL DEFAULT '[]',
    heat         jsonb NOT NULL DEFAULT '[]',
    position     double precision NOT NULL DEFAULT 0,
    share        double precision NOT NULL DEFAULT 0,
    answers      jsonb NOT NULL DEFAULT '{}',
    began_at     timestamptz NOT NULL,
    reported_at  timestamptz NOT NULL,
    credit       double precision NOT NULL,
    completed_at timestamptz,
    UNIQUE (content_id, media_id, platform_id, link, subject),
    FOREIGN KEY (content_id, version) REFERENCES connector.content_version
);
COMMENT ON TABLE connector.viewing IS 'How much somebody has watched of a video in an activity.';
COMMENT ON COLUMN connector.viewing.version IS 'Of the lesson, as it was when it was last opened.';
COMMENT ON COLUMN connector.viewing.name IS 'As the platform told it at the last launch.';
COMMENT ON COLUMN connector.viewing.trial IS 'Whoever watches teaches there, and tries it out.';
COMMENT ON COLUMN connector.viewing.watched IS 'From when to when, in seconds of the video; none overlap.';
COMMENT ON COLUMN connector.viewing.heat IS 'How often each hundredth of the video was watched.';
COMMENT ON COLUMN connector.viewing.position IS 'Where it goes on, in seconds.';
COMMENT ON COLUMN connector.viewing.share IS 'How much of the video was watched.';
COMMENT ON COLUMN connector.viewing.answers IS 'By question what was answered first, and the share of it that is right.';
COMMENT ON COLUMN connector.viewing.reported_at IS 'When the page last told what was watched, or was opened.';
COMMENT ON COLUMN connector.viewing.credit IS 'Seconds that could have been watched by then, and were not: nobody watches faster than the clock.';
CREATE INDEX viewing_person ON connector.viewing (person_id);
CREATE INDEX viewing_course ON connector.viewing (platform_id, course);
