-- name: person
-- A person as HR last said, and the account that the person has.
SELECT p.person_id, p.key, connector.employment_status(p, %(now)s, %(ahead)s) AS status, p.first_seen, p.absent_since, p.gone,
       p.timezone, to_jsonb(p) AS said, b.account_id, b.bound_at, b.bound_by, a.suspended,
       (SELECT jsonb_agg(jsonb_build_array(lower(d), upper(d) - 1) ORDER BY d) FROM unnest(l.days) AS d) AS leaves
FROM connector.person p
LEFT JOIN connector.binding b ON b.site = p.site AND b.person_id = p.person_id
LEFT JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
LEFT JOIN connector.leave l ON l.person_id = p.person_id
WHERE p.site = %(site)s AND p.key = %(key)s

-- name: events
-- What HR had said before, and absence, in order.
SELECT at, kind, feed_id, line, was FROM connector.person_event WHERE person_id = %(person_id)s ORDER BY at, kind

-- name: statements
-- What each of several sources says of the person now.
SELECT source, said, feed_id, line, absent_since, gone FROM connector.statement
WHERE site = %(site)s AND key = %(key)s ORDER BY source

-- name: rejections
-- The newest rows of the person that could not be used.
SELECT r.feed_id, r.line, r.field, r.reason
FROM connector.rejection r JOIN connector.feed f USING (feed_id)
WHERE f.site = %(site)s AND r.key = %(key)s
ORDER BY r.feed_id DESC, r.line, r.field
LIMIT 50

-- name: feeds
-- Feeds by number, and the newest good one of each source.
SELECT feed_id, source, name, received_at, status, mapping_digest FROM connector.feed
WHERE site = %(site)s AND (feed_id = ANY(%(feed_ids)s) OR feed_id IN (
    SELECT max(feed_id) FROM connector.feed WHERE site = %(site)s AND status = 'accepted' GROUP BY source))
ORDER BY feed_id

-- name: wanted
-- What rules and people give, and the courses that are still to be completed before.
SELECT w.kind, w.target, w.terms, w.rule, COALESCE((
           SELECT jsonb_agg(need.ref) FROM jsonb_array_elements_text(w.terms -> 'after') AS need (ref)
           WHERE NOT EXISTS (
               SELECT FROM connector.completed_course c
               JOIN connector.reference r ON r.site = c.site AND r.kind = 'course' AND r.moodle_id = c.course_id
               WHERE c.site = %(site)s AND c.person_id = w.person_id AND r.ref = need.ref)), '[]') AS missing
FROM connector.wanted_grant w
WHERE w.person_id = %(person_id)s
ORDER BY w.kind, w.target

-- name: changes
-- Every change of the person in every plan that is kept, how its class was held, and what came of it.
SELECT c.plan, c.ordinal, c.action, c.subject, c.target, c.person_id, c.before, c.after, c.reason, c.kind, c.guard_class AS guard,
       c.digest, p.hash AS plan_hash, p.created_at AS planned_at, p.status AS plan_status, p.undoes, p.asked_by,
       h.state AS hold, h.count AS held_count, h."limit" AS held_limit, h.decided_by, h.decided_at,
       o.state, o.attempts, o.sent_at, o.finished_at, o.code, o.message,
       o.before AS earlier, o.run_id AS run
FROM connector.change c
JOIN connector.plan p ON p.number = c.plan
LEFT JOIN connector.hold h ON h.plan = c.plan AND h.guard_class = c.guard_class
LEFT JOIN connector.operation o ON o.plan = c.plan AND o.ordinal = c.ordinal
WHERE c.person_id = %(person_id)s AND p.site = %(site)s AND p.status <> 'making'
ORDER BY c.plan, c.ordinal

-- name: ledger
-- What was ever granted to the person.
SELECT kind, target, place_id, terms, ours, suspended, granted_at, plan, ordinal, ended_at, lost FROM connector.ledger
WHERE site = %(site)s AND person_id = %(person_id)s
ORDER BY grant_id

-- name: decisions
-- What people assigned and waived.
SELECT d.kind, d.subject, d.code, d.decided_at, d.withdrawn_at, d.withdrawn_by, d.starts_on, d.in_force, s.said
FROM connector.decision d JOIN connector.decision_said s USING (decision_id)
WHERE d.person_id = %(person_id)s
ORDER BY d.decision_id

-- name: cases
-- Cases about the person, or about a course that is wanted for the person.
SELECT case_id AS number, kind, subject, reason, opened_at, settled_at, settled_by, settlement, withdrawn_at, withdrawn_by
FROM connector."case"
WHERE site = %(site)s AND (subject = %(key)s OR kind = 'missing_course' AND subject = ANY(%(courses)s))
ORDER BY case_id

-- name: notices
-- Due dates that the person was to be told in Moodle.
SELECT requirement, due_on, changed, noted_at, state, told_at, message FROM connector.due_notice
WHERE site = %(site)s AND person_id = %(person_id)s
ORDER BY noted_at, requirement

-- name: entries
-- Due dates in the calendar of the account that the person has.
SELECT e.requirement, e.due_on, e.state, e.sent_at, e.message FROM connector.calendar_entry e
JOIN connector.binding b ON b.site = e.site AND b.account_id = e.account_id
WHERE e.site = %(site)s AND b.person_id = %(person_id)s AND e.due_on IS NOT NULL
ORDER BY e.sent_at, e.requirement

-- name: welcomes
-- Accounts of which the person was to be told by mail: those made for this key, and the one that the person has now.
SELECT noted_at, state, told_at, message FROM connector.welcome w
WHERE site = %(site)s AND (person_id = %(person_id)s OR account_id = (
    SELECT b.account_id FROM connector.binding b WHERE b.site = w.site AND b.person_id = %(person_id)s))
ORDER BY noted_at

-- name: undone
-- What was taken back and waits for a word of its own.
SELECT kind, target, plan, min(undone_at) AS undone_at FROM connector.undone
WHERE site = %(site)s AND person_id = %(person_id)s
GROUP BY kind, target, plan
ORDER BY plan, kind, target

-- name: courses
-- Moodle's ids of courses by the names that mappings use.
SELECT ref, moodle_id FROM connector.reference WHERE site = %(site)s AND kind = 'course'

-- name: enrolled
-- Enrolments as Moodle showed them.
SELECT course_id, idnumber, shortname, active, enrolled_at, seen_at FROM reporting.enrolments WHERE hr_key = %(key)s
ORDER BY seen_at, course_id

-- name: completed
-- Completions, with those that were reset since.
SELECT course_id, idnumber, shortname, attempt, completed_at, precision, observed_at, ended_at
FROM reporting.completion_history WHERE hr_key = %(key)s
ORDER BY observed_at, course_id

-- name: certificates
SELECT COALESCE(template_name, template) AS name, issued_at, expires_at, state FROM reporting.certificates
WHERE hr_key = %(key)s
ORDER BY issued_at, name

-- name: dues
-- Requirements in their newest cycle.
SELECT requirement, cycle, assigned_on, window_opens_on, due_on, satisfied_at, expires_on, state
FROM reporting.compliance_now WHERE hr_key = %(key)s
ORDER BY requirement

-- name: read_at
-- When Moodle was last read, and when all of it.
SELECT max(reached_at) AS read_at, max(reached_at) FILTER (WHERE hop = 'everything') AS everything_at
FROM reporting.data_freshness WHERE hop IN ('everything', 'changes')
