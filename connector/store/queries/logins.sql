-- name: role
-- What a role of the server is and may do; owns: something in this database is its own.
SELECT r.rolname AS name,
       r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls AS mighty,
       EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid)
           OR EXISTS (SELECT FROM pg_namespace n WHERE n.nspowner = r.oid)
           OR EXISTS (SELECT FROM pg_database d WHERE d.datdba = r.oid) AS owns,
       EXISTS (SELECT FROM facts.access a WHERE a.login = r.rolname) AS known,
       ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
             WHERE m.member = r.oid) AS member_of
FROM pg_roles r WHERE r.rolname = %(login)s

-- name: unit
SELECT unit FROM facts.dim_org_unit WHERE unit = %(unit)s AND valid_to = 'infinity'

-- name: grant
INSERT INTO facts.access (login, unit, granted_at) VALUES (%(login)s, %(unit)s, %(now)s)
ON CONFLICT (login) DO UPDATE SET unit = excluded.unit, granted_at = excluded.granted_at

-- name: list
SELECT a.login AS name, a.unit, u.name AS unit_name, a.granted_at, r.rolname IS NOT NULL AS there
FROM facts.access a
LEFT JOIN facts.dim_org_unit u ON u.unit = a.unit AND u.valid_to = 'infinity'
LEFT JOIN pg_roles r ON r.rolname = a.login
ORDER BY a.login

-- name: revoke
DELETE FROM facts.access WHERE login = %(login)s

-- name: disconnect
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %(login)s

-- name: closed
SELECT has_database_privilege(%(reader)s, current_database(), 'CONNECT')
       AND NOT has_database_privilege(%(reader)s, current_database(), 'TEMPORARY') AS closed
