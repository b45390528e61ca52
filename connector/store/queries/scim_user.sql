-- name: get
-- One user.
SELECT user_id::text AS id, document, version, created_at, modified_at FROM connector.scim_user
WHERE client_id = %(client)s AND user_id = %(id)s AND gone_at IS NULL

-- name: count
-- How many users have all of this.
SELECT count(*) AS found FROM connector.scim_user
WHERE client_id = %(client)s AND gone_at IS NULL
  AND (%(id)s::uuid IS NULL OR user_id = %(id)s)
  AND (%(name)s::text IS NULL OR name_key = %(name)s)
  AND (%(external)s::text IS NULL OR external_key = %(external)s)
  AND (%(number)s::text IS NULL OR number_key = %(number)s)
  AND (%(email)s::text IS NULL OR email_keys @> ARRAY[%(email)s::text])
  AND (%(member)s::uuid IS NULL OR EXISTS (SELECT FROM connector.scim_member s
       WHERE s.group_id = %(member)s AND s.user_id = scim_user.user_id))

-- name: find
-- A part of them, in a lasting order.
SELECT user_id::text AS id, document, version, created_at, modified_at FROM connector.scim_user
WHERE client_id = %(client)s AND gone_at IS NULL
  AND (%(id)s::uuid IS NULL OR user_id = %(id)s)
  AND (%(name)s::text IS NULL OR name_key = %(name)s)
  AND (%(external)s::text IS NULL OR external_key = %(external)s)
  AND (%(number)s::text IS NULL OR number_key = %(number)s)
  AND (%(email)s::text IS NULL OR email_keys @> ARRAY[%(email)s::text])
  AND (%(member)s::uuid IS NULL OR EXISTS (SELECT FROM connector.scim_member s
       WHERE s.group_id = %(member)s AND s.user_id = scim_user.user_id))
ORDER BY CASE WHEN %(order)s = 'up' THEN name_key END, CASE WHEN %(order)s = 'down' THEN name_key END DESC, place
LIMIT %(count)s OFFSET %(start)s

-- name: related
-- The groups that these users are in.
SELECT s.user_id::text AS of, s.group_id::text AS id, 'Group' AS kind, g.document ->> 'displayName' AS display
FROM connector.scim_member s JOIN connector.scim_group g USING (client_id, group_id)
WHERE s.client_id = %(client)s AND s.user_id = ANY(%(ids)s) ORDER BY g.place

-- name: add
-- A new user.
INSERT INTO connector.scim_user
    (user_id, client_id, document, name_key, external_key, number_key, email_keys, created_at, modified_at, changed)
VALUES (%(id)s, %(client)s, %(document)s, %(name)s, %(external)s, %(number)s, %(emails)s, %(now)s, %(now)s, %(change)s)
RETURNING user_id::text AS id, document, version, created_at, modified_at

-- name: alter
-- A user as the client now tells it.
UPDATE connector.scim_user
SET document = %(document)s, name_key = %(name)s, external_key = %(external)s, number_key = %(number)s,
    email_keys = %(emails)s, version = version + 1, modified_at = %(now)s, changed = %(change)s
WHERE client_id = %(client)s AND user_id = %(id)s
RETURNING user_id::text AS id, document, version, created_at, modified_at

-- name: remove
-- A user is gone; it is kept, so that the way in can suspend.
UPDATE connector.scim_user SET gone_at = %(now)s, modified_at = %(now)s, version = version + 1, changed = %(change)s
WHERE client_id = %(client)s AND user_id = %(id)s
