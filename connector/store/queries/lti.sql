-- name: platforms
-- Every platform of a site, the newest first.
SELECT platform_id, name, issuer, client_id, authorization_url, token_url, keys_url, deployments, ended_at
FROM connector.lti_platform WHERE site = %(site)s ORDER BY platform_id DESC

-- name: of_issuer
-- Platforms that may launch, of one issuer.
SELECT platform_id, name, issuer, client_id, authorization_url, token_url, keys_url, deployments, ended_at
FROM connector.lti_platform WHERE site = %(site)s AND issuer = %(issuer)s AND ended_at IS NULL ORDER BY platform_id

-- name: add_platform
-- A new one, unless there is one of this issuer and client.
INSERT INTO connector.lti_platform (site, name, issuer, client_id, authorization_url, token_url, keys_url, deployments,
                                    created_at, created_by)
VALUES (%(site)s, %(name)s, %(issuer)s, %(client_id)s, %(authorization_url)s, %(token_url)s, %(keys_url)s,
        %(deployments)s::text[], %(now)s, %(by)s)
ON CONFLICT (site, issuer, client_id) WHERE ended_at IS NULL DO NOTHING
RETURNING platform_id

-- name: allow
-- A deployment more from which launches may come, unless they may already.
UPDATE connector.lti_platform
SET deployments = array_append(array_remove(deployments, %(deployment)s::text), %(deployment)s::text)
WHERE site = %(site)s AND platform_id = %(platform_id)s AND ended_at IS NULL

-- name: forbid
-- A deployment less.
UPDATE connector.lti_platform SET deployments = array_remove(deployments, %(deployment)s::text)
WHERE site = %(site)s AND platform_id = %(platform_id)s AND ended_at IS NULL AND %(deployment)s::text = ANY(deployments)

-- name: end_platform
UPDATE connector.lti_platform SET ended_at = %(now)s
WHERE site = %(site)s AND platform_id = %(platform_id)s AND ended_at IS NULL

-- name: invite
INSERT INTO connector.lti_invitation (digest, site, created_at, created_by, expires_at)
VALUES (%(digest)s, %(site)s, %(now)s, %(by)s, %(expires_at)s)

-- name: take_invitation
-- A link is used up by whoever comes first.
UPDATE connector.lti_invitation SET used_at = %(now)s
WHERE digest = %(digest)s AND site = %(site)s AND used_at IS NULL AND expires_at > %(now)s
RETURNING created_by

-- name: drop_old
-- What is over: logins that never came back, and sessions.
WITH logins AS (
    DELETE FROM connector.lti_login WHERE state IN (
        SELECT state FROM connector.lti_login WHERE ends_at <= %(now)s FOR UPDATE SKIP LOCKED)
)
DELETE FROM connector.lti_session WHERE session_id IN (
    SELECT session_id FROM connector.lti_session WHERE ends_at <= %(now)s FOR UPDATE SKIP LOCKED)

-- name: drop_old_teaching
-- Who has not launched as a teacher since then is what the platform's roster says.
DELETE FROM connector.teaching t USING connector.lti_platform p
WHERE p.platform_id = t.platform_id AND p.site = %(site)s AND t.launched_at < %(before)s

-- name: begin
INSERT INTO connector.lti_login (state, platform_id, nonce, cookie, target, hint, ends_at)
VALUES (%(state)s, %(platform_id)s, %(nonce)s, %(cookie)s, %(target)s, %(hint)s, %(ends_at)s)

-- name: take
-- One launch takes a login away, however many bring its state at the same time.
WITH taken AS (
    DELETE FROM connector.lti_login
    WHERE state = %(state)s AND cookie = %(cookie)s AND ends_at > %(now)s
    RETURNING platform_id, nonce, target, hint
)
SELECT p.platform_id, p.name, p.issuer, p.client_id, p.authorization_url, p.token_url, p.keys_url, p.deployments,
       p.ended_at, t.nonce, t.target, t.hint
FROM taken t JOIN connector.lti_platform p USING (platform_id)
WHERE p.site = %(site)s AND p.ended_at IS NULL

-- name: begun
-- A login that is good, of which the browser has not kept the cookie.
SELECT p.platform_id, p.name, p.issuer, p.client_id, p.authorization_url, p.token_url, p.keys_url, p.deployments,
       p.ended_at, l.nonce, l.target, l.hint
FROM connector.lti_login l JOIN connector.lti_platform p USING (platform_id)
WHERE l.state = %(state)s AND l.ends_at > %(now)s AND p.site = %(site)s AND p.ended_at IS NULL

-- name: open_session
-- UTC is what HR's records have where nothing is said. What a browser has said before is believed until it says otherwise.
-- Whoever launches from a course teaches there from now on, or does so no more.
WITH taught AS (
    INSERT INTO connector.teaching (platform_id, course, subject, launched_at)
    SELECT %(platform_id)s, %(course)s, %(subject)s, %(now)s WHERE %(teaches)s
    ON CONFLICT (platform_id, course, subject) DO UPDATE SET launched_at = excluded.launched_at
), learns AS (
    DELETE FROM connector.teaching t
    WHERE NOT %(teaches)s AND t.platform_id = %(platform_id)s AND t.course = %(course)s AND t.subject = %(subject)s
), told AS (
    SELECT COALESCE(NULLIF(%(timezone)s, ''),
                    (SELECT timezone FROM connector.person WHERE person_id = %(person_id)s AND timezone <> 'UTC')) AS zone
)
INSERT INTO connector.lti_session (digest, platform_id, subject, person_id, launch, began_at, ends_at, kept, timezone)
SELECT %(digest)s, %(platform_id)s, %(subject)s, %(person_id)s, %(launch)s, %(now)s, %(ends_at)s, %(kept)s,
       COALESCE(told.zone,
                (SELECT s.timezone FROM connector.lti_session s
                 WHERE (s.person_id = %(person_id)s OR %(person_id)s::bigint IS NULL AND s.person_id IS NULL)
                   AND s.platform_id = %(platform_id)s AND s.subject = %(subject)s AND s.timezone <> ''
                 ORDER BY s.session_id DESC LIMIT 1), '')
FROM told
RETURNING session_id, timezone, (SELECT zone IS NOT NULL FROM told) AS said

-- name: tell_zone
UPDATE connector.lti_session s SET timezone = %(timezone)s
WHERE s.session_id = %(session_id)s
  AND NOT EXISTS (SELECT FROM connector.person p WHERE p.person_id = s.person_id AND p.timezone <> 'UTC')

-- name: session
-- What the bearer of a token may work with, as long as the platform and the deployment may launch.
SELECT s.session_id, s.person_id, s.launch, s.ends_at, s.kept, s.timezone
FROM connector.lti_session s JOIN connector.lti_platform p USING (platform_id)
WHERE s.digest = %(digest)s AND s.ends_at > %(now)s AND p.site = %(site)s AND p.ended_at IS NULL
  AND s.launch ->> 'deployment' = ANY(p.deployments)

-- name: kept
-- How many sessions that are good came by which means.
SELECT s.kept, count(*) AS sessions FROM connector.lti_session s JOIN connector.lti_platform p USING (platform_id)
WHERE p.site = %(site)s AND s.platform_id = %(platform_id)s AND s.ends_at > %(now)s GROUP BY s.kept

-- name: keys
-- Keys of this tool that are good or still published, the newest first.
SELECT kid, sealed, public, made_at FROM connector.lti_key
WHERE site = %(site)s AND (retire_at IS NULL OR retire_at > %(now)s) ORDER BY made_at DESC, kid

-- name: retire
-- Those before the new key are published for a while yet: what they signed may be under way.
UPDATE connector.lti_key SET retire_at = %(old_until)s WHERE site = %(site)s AND retire_at IS NULL

-- name: add_key
INSERT INTO connector.lti_key (kid, site, sealed, public, made_at)
VALUES (%(kid)s, %(site)s, %(sealed)s, %(public)s, %(now)s)

-- name: by_account
-- Who has this account of our own Moodle.
SELECT person_id FROM connector.binding WHERE site = %(site)s AND account_id = %(account_id)s

-- name: bound
-- Whom a platform means by a subject, as an earlier launch told; who goes by another key since is the one of that key.
WITH RECURSIVE step (person_id, key, moved_to, steps) AS (
    SELECT p.person_id, p.key, p.moved_to, 0
    FROM connector.lti_person l JOIN connector.person p USING (person_id)
    WHERE l.platform_id = %(platform_id)s AND l.subject = %(subject)s AND p.site = %(site)s
    UNION ALL
    SELECT n.person_id, n.key, n.moved_to, s.steps + 1
    FROM step s JOIN connector.person n ON n.site = %(site)s AND n.key = s.moved_to
) CYCLE person_id SET again USING walked
SELECT person_id, key FROM step WHERE NOT again ORDER BY steps DESC LIMIT 1

-- name: by_source_id
-- The person with this key of HR.
SELECT person_id FROM connector.person WHERE site = %(site)s AND key = %(key)s AND NOT gone ORDER BY person_id LIMIT 2

-- name: bind
-- Whoever is erased at this moment is waited for, and not bound.
INSERT INTO connector.lti_person (platform_id, subject, site, person_id, bound_at)
SELECT %(platform_id)s, %(subject)s, p.site, p.person_id, %(now)s
FROM connector.person p WHERE p.person_id = %(person_id)s AND p.site = %(site)s AND NOT p.gone FOR SHARE
ON CONFLICT (platform_id, subject) DO NOTHING

-- name: bind_anew
-- A person has decided that the subject is somebody else.
UPDATE connector.lti_person l SET person_id = k.person_id, bound_at = %(now)s
FROM (SELECT person_id FROM connector.person WHERE person_id = %(person_id)s AND site = %(site)s AND NOT gone FOR SHARE) k
WHERE l.platform_id = %(platform_id)s AND l.subject = %(subject)s

-- name: lock_score
-- Scores of one person and line item are stamped one after the other.
SELECT pg_advisory_xact_lock(hashtextextended(%(platform_id)s || ' ' || %(line_item)s || ' ' || %(subject)s, 0))

-- name: put_score
-- A score, with a time that is later than all before it; whoever listens is woken once it is committed.
INSERT INTO connector.lti_score (platform_id, line_item, subject, value, most, progress, comment, stamp, state, try_at,
                                 made_at)
SELECT %(platform_id)s, %(line_item)s, %(subject)s, %(value)s, %(most)s, %(progress)s, %(comment)s,
       GREATEST(date_trunc('second', %(now)s::timestamptz), max(s.stamp) + interval '1 second'), 'waiting', %(now)s, %(now)s
FROM connector.lti_score s
WHERE s.platform_id = %(platform_id)s AND s.line_item = %(line_item)s AND s.subject = %(subject)s
RETURNING score_id, stamp, pg_notify('connector_score', %(site)s)

-- name: due_scores
-- Of each person and line item the first that is not there yet, if it is its turn: a later one waits for it.
SELECT s.score_id, s.platform_id, s.line_item, s.subject, s.value, s.most, s.progress, s.comment, s.stamp, s.tries
FROM connector.lti_score s JOIN connector.lti_platform p USING (platform_id)
WHERE p.site = %(site)s AND s.state = 'waiting' AND s.try_at <= %(now)s AND NOT EXISTS (
    SELECT FROM connector.lti_score e
    WHERE e.platform_id = s.platform_id AND e.line_item = s.line_item AND e.subject = s.subject AND e.stamp < s.stamp
      AND e.state = 'waiting')
ORDER BY s.try_at, s.score_id LIMIT %(most)s

-- name: next_due
-- When the next one has its turn.
SELECT min(s.try_at) AS due
FROM connector.lti_score s JOIN connector.lti_platform p USING (platform_id)
WHERE p.site = %(site)s AND s.state = 'waiting' AND NOT EXISTS (
    SELECT FROM connector.lti_score e
    WHERE e.platform_id = s.platform_id AND e.line_item = s.line_item AND e.subject = s.subject AND e.stamp < s.stamp
      AND e.state = 'waiting')

-- name: sent_score
UPDATE connector.lti_score SET state = 'sent', sent_at = %(now)s, why = '' WHERE score_id = %(score_id)s
RETURNING platform_id, subject

-- name: stamp_again
-- The gradebook has something of the same second or later: this one and those that wait after it get later times, in order.
WITH waiting AS (
    SELECT o.score_id, row_number() OVER (ORDER BY o.stamp, o.score_id) - 1 AS place, w.later
    FROM connector.lti_score s
    CROSS JOIN LATERAL (
        SELECT GREATEST(date_trunc('second', %(now)s::timestamptz), max(d.stamp) + interval '1 second') AS later
        FROM connector.lti_score d
        WHERE d.platform_id = s.platform_id AND d.line_item = s.line_item AND d.subject = s.subject
          AND d.stamp <= s.stamp) w
    JOIN connector.lti_score o
         ON o.platform_id = s.platform_id AND o.line_item = s.line_item AND o.subject = s.subject AND o.state = 'waiting'
    WHERE s.score_id = %(score_id)s
)
UPDATE connector.lti_score s
SET stamp = w.later + w.place * interval '1 second',
    tries = CASE WHEN s.score_id = %(score_id)s THEN s.tries + 1 ELSE s.tries END,
    try_at = CASE WHEN s.score_id = %(score_id)s THEN %(now)s::timestamptz + interval '1 second' ELSE s.try_at END
FROM waiting w WHERE w.score_id = s.score_id

-- name: try_score_again
UPDATE connector.lti_score SET tries = tries + 1, try_at = %(at)s, why = %(why)s WHERE score_id = %(score_id)s
RETURNING platform_id, subject

-- name: park_score
-- Since when is the first time that it was; when it was parked before, syncs leave it alone for a while.
UPDATE connector.lti_score
SET state = 'parked', tries = tries + 1, answer = %(answer)s, why = %(why)s, parked_at = COALESCE(parked_at, %(now)s),
    try_at = CASE WHEN parked_at IS NULL THEN %(now)s ELSE %(rested_at)s END
WHERE score_id = %(score_id)s
RETURNING platform_id, subject

-- name: unpark_scores
-- What was parked is tried once more, the last of each person and line item: those before it are over. For one kind of
-- answer only what has rested since.
UPDATE connector.lti_score s SET state = 'waiting', try_at = %(now)s
FROM connector.lti_platform p
WHERE p.platform_id = s.platform_id AND p.site = %(site)s AND p.ended_at IS NULL AND s.state = 'parked'
  AND (%(answer)s::text IS NULL OR s.answer = %(answer)s AND s.try_at <= %(now)s) AND NOT EXISTS (
    SELECT FROM connector.lti_score o
    WHERE o.platform_id = s.platform_id AND o.line_item = s.line_item AND o.subject = s.subject AND o.stamp > s.stamp)
RETURNING pg_notify('connector_score', p.site)

-- name: standing_score
-- What has become of the newest score of a person in a line item; graded: it has a value.
SELECT s.state, s.tries, s.answer, s.value IS NOT NULL AS graded
FROM connector.lti_score s JOIN connector.lti_platform p USING (platform_id)
WHERE p.site = %(site)s AND s.platform_id = %(platform_id)s AND s.line_item = %(line_item)s AND s.subject = %(subject)s
ORDER BY s.stamp DESC LIMIT 1

-- name: newest_score
-- The newest score of a person in a line item, in percent.
SELECT 100 * s.value / s.most AS percent
FROM connector.lti_score s JOIN connector.lti_platform p USING (platform_id)
WHERE p.site = %(site)s AND s.platform_id = %(platform_id)s AND s.line_item = %(line_item)s AND s.subject = %(subject)s
ORDER BY s.stamp DESC LIMIT 1

-- name: lying_scores
-- What waits, and what is parked and not over, by platform and reason.
SELECT p.issuer, s.state, s.why, count(*) AS scores,
       min(CASE s.state WHEN 'parked' THEN s.parked_at ELSE s.made_at END) AS since
FROM connector.lti_score s JOIN connector.lti_platform p USING (platform_id)
WHERE p.site = %(site)s AND (s.state = 'waiting' OR s.state = 'parked' AND NOT EXISTS (
    SELECT FROM connector.lti_score o
    WHERE o.platform_id = s.platform_id AND o.line_item = s.line_item AND o.subject = s.subject AND o.stamp > s.stamp))
GROUP BY p.issuer, s.state, s.why ORDER BY s.state DESC, since

-- name: drop_old_scores
-- Those that arrived long ago, and those that were parked and are over; the last of a person and line item stays, because
-- the next one is stamped by it.
DELETE FROM connector.lti_score s USING connector.lti_platform p
WHERE p.platform_id = s.platform_id AND p.site = %(site)s AND s.state <> 'waiting'
  AND COALESCE(s.sent_at, s.made_at) < %(before)s AND EXISTS (
    SELECT FROM connector.lti_score l
    WHERE l.platform_id = s.platform_id AND l.line_item = s.line_item AND l.subject = s.subject AND l.stamp > s.stamp)
