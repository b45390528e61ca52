-- What happens within courses: activities, all grade items, and each change of a grade.
CREATE TABLE facts.dim_activity (
    activity_id bigint NOT NULL,
    course_id   bigint NOT NULL,
    module      text NOT NULL,
    instance    bigint NOT NULL,
    name        text NOT NULL,
    visible     boolean NOT NULL,
    tracked     boolean NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (activity_id, valid_from)
);
COMMENT ON TABLE facts.dim_activity IS 'Activities of courses, in versions; a deleted one has none that holds.';
COMMENT ON COLUMN facts.dim_activity.activity_id IS 'Moodle''s id of the course module.';
COMMENT ON COLUMN facts.dim_activity.tracked IS 'Whether it can be completed.';
CREATE UNIQUE INDEX dim_activity_now ON facts.dim_activity (activity_id) WHERE valid_to = 'infinity';
CREATE INDEX dim_activity_instance ON facts.dim_activity (course_id, module, instance) WHERE valid_to = 'infinity';

ALTER TABLE facts.dim_grade_item
    ADD COLUMN item_type text NOT NULL DEFAULT 'course',
    ADD COLUMN module    text NOT NULL DEFAULT '',
    ADD COLUMN instance  bigint,
    ADD COLUMN name      text NOT NULL DEFAULT '',
    ADD COLUMN kind      text NOT NULL DEFAULT 'value',
    ADD COLUMN hidden    boolean NOT NULL DEFAULT false;
COMMENT ON TABLE facts.dim_grade_item IS
    'What is graded, in versions: the total of each course, categories, activities and items by hand. Points from minimum to '
    'maximum.';
COMMENT ON COLUMN facts.dim_grade_item.item_type IS 'course (the total), category, mod (an activity) or manual.';
COMMENT ON COLUMN facts.dim_grade_item.kind IS 'value, scale (grades are places in it), text or none.';
DROP INDEX facts.dim_grade_item_now;
CREATE UNIQUE INDEX dim_grade_item_now ON facts.dim_grade_item (course_id)
WHERE valid_to = 'infinity' AND item_type = 'course';
CREATE UNIQUE INDEX dim_grade_item_each_now ON facts.dim_grade_item (item_id) WHERE valid_to = 'infinity';

CREATE TABLE facts.fact_activity_completion (
    person_id   bigint NOT NULL,
    moodle_id   bigint NOT NULL,
    course_id   bigint NOT NULL,
    activity_id bigint NOT NULL,
    state       text NOT NULL CHECK (state IN ('incomplete', 'complete', 'passed', 'failed')),
    overridden  boolean NOT NULL,
    changed_at  timestamptz NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz NOT NULL DEFAULT 'infinity',
    ended_by    text CHECK (ended_by IN ('change', 'reset', 'deletion', 'unbinding')),
    PRIMARY KEY (moodle_id, activity_id, valid_from),
    CHECK ((ended_by IS NULL) = (valid_to = 'infinity'))
);
COMMENT ON TABLE facts.fact_activity_completion IS 'How people stand in activities. A reset closes a version and deletes none.';
COMMENT ON COLUMN facts.fact_activity_completion.overridden IS 'Whether a teacher set the state.';
COMMENT ON COLUMN facts.fact_activity_completion.changed_at IS 'When the state came about, by Moodle.';
CREATE UNIQUE INDEX fact_activity_completion_now ON facts.fact_activity_completion (moodle_id, activity_id)
WHERE valid_to = 'infinity';
CREATE INDEX fact_activity_completion_person ON facts.fact_activity_completion (person_id);

CREATE TABLE facts.fact_item_grade (
    person_id  bigint NOT NULL,
    moodle_id  bigint NOT NULL,
    course_id  bigint NOT NULL,
    item_id    bigint NOT NULL,
    value      double precision NOT NULL,
    overridden boolean NOT NULL,
    excluded   boolean NOT NULL,
    hidden     boolean NOT NULL,
    locked     boolean NOT NULL,
    graded_at  timestamptz,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    ended_by   text CHECK (ended_by IN ('regrade', 'reset', 'unenrolment', 'deletion', 'unbinding')),
    PRIMARY KEY (moodle_id, item_id, valid_from),
    CHECK ((ended_by IS NULL) = (valid_to = 'infinity'))
);
COMMENT ON TABLE facts.fact_item_grade IS
    'Grades of categories, activities and items by hand, as fact_grade has the totals of courses.';
COMMENT ON COLUMN facts.fact_item_grade.overridden IS 'Set in the gradebook: the activity changes it no more.';
COMMENT ON COLUMN facts.fact_item_grade.excluded IS 'Not counted in what stands above it.';
CREATE UNIQUE INDEX fact_item_grade_now ON facts.fact_item_grade (moodle_id, item_id) WHERE valid_to = 'infinity';
CREATE INDEX fact_item_grade_person ON facts.fact_item_grade (person_id);

-- What began or ended with a merge is looked for by it.
CREATE INDEX fact_item_grade_begun ON facts.fact_item_grade USING brin (valid_from);
CREATE INDEX fact_item_grade_ended ON facts.fact_item_grade (valid_to) WHERE valid_to < 'infinity';
CREATE INDEX fact_grade_begun ON facts.fact_grade USING brin (valid_from);
CREATE INDEX fact_grade_ended ON facts.fact_grade (valid_to) WHERE valid_to < 'infinity';

-- ---------------------------------------------------------------- each change of a grade
CREATE TABLE facts.fact_grade_history (
    history_id   bigint NOT NULL,
    effective_at timestamptz NOT NULL,
    observed_at  timestamptz NOT NULL,
    person_id    bigint NOT NULL,
    moodle_id    bigint NOT NULL,
    course_id    bigint NOT NULL,
    item_id      bigint NOT NULL,
    old_grade    double precision,
    new_grade    double precision,
    cause        text NOT NULL CHECK (cause IN (
        'first', 'regrade', 'override', 'import', 'again', 'recovery', 'reset', 'unenrolment', 'deletion', 'unbinding',
        'unchanged')),
    origin       text NOT NULL CHECK (origin IN ('moodle', 'mirror')),
    action       text NOT NULL CHECK (action IN ('insert', 'update', 'delete')),
    source       text NOT NULL,
    changed_by   bigint,
    overridden   boolean NOT NULL,
    excluded     boolean NOT NULL,
    hidden       boolean NOT NULL,
    locked       boolean NOT NULL,
    undone_at    timestamptz,
    PRIMARY KEY (history_id, effective_at)
) PARTITION BY RANGE (effective_at);
COMMENT ON TABLE facts.fact_grade_history IS
    'Each change of each grade: those of Moodle''s history, and those that the mirror saw and Moodle''s history does not have. '
    'Rows are inserted only; cut by month of effective_at.';
COMMENT ON COLUMN facts.fact_grade_history.history_id IS 'Moodle''s id of the change; of the mirror''s own one beyond all of these.';
COMMENT ON COLUMN facts.fact_grade_history.effective_at IS
    'By Moodle; 1970 where it does not tell. Of the mirror''s own: when it was graded, or first seen.';
COMMENT ON COLUMN facts.fact_grade_history.item_id IS
    'Moodle''s id of the grade item; of the total of a course the course''s id, negative, because not every reader is told '
    'its item.';
COMMENT ON COLUMN facts.fact_grade_history.course_id IS '0 where the item was deleted before the mirror knew it.';
COMMENT ON COLUMN facts.fact_grade_history.changed_by IS 'Moodle''s id of who did it.';
COMMENT ON COLUMN facts.fact_grade_history.undone_at IS
    'When it was found that Moodle knows nothing of it any more: it was put back to an older state.';
CREATE INDEX fact_grade_history_pair ON facts.fact_grade_history (moodle_id, item_id, effective_at);
CREATE INDEX fact_grade_history_person ON facts.fact_grade_history (person_id);
CREATE INDEX fact_grade_history_observed ON facts.fact_grade_history USING brin (observed_at);
-- No default one: to attach a month it would be locked, and whoever reads it would have to end before.
CREATE TABLE facts.fact_grade_history_else PARTITION OF facts.fact_grade_history
FOR VALUES FROM (MINVALUE) TO ('2000-01-01 00:00:00+00');
COMMENT ON TABLE facts.fact_grade_history_else IS 'Changes without a time, or of a wrong clock.';

CREATE SEQUENCE facts.own_change START 4611686018427387904;
COMMENT ON SEQUENCE facts.own_change IS 'Ids of changes that only the mirror saw: beyond those of Moodle.';

-- A table for each of these months, unless there is one. It is attached, which does not block those who read. Bounds are
-- midnight in UTC; where a table is cut by days, PostgreSQL takes their day.
CREATE FUNCTION facts.make_months(parent text, months date[]) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    month date;
    part text;
    midnight text := 'YYYY-MM-DD 00:00:00+00';
    made integer := 0;
BEGIN
    FOREACH month IN ARRAY months LOOP
        part := parent || '_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('facts.' || part) IS NOT NULL;
        EXECUTE format('CREATE TABLE facts.%I (LIKE facts.%I INCLUDING ALL)', part, parent);
        EXECUTE format('COMMENT ON TABLE facts.%I IS %L', part, 'Rows of ' || to_char(month, 'YYYY-MM') || ' (UTC).');
        EXECUTE format('ALTER TABLE facts.%I ATTACH PARTITION facts.%I FOR VALUES FROM (%L) TO (%L)', parent, part,
                       to_char(month, midnight), to_char(month + interval '1 month', midnight));
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION facts.make_months IS 'Makes the tables of these months, and says how many.';

CREATE TABLE facts.key_read (
    dataset  text PRIMARY KEY,
    newest   bigint NOT NULL,
    swept    bigint NOT NULL,
    first_at timestamptz NOT NULL
);
COMMENT ON TABLE facts.key_read IS
    'Of datasets of which rows are only added: the newest key that was read, and what it was with the last full reading.';

CREATE TABLE facts.history_read (moodle_id bigint PRIMARY KEY);
COMMENT ON TABLE facts.history_read IS 'Accounts of which the history of grades has been read from its beginning.';

-- What was known so far becomes history; totals of courses only.
SELECT facts.make_months('fact_grade_history', array_agg(month)) FROM (
    SELECT DISTINCT date_trunc('month', COALESCE(effective_at, observed_at) AT TIME ZONE 'UTC')::date AS month
    FROM facts.grade_change_row
) m WHERE month >= '2000-01-01' HAVING count(*) > 0;
INSERT INTO facts.fact_grade_history (history_id, effective_at, observed_at, person_id, moodle_id, course_id, item_id,
                                      old_grade, new_grade, cause, origin, action, source, overridden, excluded, hidden,
                                      locked)
SELECT nextval('facts.own_change'), effective_at, observed_at, person_id, moodle_id, course_id, -course_id, old_grade,
       new_grade, cause, 'mirror', CASE WHEN new_grade IS NULL THEN 'delete' WHEN old_grade IS NULL THEN 'insert' ELSE 'update' END,
       '', false, false, false, false
FROM (
    SELECT g.person_id, g.moodle_id, g.course_id, b.value AS old_grade, g.value AS new_grade,
           COALESCE(b.ended_by, 'first') AS cause, g.valid_from AS observed_at,
           GREATEST(COALESCE(g.graded_at, g.valid_from), b.graded_at) AS effective_at
    FROM facts.fact_grade g
    LEFT JOIN LATERAL (SELECT p.value, p.ended_by, p.graded_at FROM facts.fact_grade p
                       WHERE p.moodle_id = g.moodle_id AND p.course_id = g.course_id AND p.valid_from < g.valid_from
                       ORDER BY p.valid_from DESC LIMIT 1) b ON true
    UNION ALL
    SELECT g.person_id, g.moodle_id, g.course_id, g.value, NULL, g.ended_by, g.valid_to, g.valid_to
    FROM facts.fact_grade g
    WHERE g.valid_to < 'infinity' AND NOT EXISTS (
        SELECT FROM facts.fact_grade n
        WHERE n.moodle_id = g.moodle_id AND n.course_id = g.course_id AND n.valid_from = g.valid_to)
    ORDER BY observed_at
) c;

-- ---------------------------------------------------------------- earlier attempts that a plugin of Moodle has put away
ALTER TABLE facts.fact_completion
    ADD COLUMN source      text NOT NULL DEFAULT 'moodle' CHECK (source IN ('moodle', 'recompletion')),
    ADD COLUMN observed_at timestamptz;
COMMENT ON COLUMN facts.fact_completion.source IS
    'moodle: the mirror saw it hold; recompletion: an earlier attempt that local_recompletion has put away, which held from '
    'when it was completed.';
COMMENT ON COLUMN facts.fact_completion.observed_at IS 'When the connector first saw it, where that is not valid_from.';

-- ---------------------------------------------------------------- landing
CREATE UNLOGGED TABLE facts.landing_activity (
    load_id bigint, activity_id bigint, course_id bigint, module text, instance bigint, name text, visible boolean,
    tracked boolean
);
CREATE UNLOGGED TABLE facts.landing_grade_item (
    load_id bigint, item_id bigint, course_id bigint, minimum double precision, maximum double precision,
    pass_mark double precision, item_type text, module text, instance bigint, name text, kind text, hidden boolean
);
CREATE UNLOGGED TABLE facts.landing_activity_completion (
    load_id bigint, moodle_id bigint, course_id bigint, activity_id bigint, state text, overridden boolean,
    changed_at timestamptz
);
CREATE UNLOGGED TABLE facts.landing_item_grade (
    load_id bigint, moodle_id bigint, course_id bigint, item_id bigint, value double precision, overridden boolean,
    excluded boolean, hidden boolean, locked boolean, graded_at timestamptz
);
CREATE UNLOGGED TABLE facts.landing_grade_history (
    load_id bigint, history_id bigint, moodle_id bigint, course_id bigint, item_id bigint, action text, source text,
    changed_by bigint, value double precision, overridden boolean, excluded boolean, hidden boolean, locked boolean,
    effective_at timestamptz
);
CREATE UNLOGGED TABLE facts.landing_earlier_completion (
    load_id bigint, moodle_id bigint, course_id bigint, completed_at timestamptz
);
