-- name: tell
-- All processes that serve pages hear these words, once the transaction is committed.
SELECT pg_notify('connector_live', word) FROM unnest(%(words)s::text[]) AS word

-- name: take_turn
-- Whether it is this process that passes words on, until its connection ends.
SELECT pg_try_advisory_lock(hashtextextended(%(name)s, 0)) AS got
