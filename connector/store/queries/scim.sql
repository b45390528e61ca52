-- name: lock_client
-- Whoever writes into a directory is alone in it until the transaction ends. Gives the number of the change to come.
SELECT changes + 1 AS change FROM connector.scim_client WHERE client_id = %(client)s FOR NO KEY UPDATE

-- name: begin_change
-- The same for what surely changes something: it is counted at once, and wakes who listens once it is committed.
UPDATE connector.scim_client SET changes = changes + 1, changed_at = %(now)s WHERE client_id = %(client)s
RETURNING changes AS change, pg_notify('connector_scim', name)

-- name: note_change
-- Something has changed: count it, and wake who listens.
UPDATE connector.scim_client SET changes = %(change)s, changed_at = %(now)s WHERE client_id = %(client)s
RETURNING pg_notify('connector_scim', name)

-- name: counter
-- How far a directory has come, and how large it is.
SELECT c.client_id, c.changes, c.changed_at,
       (SELECT COALESCE(sum(octet_length(u.document::text)), 0) FROM connector.scim_user u
        WHERE u.client_id = c.client_id AND u.changed > %(since)s)::bigint AS size
FROM connector.scim_client c WHERE c.name = %(name)s

-- name: how_far
-- The last change that the way in has taken.
SELECT taken FROM connector.scim_client WHERE name = %(name)s

-- name: pending
-- Users that changed since the way in took the directory.
SELECT count(*) AS users
FROM connector.scim_client c JOIN connector.scim_user u USING (client_id)
WHERE c.name = %(name)s AND u.changed > c.taken

-- name: taken
-- The way in has taken all changes up to this one.
UPDATE connector.scim_client SET taken = greatest(taken, %(change)s) WHERE name = %(name)s

-- name: users_in
-- Users for the way in, with names of groups and their manager; of those gone only who was not made anew since.
SELECT u.user_id::text AS id, u.document, u.gone_at IS NOT NULL AS gone, m.document AS manager,
       ARRAY(SELECT g.document ->> 'displayName' FROM connector.scim_member s
             JOIN connector.scim_group g USING (client_id, group_id) WHERE s.user_id = u.user_id) AS groups
FROM connector.scim_user u
LEFT JOIN connector.scim_user m ON m.client_id = u.client_id AND m.user_id::text =
    u.document #>> '{urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,manager,value}'
WHERE u.client_id = %(client)s AND u.changed > %(since)s
  AND (u.gone_at IS NULL OR NOT EXISTS (
      SELECT FROM connector.scim_user o
      WHERE o.client_id = u.client_id AND o.user_id <> u.user_id AND (o.gone_at IS NULL OR o.place > u.place)
        AND (o.name_key = u.name_key OR o.external_key = u.external_key OR o.number_key = u.number_key)))
ORDER BY u.place

-- name: touch_users
-- What is told of these users has changed with a group of theirs.
UPDATE connector.scim_user SET version = version + 1, modified_at = %(now)s, changed = %(change)s
WHERE client_id = %(client)s AND user_id = ANY(%(ids)s) AND gone_at IS NULL

-- name: touch_members
-- The same for all who are in a group.
UPDATE connector.scim_user u SET version = u.version + 1, modified_at = %(now)s, changed = %(change)s
FROM connector.scim_member s
WHERE s.client_id = %(client)s AND s.group_id = %(id)s AND u.user_id = s.user_id

-- name: touch_group
-- Who is in a group has changed.
UPDATE connector.scim_group SET version = version + 1, modified_at = %(now)s
WHERE client_id = %(client)s AND group_id = %(id)s
RETURNING group_id::text AS id, document, version, created_at, modified_at

-- name: known
-- Which of these ids are users or groups of the directory.
SELECT user_id::text AS id FROM connector.scim_user
WHERE client_id = %(client)s AND user_id = ANY(%(ids)s) AND gone_at IS NULL
UNION ALL
SELECT group_id::text FROM connector.scim_group WHERE client_id = %(client)s AND group_id = ANY(%(ids)s)

-- name: members
-- Ids of all who are in a group.
SELECT COALESCE(user_id, subgroup_id)::text AS id FROM connector.scim_member
WHERE client_id = %(client)s AND group_id = %(id)s

-- name: join_users
-- Users come into a group.
INSERT INTO connector.scim_member (client_id, group_id, user_id)
SELECT client_id, %(id)s, user_id FROM connector.scim_user
WHERE client_id = %(client)s AND user_id = ANY(%(ids)s) AND gone_at IS NULL
ON CONFLICT (group_id, user_id) DO NOTHING RETURNING user_id::text AS id

-- name: join_groups
-- Groups come into a group.
INSERT INTO connector.scim_member (client_id, group_id, subgroup_id)
SELECT client_id, %(id)s, group_id FROM connector.scim_group
WHERE client_id = %(client)s AND group_id = ANY(%(ids)s)
ON CONFLICT (group_id, subgroup_id) DO NOTHING RETURNING subgroup_id::text AS id

-- name: leave
-- Members go out of a group.
DELETE FROM connector.scim_member
WHERE client_id = %(client)s AND group_id = %(id)s AND (user_id = ANY(%(ids)s) OR subgroup_id = ANY(%(ids)s))
RETURNING COALESCE(user_id, subgroup_id)::text AS id

-- name: leave_but
-- Everybody goes out of a group but these.
DELETE FROM connector.scim_member
WHERE client_id = %(client)s AND group_id = %(id)s AND COALESCE(user_id, subgroup_id) <> ALL(%(ids)s)
RETURNING COALESCE(user_id, subgroup_id)::text AS id

-- name: leave_all
-- A user or group goes out of all groups.
DELETE FROM connector.scim_member
WHERE client_id = %(client)s AND (user_id = %(id)s OR subgroup_id = %(id)s) RETURNING group_id::text AS id
