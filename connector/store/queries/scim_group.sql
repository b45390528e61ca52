-- name: get
-- One group.
SELECT group_id::text AS id, document, version, created_at, modified_at FROM connector.scim_group
WHERE client_id = %(client)s AND group_id = %(id)s

-- name: count
-- How many groups have all of this; none has an e-mail address.
SELECT count(*) AS found FROM connector.scim_group
WHERE client_id = %(client)s AND %(email)s::text IS NULL
  AND (%(id)s::uuid IS NULL OR group_id = %(id)s)
  AND (%(name)s::text IS NULL OR name_key = %(name)s)
  AND (%(external)s::text IS NULL OR external_key = %(external)s)
  AND (%(member)s::uuid IS NULL OR EXISTS (SELECT FROM connector.scim_member s
       WHERE s.group_id = scim_group.group_id AND (s.user_id = %(member)s OR s.subgroup_id = %(member)s)))

-- name: find
-- A part of them, in a lasting order.
SELECT group_id::text AS id, document, version, created_at, modified_at FROM connector.scim_group
WHERE client_id = %(client)s AND %(email)s::text IS NULL
  AND (%(id)s::uuid IS NULL OR group_id = %(id)s)
  AND (%(name)s::text IS NULL OR name_key = %(name)s)
  AND (%(external)s::text IS NULL OR external_key = %(external)s)
  AND (%(member)s::uuid IS NULL OR EXISTS (SELECT FROM connector.scim_member s
       WHERE s.group_id = scim_group.group_id AND (s.user_id = %(member)s OR s.subgroup_id = %(member)s)))
ORDER BY CASE WHEN %(order)s = 'up' THEN name_key END, CASE WHEN %(order)s = 'down' THEN name_key END DESC, place
LIMIT %(count)s OFFSET %(start)s

-- name: related
-- The members of these groups.
SELECT s.group_id::text AS of, COALESCE(s.user_id, s.subgroup_id)::text AS id,
       CASE WHEN s.user_id IS NULL THEN 'Group' ELSE 'User' END AS kind,
       '' AS display
FROM connector.scim_member s
WHERE s.client_id = %(client)s AND s.group_id = ANY(%(ids)s) ORDER BY s.user_id, s.subgroup_id

-- name: add
-- A new group.
INSERT INTO connector.scim_group (group_id, client_id, document, name_key, external_key, created_at, modified_at)
VALUES (%(id)s, %(client)s, %(document)s, %(name)s, %(external)s, %(now)s, %(now)s)
RETURNING group_id::text AS id, document, version, created_at, modified_at

-- name: alter
-- A group as the client now tells it.
UPDATE connector.scim_group
SET document = %(document)s, name_key = %(name)s, external_key = %(external)s,
    version = version + 1, modified_at = %(now)s
WHERE client_id = %(client)s AND group_id = %(id)s
RETURNING group_id::text AS id, document, version, created_at, modified_at

-- name: remove
-- A group is gone, and with it who is in it.
DELETE FROM connector.scim_group WHERE client_id = %(client)s AND group_id = %(id)s
