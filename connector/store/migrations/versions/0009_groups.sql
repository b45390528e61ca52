ALTER TABLE connector.reference DROP CONSTRAINT reference_kind_check;
ALTER TABLE connector.reference
    ADD CONSTRAINT reference_kind_check CHECK (kind IN ('course', 'category', 'cohort', 'group'));

CREATE TABLE connector.course_group (
    site      text NOT NULL,
    group_id  bigint NOT NULL,
    course_id bigint NOT NULL,
    PRIMARY KEY (site, group_id)
);
COMMENT ON TABLE connector.course_group IS
    'In which course each group is, by Moodle''s ids: a membership rests with the enrolment there, and goes with it.';

CREATE INDEX ledger_group ON connector.ledger (place_id) WHERE kind = 'group' AND ended_at IS NULL;

CREATE OR REPLACE VIEW connector.grant_in_doubt AS
SELECT DISTINCT p.site, c.person_id, c.action, c.target
FROM connector.operation o
JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
JOIN connector.plan p ON p.number = o.plan
WHERE o.state = 'sent' AND c.action IN ('enrol', 'add_to_cohort', 'assign_role', 'add_to_group');
