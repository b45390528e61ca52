-- What people assign and waive beside the rules.
CREATE TABLE connector.decision (
    decision_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id    bigint NOT NULL REFERENCES connector.person,
    kind         text NOT NULL CHECK (kind IN ('assign', 'waive')),
    subject      text NOT NULL CHECK (subject IN ('path', 'requirement')),
    code         text NOT NULL,
    reason       text NOT NULL CHECK (reason <> ''),
    decided_by   text NOT NULL,
    manager_id   bigint REFERENCES connector.person,
    starts_on    date NOT NULL,
    ends_on      date,
    decided_at   timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text NOT NULL DEFAULT '',
    in_force     boolean NOT NULL DEFAULT false,
    CHECK (kind = 'assign' OR subject = 'requirement'),
    CHECK (manager_id IS NULL OR ends_on IS NOT NULL),
    CHECK (ends_on >= starts_on)
);
COMMENT ON TABLE connector.decision IS 'A path or requirement assigned by a person, or a requirement waived.';
COMMENT ON COLUMN connector.decision.manager_id IS 'The manager who decided; NULL: HR, and decided_by is who acted for it.';
COMMENT ON COLUMN connector.decision.ends_on IS 'The last day on which it holds, in the time zone of the person.';
COMMENT ON COLUMN connector.decision.in_force IS 'Whether it held when the last plan was made.';
CREATE INDEX decision_person ON connector.decision (person_id, code);
CREATE INDEX decision_in_force ON connector.decision (person_id) WHERE in_force;

-- A decision and its entry in the audit trail are one. The reason stays here: it may tell of a person.
CREATE FUNCTION connector.note_manual_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO connector.audit_trail (at, actor, action, subject, detail)
    VALUES (CASE WHEN TG_OP = 'INSERT' THEN NEW.decided_at ELSE NEW.withdrawn_at END,
            CASE WHEN TG_OP = 'INSERT' THEN NEW.decided_by ELSE NEW.withdrawn_by END,
            CASE WHEN TG_OP = 'INSERT' THEN 'decision_' || NEW.kind ELSE 'decision_withdrawn' END,
            NEW.decision_id::text,
            jsonb_build_object('kind', NEW.kind, 'subject', NEW.subject, 'code', NEW.code, 'person_id', NEW.person_id,
                               'as_hr', NEW.manager_id IS NULL, 'until', NEW.ends_on));
    RETURN NULL;
END
$$;
CREATE TRIGGER decision_made AFTER INSERT ON connector.decision
    FOR EACH ROW EXECUTE FUNCTION connector.note_manual_decision();
CREATE TRIGGER decision_withdrawn AFTER UPDATE OF withdrawn_at ON connector.decision
    FOR EACH ROW WHEN (NEW.withdrawn_at IS NOT NULL) EXECUTE FUNCTION connector.note_manual_decision();

CREATE TABLE connector.assignable (
    site    text NOT NULL,
    subject text NOT NULL,
    code    text NOT NULL,
    kind    text NOT NULL,
    target  text NOT NULL,
    terms   jsonb NOT NULL,
    level   text NOT NULL,
    ref     text NOT NULL,
    PRIMARY KEY (site, subject, code, kind, target)
);
COMMENT ON TABLE connector.assignable IS
    'What each path and requirement gives to whom a person assigns it, by the mapping that made the last plan.';

DROP VIEW connector.wanted_grant;

CREATE VIEW connector.ruled_grant AS
SELECT p.person_id, g.kind, g.target, g.terms, g.rule, g.level, g.ref
FROM connector.person p
JOIN connector.grant_set g ON g.site = p.site AND g.digest = p.grant_set;
COMMENT ON VIEW connector.ruled_grant IS 'What the rules give to each person, by the mapping that read the last feed.';

CREATE VIEW connector.decision_said AS
SELECT d.decision_id, CASE d.kind WHEN 'assign' THEN 'assigned' ELSE 'waived' END || ' by '
           || CASE WHEN d.manager_id IS NULL THEN 'HR (' || d.decided_by || ')' ELSE d.decided_by END
           || COALESCE(' until ' || d.ends_on, '') || ': ' || d.reason AS said
FROM connector.decision d;
COMMENT ON VIEW connector.decision_said IS 'Who decided, until when and why, as changes tell it.';

CREATE VIEW connector.waived AS
SELECT DISTINCT ON (d.person_id, d.code) d.person_id, d.code, s.said
FROM connector.decision d JOIN connector.decision_said s USING (decision_id)
WHERE d.in_force AND d.kind = 'waive'
ORDER BY d.person_id, d.code, d.decision_id;
COMMENT ON VIEW connector.waived IS 'Requirements that people waived, each once, while that is in force.';

CREATE VIEW connector.assigned_grant AS
SELECT DISTINCT ON (d.person_id, a.kind, a.target) d.person_id, a.kind, a.target, a.terms, s.said AS rule, a.level, a.ref
FROM connector.decision d
JOIN connector.decision_said s USING (decision_id)
JOIN connector.person p USING (person_id)
JOIN connector.assignable a ON a.site = p.site AND a.subject = d.subject AND a.code = d.code
WHERE d.in_force AND d.kind = 'assign'
ORDER BY d.person_id, a.kind, a.target, d.decision_id;
COMMENT ON VIEW connector.assigned_grant IS 'What people assigned, each once, while it is in force.';

CREATE VIEW connector.wanted_grant AS
SELECT w.person_id, w.kind, w.target, w.terms, w.rule, w.level, w.ref
FROM (
    SELECT person_id, kind, target, terms, rule, level, ref FROM connector.ruled_grant
    UNION ALL
    SELECT a.person_id, a.kind, a.target, a.terms, a.rule, a.level, a.ref
    FROM connector.assigned_grant a
    WHERE NOT EXISTS (
        SELECT FROM connector.ruled_grant r
        WHERE r.person_id = a.person_id AND r.kind = a.kind AND r.target = a.target)
) w
-- not by NOT EXISTS: this is looked up in a hash once made, however little the planner knows of the few decisions
WHERE w.kind <> 'assignment' OR (w.person_id, w.target) NOT IN (
    SELECT v.person_id, v.code FROM connector.decision v WHERE v.in_force AND v.kind = 'waive');
COMMENT ON VIEW connector.wanted_grant IS
    'What each person is to have: what the rules give and people assigned, once each, without what people waived.';

-- What learners are to be told in Moodle.
CREATE TABLE connector.due_notice (
    site        text NOT NULL,
    person_id   bigint NOT NULL REFERENCES connector.person,
    requirement text NOT NULL,
    due_on      date NOT NULL,
    changed     boolean NOT NULL,
    noted_at    timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'done', 'refused', 'over')),
    told_at     timestamptz,
    message     text NOT NULL DEFAULT '',
    PRIMARY KEY (site, person_id, requirement, due_on)
);
COMMENT ON TABLE connector.due_notice IS 'Due dates that learners are told in Moodle: each once, whatever happens.';
COMMENT ON COLUMN connector.due_notice.state IS
    'sent without an end: it may have arrived, and is not sent again. over: it held no longer before anybody was told.';
COMMENT ON COLUMN connector.due_notice.changed IS 'Whether it was due on another day before.';
CREATE INDEX due_notice_waiting ON connector.due_notice (site, person_id) WHERE state = 'waiting';
