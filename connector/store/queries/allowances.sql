-- name: of
-- What somebody is allowed in an activity beyond what all are.
SELECT attempts, minutes FROM connector.allowance
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND link = %(link)s AND subject = %(subject)s

-- name: of_activity
SELECT subject, attempts, minutes FROM connector.allowance
WHERE content_id = %(content_id)s AND platform_id = %(platform_id)s AND link = %(link)s AND (attempts > 0 OR minutes > 0)

-- name: lengthen
-- An attempt that is open ends by as much later, or earlier, as the minutes are more or fewer than before.
UPDATE connector.attempt a
SET ends_at = a.ends_at + make_interval(mins => %(minutes)s - COALESCE(
        (SELECT o.minutes FROM connector.allowance o
         WHERE o.content_id = a.content_id AND o.platform_id = a.platform_id AND o.link = a.link AND o.subject = a.subject), 0))
WHERE a.content_id = %(content_id)s AND a.platform_id = %(platform_id)s AND a.link = %(link)s AND a.subject = %(subject)s
  AND NOT a.trial AND a.submitted_at IS NULL AND a.ends_at IS NOT NULL

-- name: give
INSERT INTO connector.allowance (content_id, platform_id, link, subject, attempts, minutes, given_by, given_at)
VALUES (%(content_id)s, %(platform_id)s, %(link)s, %(subject)s, %(attempts)s, %(minutes)s, %(by)s, %(now)s)
ON CONFLICT (content_id, platform_id, link, subject) DO UPDATE
SET attempts = excluded.attempts, minutes = excluded.minutes, given_by = excluded.given_by, given_at = excluded.given_at
