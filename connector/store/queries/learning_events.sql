-- name: tell
-- Put an event on its way to the facts, and say so to whoever takes it there, and to pages that are to hear of it.
WITH told AS (
    INSERT INTO connector.learning_event
        (site, at, verb, platform_id, course, link, subject, person_id, content, attempt_id, object, result)
    VALUES (%(site)s, %(at)s, %(verb)s, %(platform_id)s, %(course)s, %(link)s, %(subject)s, %(person_id)s, %(content)s,
            %(attempt_id)s, %(object)s, %(result)s)
    RETURNING site
)
SELECT pg_notify('connector_learning', site) FROM told
UNION ALL SELECT pg_notify('connector_live', word) FROM unnest(%(words)s::text[]) AS word
