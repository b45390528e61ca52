-- All that the way in holds of one person, who may have several keys. Of others only keys of managers.

-- name: said
-- What HR last said.
SELECT to_jsonb(p) - ARRAY['row_digest', 'grant_set', 'absent_feed_id', 'feed_id', 'line', 'person_id', 'manager_id',
                           'unique_username', 'another', 'site'] AS found
FROM connector.person p WHERE p.person_id = ANY(%(ids)s) ORDER BY p.person_id

-- name: said_before
-- What HR had said until each of these moments, and absences.
SELECT jsonb_build_object('at', v.at, 'kind', v.kind, 'until_then', v.was - ARRAY[
           'grant_set', 'feed_id', 'line', 'unique_username', 'another']) AS found
FROM connector.person_event v WHERE v.person_id = ANY(%(ids)s) ORDER BY v.at

-- name: said_when_leaving
SELECT l.was - ARRAY['row_digest', 'grant_set', 'absent_feed_id', 'feed_id', 'line', 'person_id', 'manager_id',
                     'unique_username', 'another', 'site'] AS found
FROM connector.left_person l WHERE l.person_id = ANY(%(ids)s)

-- name: said_by_source
SELECT jsonb_build_object('source', t.source, 'said', t.said, 'absent_since', t.absent_since, 'gone', t.gone) AS found
FROM connector.statement t JOIN connector.person p ON p.site = t.site AND p.key = t.key
WHERE p.person_id = ANY(%(ids)s) ORDER BY t.source

-- name: rejected
SELECT jsonb_build_object('feed', f.name, 'received_at', f.received_at, 'line', r.line, 'field', r.field,
                          'reason', r.reason) AS found
FROM connector.rejection r JOIN connector.feed f USING (feed_id)
WHERE f.site = %(site)s AND connector.folded(r.key) IN (
    SELECT connector.folded(word) FROM unnest(%(words)s::text[]) AS w (word))
ORDER BY f.received_at, r.line

-- name: staged
-- Of feeds that were refused and not read again yet.
SELECT to_jsonb(s) - ARRAY['row_digest', 'grant_set', 'feed_id', 'unique_username'] AS found
FROM connector.staged s JOIN connector.feed f USING (feed_id)
WHERE f.site = %(site)s AND connector.folded(s.key) IN (
    SELECT connector.folded(word) FROM unnest(%(words)s::text[]) AS w (word))
ORDER BY s.feed_id, s.line

-- name: imported
-- By key and address where nobody was known by the key.
SELECT to_jsonb(r) - ARRAY['import_id', 'person_id'] || jsonb_build_object('source', i.source, 'file', i.name,
                                                                           'imported_at', i.imported_at) AS found
FROM connector.import_record r JOIN connector.import_batch i USING (import_id)
WHERE i.site = %(site)s AND (
    r.person_id = ANY(%(ids)s)
    OR r.person_id IS NULL AND EXISTS (
        SELECT FROM unnest(%(words)s::text[]) AS w (word)
        WHERE connector.folded(w.word) IN (connector.folded(NULLIF(r.key, '')), connector.folded(NULLIF(r.email, ''))))
       AND NOT EXISTS (SELECT FROM connector.whose_record w
                       WHERE w.import_id = r.import_id AND w.line = r.line AND w.person_id <> ALL(%(ids)s)))
ORDER BY r.import_id, r.line

-- name: not_imported
SELECT jsonb_build_object('source', i.source, 'file', i.name, 'imported_at', i.imported_at, 'line', r.line,
                          'field', r.field, 'reason', r.reason) AS found
FROM connector.import_rejection r JOIN connector.import_batch i USING (import_id)
WHERE i.site = %(site)s AND connector.folded(r.key) IN (
    SELECT connector.folded(word) FROM unnest(%(words)s::text[]) AS w (word))
ORDER BY r.import_id, r.line

-- name: leaves
SELECT jsonb_build_object('key', p.key, 'days', l.days::text) AS found
FROM connector.leave l JOIN connector.person p USING (person_id) WHERE p.person_id = ANY(%(ids)s)

-- name: accounts
SELECT jsonb_build_object('moodle_id', b.account_id, 'bound_at', b.bound_at, 'bound_by', b.bound_by,
                          'suspended_by_us', b.suspended_by_us, 'as_last_seen', a.fields, 'suspended', a.suspended,
                          'seen_at', a.seen_at) AS found
FROM connector.binding b LEFT JOIN connector.account a ON a.site = b.site AND a.account_id = b.account_id
WHERE b.person_id = ANY(%(ids)s)

-- name: usernames
SELECT to_jsonb(u.username) AS found FROM connector.reserved_username u WHERE u.person_id = ANY(%(ids)s) ORDER BY u.username

-- name: grants
SELECT jsonb_build_object('kind', l.kind, 'target', l.target, 'terms', l.terms, 'granted_at', l.granted_at,
                          'ended_at', l.ended_at, 'suspended', l.suspended, 'lost', l.lost) AS found
FROM connector.ledger l WHERE l.person_id = ANY(%(ids)s) ORDER BY l.granted_at, l.kind, l.target

-- name: changes
-- Every change of every plan that is kept, and what Moodle answered.
SELECT jsonb_build_object('planned_at', q.created_at, 'action', c.action, 'target', c.target, 'before', c.before,
                          'after', c.after, 'state', o.state, 'attempts', o.attempts, 'ended_at', o.finished_at,
                          'code', o.code, 'answer', o.message) AS found
FROM connector.change c JOIN connector.plan q ON q.number = c.plan
LEFT JOIN connector.operation o ON o.plan = c.plan AND o.ordinal = c.ordinal
WHERE c.person_id = ANY(%(ids)s) AND q.status <> 'making' ORDER BY c.plan, c.ordinal

-- name: undone
SELECT jsonb_build_object('kind', u.kind, 'target', u.target, 'field', u.field, 'value', u.value, 'at', u.undone_at) AS found
FROM connector.undone u WHERE u.person_id = ANY(%(ids)s) ORDER BY u.undone_at

-- name: cases
-- Without the sentence and the accounts to choose from: they may name others.
SELECT jsonb_build_object('kind', c.kind, 'opened_at', c.opened_at, 'settled_at', c.settled_at,
                          'settlement', c.settlement - 'keep') AS found
FROM connector."case" c JOIN connector.person p ON p.site = c.site AND (c.subject = p.key
     OR c.kind IN ('merge', 'another_key')
        AND (starts_with(c.subject, p.key || ' + ') OR right(c.subject, length(p.key) + 3) = ' + ' || p.key))
WHERE p.person_id = ANY(%(ids)s) ORDER BY c.case_id

-- name: decisions
-- A manager is named by the key, who decides for HR not at all.
SELECT jsonb_build_object('kind', d.kind, 'code', d.code, 'reason', d.reason, 'by', COALESCE(m.key, 'HR'),
                          'from', d.starts_on, 'until', d.ends_on, 'decided_at', d.decided_at,
                          'withdrawn_at', d.withdrawn_at) AS found
FROM connector.decision d LEFT JOIN connector.person m ON m.person_id = d.manager_id
WHERE d.person_id = ANY(%(ids)s) ORDER BY d.decided_at

-- name: decided
-- What the person decided about others, without saying about whom or why.
SELECT jsonb_build_object('kind', d.kind, 'code', d.code, 'decided_at', d.decided_at) AS found
FROM connector.decision d WHERE d.manager_id = ANY(%(ids)s) ORDER BY d.decided_at

-- name: certificates
-- A manager is named by the key, who decides for HR not at all.
SELECT to_jsonb(c) - ARRAY['certificate_id', 'site', 'person_id', 'code_hash', 'deed', 'issued_by', 'manager_id', 'revoked_by',
                           'revoker_id', 'changed_at']
       || jsonb_build_object('by', CASE WHEN c.issued_by = '' THEN 'rule' ELSE COALESCE(m.key, 'HR') END,
                             'revoked_by', CASE WHEN c.revoked_at IS NOT NULL THEN COALESCE(r.key, 'HR') END) AS found
FROM connector.certificate c
LEFT JOIN connector.person m ON m.person_id = c.manager_id
LEFT JOIN connector.person r ON r.person_id = c.revoker_id
WHERE c.person_id = ANY(%(ids)s) ORDER BY c.certificate_id

-- name: certified
SELECT jsonb_build_object('template', c.template, 'issued_at', CASE WHEN c.manager_id = ANY(%(ids)s) THEN c.issued_at END,
                          'revoked_at', CASE WHEN c.revoker_id = ANY(%(ids)s) THEN c.revoked_at END) AS found
FROM connector.certificate c
WHERE c.manager_id = ANY(%(ids)s) OR c.revoker_id = ANY(%(ids)s) ORDER BY c.certificate_id

-- name: launching
SELECT jsonb_build_object('platform', q.name, 'subject', l.subject, 'bound_at', l.bound_at) AS found
FROM connector.lti_person l JOIN connector.lti_platform q USING (platform_id)
WHERE l.person_id = ANY(%(ids)s) ORDER BY l.bound_at

-- name: launches
-- As Moodle told; whose work a teacher looked at is left out.
SELECT jsonb_build_object('platform', q.name, 'began_at', s.began_at, 'ends_at', s.ends_at,
                          'time_zone', s.timezone,
                          'launch', s.launch - ARRAY['platform_id', 'for_user']) AS found
FROM connector.lti_session s JOIN connector.lti_platform q USING (platform_id)
WHERE s.person_id = ANY(%(ids)s)
   OR EXISTS (SELECT FROM connector.lti_person l
              WHERE l.person_id = ANY(%(ids)s) AND l.platform_id = s.platform_id AND l.subject = s.subject)
   OR s.person_id IS NULL AND q.site = %(site)s AND EXISTS (
          SELECT FROM unnest(%(words)s::text[]) AS w (word)
          WHERE connector.folded(w.word) IN (connector.folded(s.launch ->> 'source_id'), connector.folded(s.launch ->> 'email')))
ORDER BY s.began_at

-- name: scores
SELECT to_jsonb(c) - ARRAY['score_id', 'platform_id', 'subject'] || jsonb_build_object('platform', q.name) AS found
FROM connector.lti_score c
JOIN connector.lti_platform q ON q.platform_id = c.platform_id
WHERE EXISTS (SELECT FROM connector.lti_person l
              WHERE l.person_id = ANY(%(ids)s) AND l.platform_id = c.platform_id AND l.subject = c.subject)
   OR EXISTS (SELECT FROM connector.attempt a
              WHERE a.person_id = ANY(%(ids)s) AND a.platform_id = c.platform_id AND a.subject = c.subject)
ORDER BY c.stamp, c.score_id

-- name: attempts
-- Those, too, from before it was known who that is; what was answered and marked is with them.
SELECT to_jsonb(a) - ARRAY['platform_id', 'person_id', 'banks', 'marked_banks', 'line_item', 'paper', 'discarded_by'] || jsonb_build_object(
           'platform', q.name, 'title', v.body -> 'title',
           'answers', (SELECT jsonb_agg(to_jsonb(w) - ARRAY['attempt_id', 'place'] ORDER BY w.saved_at)
                       FROM connector.answer w WHERE w.attempt_id = a.attempt_id),
           'marks', (SELECT jsonb_agg(to_jsonb(m) - ARRAY['attempt_id', 'mark_id', 'marked_by'] ORDER BY m.mark_id)
                     FROM connector.mark m WHERE m.attempt_id = a.attempt_id)) AS found
FROM connector.attempt a
JOIN connector.lti_platform q USING (platform_id)
JOIN connector.content_version v USING (content_id, version)
WHERE a.person_id = ANY(%(ids)s)
   OR a.person_id IS NULL AND EXISTS (SELECT FROM connector.lti_person l
                                      WHERE l.person_id = ANY(%(ids)s) AND l.platform_id = a.platform_id AND l.subject = a.subject)
ORDER BY a.started_at, a.attempt_id

-- name: handed_in
SELECT jsonb_build_object('question', e.question_id, 'name', e.name, 'media_type', e.media_type, 'bytes', e.size,
                          'at', e.added_at) AS found
FROM connector.evidence e JOIN connector.attempt a USING (attempt_id)
WHERE a.person_id = ANY(%(ids)s) ORDER BY e.added_at

-- name: taught
-- As whom a platform means the person it is known who made, changed and marked.
WITH meant AS (
    SELECT platform_id, subject FROM connector.lti_person WHERE person_id = ANY(%(ids)s)
    UNION SELECT platform_id, subject FROM connector.lti_session WHERE person_id = ANY(%(ids)s)
    UNION SELECT platform_id, subject FROM connector.attempt WHERE person_id = ANY(%(ids)s)
    UNION SELECT platform_id, subject FROM connector.viewing WHERE person_id = ANY(%(ids)s)
)
SELECT jsonb_build_object('title', v.body -> 'title', 'version', v.version, 'made', c.made_by = s.subject AND v.version = 1,
                          'changed_at', v.changed_at) AS found
FROM meant s
JOIN connector.content c ON c.platform_id = s.platform_id
JOIN connector.content_version v ON v.content_id = c.content_id
     AND (v.changed_by = s.subject OR c.made_by = s.subject AND v.version = 1)
UNION ALL
SELECT jsonb_build_object('marked', count(*), 'last_at', max(m.marked_at))
FROM meant s
JOIN connector.attempt a ON a.platform_id = s.platform_id
JOIN connector.mark m ON m.attempt_id = a.attempt_id AND m.marked_by = s.subject
HAVING count(*) > 0
UNION ALL
SELECT jsonb_build_object('discarded', count(*), 'last_at', max(a.discarded_at))
FROM meant s
JOIN connector.attempt a ON a.platform_id = s.platform_id AND a.discarded_by = s.subject
HAVING count(*) > 0
UNION ALL
SELECT jsonb_build_object('marked_anew_at', r.asked_at, 'reason', r.reason)
FROM meant s JOIN connector.regrade r ON r.platform_id = s.platform_id AND r.asked_by = s.subject
UNION ALL
SELECT jsonb_build_object('teaches_in', t.course, 'launched_at', t.launched_at)
FROM meant s JOIN connector.teaching t ON t.platform_id = s.platform_id AND t.subject = s.subject

-- name: allowed
-- What the person was allowed in activities, maybe before they ever opened one, and that the person allowed others something.
WITH meant AS (
    SELECT platform_id, subject FROM connector.lti_person WHERE person_id = ANY(%(ids)s)
    UNION SELECT p.platform_id, b.account_id::text FROM connector.binding b
          JOIN connector.lti_platform p ON p.site = b.site AND rtrim(p.issuer, '/') = %(moodle)s
          WHERE b.site = %(site)s AND b.person_id = ANY(%(ids)s)
    UNION SELECT platform_id, subject FROM connector.lti_session WHERE person_id = ANY(%(ids)s)
    UNION SELECT platform_id, subject FROM connector.attempt WHERE person_id = ANY(%(ids)s)
)
SELECT jsonb_build_object('content', a.content_id, 'more_attempts', a.attempts, 'more_minutes', a.minutes,
                          'given_at', a.given_at) AS found
FROM meant s JOIN connector.allowance a ON a.platform_id = s.platform_id AND a.subject = s.subject
UNION ALL
SELECT jsonb_build_object('allowed_others', count(*), 'last_at', max(a.given_at))
FROM meant s JOIN connector.allowance a ON a.platform_id = s.platform_id AND a.given_by = s.subject
HAVING count(*) > 0

-- name: happening
SELECT jsonb_build_object('at', e.at, 'verb', e.verb, 'content', e.content, 'object', e.object, 'result', e.result) AS found
FROM connector.learning_event e WHERE e.person_id = ANY(%(ids)s) ORDER BY e.event_id

-- name: viewings
SELECT to_jsonb(v) - ARRAY['view_id', 'platform_id', 'subject', 'person_id', 'heat', 'credit', 'untold']
       || jsonb_build_object('platform', q.name) AS found
FROM connector.viewing v JOIN connector.lti_platform q USING (platform_id)
WHERE v.person_id = ANY(%(ids)s)
   OR v.person_id IS NULL AND EXISTS (SELECT FROM connector.lti_person l
                                      WHERE l.person_id = ANY(%(ids)s) AND l.platform_id = v.platform_id AND l.subject = v.subject)
ORDER BY v.began_at, v.view_id

-- name: uploads
SELECT jsonb_build_object('platform', q.name, 'course', m.course, 'file', m.name, 'made_at', m.made_at) AS found
FROM connector.media m
JOIN connector.lti_platform q USING (platform_id)
JOIN (SELECT platform_id, subject, person_id FROM connector.lti_person
      UNION SELECT platform_id, subject, person_id FROM connector.lti_session
      UNION SELECT platform_id, subject, person_id FROM connector.attempt
      UNION SELECT platform_id, subject, person_id FROM connector.viewing) s
    ON s.platform_id = m.platform_id AND s.subject = m.made_by
WHERE s.person_id = ANY(%(ids)s) ORDER BY m.made_at, m.media_id

-- name: acted
-- What was decided under one of the person's keys, or by the person's account of the console.
SELECT jsonb_build_object('at', o.at, 'what', o.what) AS found
FROM (
    SELECT t.at, t.action AS what, t.actor FROM connector.audit_trail t
    UNION ALL SELECT h.decided_at, 'hold ' || h.state, h.decided_by FROM connector.hold h WHERE h.decided_at IS NOT NULL
    UNION ALL SELECT f.released_at, 'feed released', f.released_by FROM connector.feed_release f
    UNION ALL SELECT k.created_at, 'token made', k.created_by FROM connector.scim_token k
    UNION ALL SELECT i.created_at, 'token made', i.created_by FROM connector.api_token i
    UNION ALL SELECT q.created_at, 'platform registered', q.created_by FROM connector.lti_platform q
    UNION ALL SELECT v.created_at, 'platform invited', v.created_by FROM connector.lti_invitation v
    UNION ALL SELECT b.imported_at, 'records imported', b.imported_by FROM connector.import_batch b
    UNION ALL SELECT b.undone_at, 'import undone', b.undone_by FROM connector.import_batch b WHERE b.undone_at IS NOT NULL
) o (at, what, actor)
JOIN (SELECT DISTINCT folded FROM connector.acting_as(%(ids)s::bigint[], %(words)s::text[])) a
  ON a.folded = connector.folded(o.actor)
ORDER BY o.at

-- name: console
SELECT jsonb_build_object('name', a.name, 'display_name', a.display_name, 'role', a.role, 'language', a.language,
                          'timezone', a.timezone, 'disabled', a.disabled, 'recovery_codes', (
                              SELECT count(*) FROM connector.console_recovery_code r WHERE r.account_id = a.account_id),
                          'sessions', (SELECT jsonb_agg(jsonb_build_object('started_at', s.started_at, 'seen_at', s.seen_at))
                                       FROM connector.console_session s WHERE s.account_id = a.account_id)) AS found
FROM connector.console_account a
JOIN connector.console_accounts_of(%(ids)s::bigint[], %(words)s::text[]) c USING (account_id)
WHERE c.surely ORDER BY a.name

-- name: notices
SELECT jsonb_build_object('requirement', n.requirement, 'due_on', n.due_on, 'state', n.state, 'told_at', n.told_at) AS found
FROM connector.due_notice n WHERE n.person_id = ANY(%(ids)s) ORDER BY n.noted_at

-- name: welcomes
SELECT jsonb_build_object('state', w.state, 'told_at', w.told_at) AS found
FROM connector.welcome w WHERE w.person_id = ANY(%(ids)s) ORDER BY w.noted_at

-- name: entries
SELECT jsonb_build_object('requirement', c.requirement, 'due_on', c.due_on, 'state', c.state, 'sent_at', c.sent_at) AS found
FROM connector.calendar_entry c
JOIN connector.binding b ON b.site = c.site AND b.account_id = c.account_id
WHERE b.person_id = ANY(%(ids)s) ORDER BY c.sent_at, c.requirement

-- name: linked
SELECT jsonb_build_object('service', l.issuer_id, 'username', l.username, 'state', l.state, 'sent_at', l.sent_at) AS found
FROM connector.linked_login l
JOIN connector.binding b ON b.site = l.site AND b.account_id = l.account_id
WHERE b.person_id = ANY(%(ids)s) ORDER BY l.sent_at, l.username

-- name: pushed
-- Users of identity systems who are the person, with their groups; of a manager only the id there.
SELECT jsonb_build_object(
           'client', c.name, 'modified_at', u.modified_at, 'gone_at', u.gone_at,
           'user', u.document #- '{urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,manager,displayName}',
           'groups', (SELECT jsonb_agg(g.document ->> 'displayName' ORDER BY g.place)
                      FROM connector.scim_member s JOIN connector.scim_group g USING (client_id, group_id)
                      WHERE s.user_id = u.user_id)) AS found
FROM connector.scim_user u JOIN connector.scim_client c USING (client_id)
WHERE c.name = ANY(%(clients)s) AND EXISTS (
    SELECT FROM unnest(u.email_keys || ARRAY[u.name_key, u.external_key, u.number_key]) AS known (key)
    JOIN unnest(%(words)s::text[]) AS w (word) ON connector.folded(w.word) = connector.folded(known.key))
ORDER BY u.place
