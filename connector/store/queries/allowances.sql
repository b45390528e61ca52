-- name: of
-- What somebody is allowed in an activity beyond what all are.
SELECT attempts, minutes FROM connector.allowance
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND link = %(link)s AND subject = %(subject)s

-- name: of_activities
SELECT link, subject, attempts, minutes FROM connector.allowance
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND link = ANY(%(links)s)
  AND (attempts > 0 OR minutes > 0)

-- name: keep_off
-- Nobody gives somebody more in an activity, or begins an attempt there for them, meanwhile.
SELECT pg_advisory_xact_lock(hashtextextended(
    concat_ws(' ', 'allowance', %(content_id)s::uuid, %(platform_id)s::bigint, %(link)s::text, %(subject)s::text), 0))

-- name: give
-- What is not given stays as it is.
INSERT INTO connector.allowance AS a (content_id, platform_id, link, subject, attempts, minutes, given_by, given_at)
VALUES (%(content_id)s, %(platform_id)s, %(link)s, %(subject)s, COALESCE(%(attempts)s::integer, 0),
        COALESCE(%(minutes)s::integer, 0), %(by)s, %(now)s)
ON CONFLICT (content_id, platform_id, link, subject) DO UPDATE
SET attempts = COALESCE(%(attempts)s::integer, a.attempts), minutes = COALESCE(%(minutes)s::integer, a.minutes),
    given_by = excluded.given_by, given_at = excluded.given_at

-- name: limit
-- The end of an attempt that is open: from its beginning the minutes that all have in the version that it asks, and what its
-- person is allowed beyond. It is found from these alone, and so the same however often it is found.
-- Minutes that cannot be read are as if nothing had been said of them.
UPDATE connector.attempt a
SET ends_at = a.started_at + make_interval(mins => jsonb_path_query_first(
        v.body, 'strict $.minutes ? (@.type() == "number" && @ >= 1 && @ <= 10000 && @ == @.floor())', silent => true
    )::integer + COALESCE(
        (SELECT o.minutes FROM connector.allowance o
         WHERE o.content_id = a.content_id AND o.platform_id = a.platform_id AND o.link = a.link AND o.subject = a.subject
           AND NOT a.trial), 0))
FROM connector.content_version v
WHERE v.content_id = a.content_id AND v.version = a.version
  AND a.content_id = %(content_id)s AND a.platform_id = %(platform_id)s AND a.link = %(link)s AND a.subject = %(subject)s
  AND a.submitted_at IS NULL AND a.discarded_at IS NULL
