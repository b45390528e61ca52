-- What happens in content that Moodle launches. Who is known has facts by person; of others person_id is NULL, and they count.
CREATE TABLE facts.dim_content (
    content text PRIMARY KEY,
    kind    text NOT NULL,
    title   jsonb NOT NULL,
    version integer NOT NULL
);
COMMENT ON TABLE facts.dim_content IS 'Content that is made here, as last told: its title by language, without history.';

CREATE TABLE facts.dim_question (
    content     text NOT NULL,
    question_id text NOT NULL,
    kind        text NOT NULL,
    question    jsonb NOT NULL,
    weight      double precision NOT NULL,
    PRIMARY KEY (content, question_id)
);
COMMENT ON TABLE facts.dim_question IS 'Questions of assessments, as last told: their text by language, without history.';
COMMENT ON COLUMN facts.dim_question.content IS 'The assessment that asks it, from whichever bank it was drawn.';

CREATE TABLE facts.fact_learning_event (
    event_id    bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    verb        text NOT NULL,
    person_id   bigint,
    platform    text NOT NULL,
    course      text NOT NULL,
    course_id   bigint,
    link        text NOT NULL,
    content     text NOT NULL,
    attempt_id  bigint,
    object      text NOT NULL,
    percent     double precision,
    seconds     double precision,
    share       double precision,
    "position"  double precision,
    length      double precision,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (event_id, happened_at)
);
COMMENT ON TABLE facts.fact_learning_event IS 'Events of launched content, in the words of xAPI and its video profile.';
COMMENT ON COLUMN facts.fact_learning_event.event_id IS
    'Of the connector. After an older backup was restored there it is given again, to what happens at another time.';
COMMENT ON COLUMN facts.fact_learning_event.course_id IS 'The course where it is one of our own Moodle; else NULL.';
CREATE INDEX fact_learning_event_person ON facts.fact_learning_event (person_id, happened_at);
CREATE INDEX fact_learning_event_happened ON facts.fact_learning_event (happened_at);
CREATE INDEX fact_learning_event_content ON facts.fact_learning_event (content, happened_at);

CREATE TABLE facts.fact_assessment_attempt (
    attempt_id   bigint PRIMARY KEY,
    series       bigint NOT NULL,
    number       integer NOT NULL,
    person_id    bigint,
    platform     text NOT NULL,
    course       text NOT NULL,
    course_id    bigint,
    link         text NOT NULL,
    content      text NOT NULL,
    version      integer NOT NULL,
    started_at   timestamptz NOT NULL,
    submitted_at timestamptz,
    percent      double precision,
    passed       boolean,
    observed_at  timestamptz NOT NULL
);
COMMENT ON TABLE facts.fact_assessment_attempt IS 'Attempts at assessments as they stand; after a regrade with the new result.';
COMMENT ON COLUMN facts.fact_assessment_attempt.series IS 'The first attempt of the same person in the same activity.';
CREATE INDEX fact_assessment_attempt_person ON facts.fact_assessment_attempt (person_id);
CREATE INDEX fact_assessment_attempt_content ON facts.fact_assessment_attempt (content, course_id);
CREATE INDEX fact_assessment_attempt_series ON facts.fact_assessment_attempt (series, number) WHERE percent IS NOT NULL;
CREATE INDEX fact_assessment_attempt_started ON facts.fact_assessment_attempt (started_at);

CREATE TABLE facts.fact_question_response (
    attempt_id  bigint NOT NULL REFERENCES facts.fact_assessment_attempt ON DELETE CASCADE,
    question_id text NOT NULL,
    place       integer NOT NULL,
    answered_at timestamptz,
    share       double precision,
    confidence  integer,
    seconds     double precision,
    PRIMARY KEY (attempt_id, question_id)
);
COMMENT ON TABLE facts.fact_question_response IS 'What each question of an attempt gave; what was answered is not here.';
COMMENT ON COLUMN facts.fact_question_response.share IS
    'How much of it is right, from 0 to 1; NULL while the attempt is open, or the question waits to be marked.';

CREATE TABLE facts.fact_time_spent (
    person_id   bigint NOT NULL,
    platform    text NOT NULL,
    course      text NOT NULL,
    course_id   bigint,
    content     text NOT NULL,
    source      text NOT NULL CHECK (source IN ('answers', 'watched')),
    seconds     double precision NOT NULL,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, content, platform, course, source)
);
COMMENT ON TABLE facts.fact_time_spent IS
    'Seconds that people have spent, as launched content measured them: on questions that they answered, or of a video.';
CREATE INDEX fact_time_spent_course ON facts.fact_time_spent (course_id);

-- ---------------------------------------------------------------- rows, of everybody: for the views below
CREATE VIEW facts.learning_event_row AS
SELECT e.person_id, e.event_id, e.happened_at, e.verb, e.platform, e.course_id, c.idnumber, c.shortname, c.fullname, e.link,
       e.content, d.kind AS content_kind, d.title AS content_title, e.attempt_id, e.object, e.percent, e.share, e.seconds,
       e."position", e.length, e.observed_at
FROM facts.fact_learning_event e
LEFT JOIN facts.dim_course c ON c.course_id = e.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_content d ON d.content = e.content;
COMMENT ON VIEW facts.learning_event_row IS 'Events of launched content, of every unit.';

CREATE VIEW facts.attempt_row AS
SELECT a.person_id, a.series, a.attempt_id, a.content, d.title AS content_title, a.version, a.platform, a.course_id,
       c.idnumber, c.shortname, c.fullname, a.link, a.number, a.started_at, a.submitted_at,
       extract(epoch FROM a.submitted_at - a.started_at)::double precision AS seconds, a.percent, a.passed,
       CASE WHEN a.submitted_at IS NULL THEN 'open' WHEN a.percent IS NULL THEN 'submitted' ELSE 'marked' END AS state,
       a.number = 1 AS is_first,
       a.percent IS NOT NULL AND NOT EXISTS (
           SELECT FROM facts.fact_assessment_attempt l
           WHERE l.series = a.series AND l.number > a.number AND l.percent IS NOT NULL) AS is_final,
       a.observed_at
FROM facts.fact_assessment_attempt a
LEFT JOIN facts.dim_course c ON c.course_id = a.course_id AND c.valid_to = 'infinity'
LEFT JOIN facts.dim_content d ON d.content = a.content;
COMMENT ON VIEW facts.attempt_row IS 'Attempts at assessments, of every unit.';

CREATE VIEW facts.attempt_seen WITH (security_barrier) AS
SELECT a.* FROM facts.fact_assessment_attempt a WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT a.* FROM facts.fact_assessment_attempt a
JOIN facts.dim_person p ON p.person_id = a.person_id AND p.valid_to = 'infinity'
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);
COMMENT ON VIEW facts.attempt_seen IS 'Attempts of those in sight; who sees everybody sees those of unknown people, too.';

CREATE VIEW facts.time_spent_row AS
SELECT t.person_id, t.platform, t.course_id, c.idnumber, c.shortname, c.fullname, t.content, d.kind AS content_kind,
       d.title AS content_title, t.seconds, t.source, t.observed_at
FROM facts.fact_time_spent t
LEFT JOIN facts.dim_content d ON d.content = t.content
LEFT JOIN facts.dim_course c ON c.course_id = t.course_id AND c.valid_to = 'infinity';
COMMENT ON VIEW facts.time_spent_row IS 'Time spent, of every unit.';

CREATE VIEW facts.time_untold_row AS
SELECT e.person_id, NULL::text AS platform, e.course_id, c.idnumber, c.shortname, c.fullname, NULL::text AS content,
       NULL::text AS content_kind, NULL::jsonb AS content_title, NULL::double precision AS seconds, NULL::text AS source,
       NULL::timestamptz AS observed_at
FROM facts.fact_enrolment e
LEFT JOIN facts.dim_course c ON c.course_id = e.course_id AND c.valid_to = 'infinity'
WHERE e.valid_to = 'infinity' AND NOT EXISTS (
    SELECT FROM facts.fact_time_spent t WHERE t.person_id = e.person_id AND t.course_id = e.course_id);
COMMENT ON VIEW facts.time_untold_row IS 'Enrolments of which nobody tells the time spent, of every unit.';

-- ---------------------------------------------------------------- the views; each has two arms: see 0001_views.sql
CREATE VIEW reporting.learning_events WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, e.course_id, e.idnumber, e.shortname, e.fullname,
       e.platform, e.link, e.content, e.content_kind, e.content_title, e.happened_at, e.verb, e.object, e.attempt_id,
       e.percent, e.share, e.seconds, e."position", e.length, e.event_id, e.observed_at
FROM facts.learning_event_row e
JOIN facts.person_named p ON p.person_id = e.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, e.course_id, e.idnumber, e.shortname, e.fullname,
       e.platform, e.link, e.content, e.content_kind, e.content_title, e.happened_at, e.verb, e.object, e.attempt_id,
       e.percent, e.share, e.seconds, e."position", e.length, e.event_id, e.observed_at
FROM facts.learning_event_row e
JOIN facts.person_named p ON p.person_id = e.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.assessment_attempts WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, a.course_id, a.idnumber, a.shortname, a.fullname,
       a.platform, a.link, a.content, a.content_title, a.version, a.attempt_id, a.number AS attempt, a.is_first, a.is_final,
       a.state, a.started_at, a.submitted_at, a.seconds, a.percent, a.passed, a.observed_at
FROM facts.attempt_row a
JOIN facts.person_named p ON p.person_id = a.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, a.course_id, a.idnumber, a.shortname, a.fullname,
       a.platform, a.link, a.content, a.content_title, a.version, a.attempt_id, a.number, a.is_first, a.is_final,
       a.state, a.started_at, a.submitted_at, a.seconds, a.percent, a.passed, a.observed_at
FROM facts.attempt_row a
JOIN facts.person_named p ON p.person_id = a.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

CREATE VIEW reporting.assessment_performance WITH (security_barrier) AS
SELECT x.content, d.title AS content_title, x.platform, x.course_id, c.idnumber, c.shortname, c.fullname, x.learners,
       x.attempts, x.waiting, x.first_marked, x.first_passed,
       round(100.0 * x.first_passed / NULLIF(x.first_marked, 0), 1)::double precision AS first_pass_rate,
       x.final_marked, x.final_passed,
       round(100.0 * x.final_passed / NULLIF(x.final_marked, 0), 1)::double precision AS final_pass_rate,
       round(x.average_percent::numeric, 2)::double precision AS average_percent,
       round(x.median_percent::numeric, 2)::double precision AS median_percent,
       round(x.median_seconds::numeric, 1)::double precision AS median_seconds
FROM (
    SELECT a.content, a.platform, a.course_id, count(DISTINCT COALESCE(a.person_id, -a.series)) AS learners,
           count(*) AS attempts, count(*) FILTER (WHERE a.submitted_at IS NOT NULL AND a.percent IS NULL) AS waiting,
           count(*) FILTER (WHERE a.number = 1 AND a.percent IS NOT NULL) AS first_marked,
           count(*) FILTER (WHERE a.number = 1 AND a.passed) AS first_passed,
           count(f.series) AS final_marked,
           count(f.series) FILTER (WHERE a.passed) AS final_passed,
           avg(a.percent) FILTER (WHERE f.series IS NOT NULL) AS average_percent,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY a.percent) FILTER (WHERE f.series IS NOT NULL) AS median_percent,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.submitted_at - a.started_at)::double precision)
               FILTER (WHERE f.series IS NOT NULL) AS median_seconds
    FROM facts.attempt_seen a
    LEFT JOIN (SELECT l.series, l.content, max(l.number) AS number FROM facts.fact_assessment_attempt l
               WHERE l.percent IS NOT NULL GROUP BY l.series, l.content) f
           ON f.series = a.series AND f.number = a.number AND f.content = a.content
    GROUP BY a.content, a.platform, a.course_id
) x
LEFT JOIN facts.dim_content d ON d.content = x.content
LEFT JOIN facts.dim_course c ON c.course_id = x.course_id AND c.valid_to = 'infinity';

CREATE VIEW reporting.question_results WITH (security_barrier) AS
SELECT x.content, d.title AS content_title, x.question_id, q.kind AS question_kind, q.question, q.weight, x.asked, x.answered,
       x.marked, round((100 * x.facility)::numeric, 1)::double precision AS facility,
       round(x.median_seconds::numeric, 1)::double precision AS median_seconds,
       round(x.average_confidence, 2)::double precision AS average_confidence
FROM (
    SELECT a.content, r.question_id, count(*) AS asked, count(r.answered_at) AS answered, count(r.share) AS marked,
           avg(r.share) AS facility, percentile_cont(0.5) WITHIN GROUP (ORDER BY r.seconds) AS median_seconds,
           avg(r.confidence) AS average_confidence
    FROM facts.attempt_seen a
    JOIN facts.fact_question_response r ON r.attempt_id = a.attempt_id
    WHERE a.submitted_at IS NOT NULL
    GROUP BY a.content, r.question_id
) x
LEFT JOIN facts.dim_content d ON d.content = x.content
LEFT JOIN facts.dim_question q ON q.content = x.content AND q.question_id = x.question_id;

CREATE VIEW reporting.time_spent WITH (security_barrier) AS
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, t.course_id, t.idnumber, t.shortname, t.fullname,
       t.platform, t.content, t.content_kind, t.content_title, t.seconds, t.source, t.observed_at
FROM facts.time_spent_row t
JOIN facts.person_named p ON p.person_id = t.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, t.course_id, t.idnumber, t.shortname, t.fullname,
       t.platform, t.content, t.content_kind, t.content_title, t.seconds, t.source, t.observed_at
FROM facts.time_untold_row t
JOIN facts.person_named p ON p.person_id = t.person_id
WHERE (SELECT s.everything FROM facts.sight s)
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, t.course_id, t.idnumber, t.shortname, t.fullname,
       t.platform, t.content, t.content_kind, t.content_title, t.seconds, t.source, t.observed_at
FROM facts.time_spent_row t
JOIN facts.person_named p ON p.person_id = t.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[])
UNION ALL
SELECT p.hr_key, p.lastname, p.firstname, p.unit, p.unit_name, t.course_id, t.idnumber, t.shortname, t.fullname,
       t.platform, t.content, t.content_kind, t.content_title, t.seconds, t.source, t.observed_at
FROM facts.time_untold_row t
JOIN facts.person_named p ON p.person_id = t.person_id
WHERE NOT (SELECT s.everything FROM facts.sight s) AND p.unit = ANY ((SELECT s.units FROM facts.sight s)::text[]);

-- ---------------------------------------------------------------- how fresh it is
COMMENT ON TABLE facts.hop IS
    'How fresh each hop is: feed (HR''s last good feed), people (taken from the connector), everything (the last full '
    'reading of Moodle), changes (up to when what is new in Moodle has been read), learning (up to when all that '
    'launched content told is here).';

CREATE OR REPLACE VIEW reporting.data_freshness WITH (security_barrier) AS
SELECT h.hop, h.place, h.reached_at, now() - h.reached_at AS lag
FROM facts.sight s
CROSS JOIN LATERAL (
    SELECT h.name AS hop,
           array_position(ARRAY['feed', 'people', 'changes', 'everything', 'learning'], h.name) AS place, h.reached_at
    FROM facts.hop h
    UNION ALL
    SELECT moved.fact, 5, max(moved.finished_at)
    FROM (SELECT f.fact, l.finished_at FROM facts.load l JOIN facts.load_fact f USING (load_id)
          WHERE l.status = 'done' AND f.begun + f.ended > 0
          ORDER BY l.load_id DESC LIMIT 1000) moved
    GROUP BY moved.fact
    UNION ALL
    SELECT 'summaries', 6, o.as_of FROM facts.summary_overview o WHERE o.unit = ''
) h
WHERE s.unit IS NOT NULL;
