DROP VIEW connector.grant_in_doubt;
CREATE VIEW connector.grant_in_doubt AS
SELECT p.site, c.person_id, c.action, c.target, o.plan, o.ordinal, o.run_id, o.state, o.sent_at
FROM connector.operation o
JOIN connector.change c ON c.plan = o.plan AND c.ordinal = o.ordinal
JOIN connector.plan p ON p.number = o.plan
WHERE (o.state = 'sent' OR o.state = 'waiting' AND o.code = 'lost')
  AND c.action IN ('enrol', 'add_to_cohort', 'assign_role', 'add_to_group');
COMMENT ON VIEW connector.grant_in_doubt IS
    'Grants that were sent and never confirmed, in whatever plan: the next plan looks them up. Those that Moodle did not '
    'have then are lost: what shows up all the same within minutes of sent_at is ours.';
CREATE INDEX operation_lost ON connector.operation (plan, ordinal) WHERE state = 'waiting' AND code = 'lost';

ALTER TABLE connector.present_grant ADD COLUMN active boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN connector.present_grant.active IS 'Of an enrolment: whether it lets its owner in.';
COMMENT ON TABLE connector.present_grant IS
    'Enrolments, roles in courses and memberships that are in Moodle already, so that those of others are recognised.';
