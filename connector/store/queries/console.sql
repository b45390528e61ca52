-- name: add
-- A new account that cannot sign in yet.
INSERT INTO connector.console_account (name, display_name, role, language, timezone)
VALUES (%(name)s, %(display_name)s, %(role)s, %(language)s, %(timezone)s)
ON CONFLICT (name) DO NOTHING
RETURNING account_id, name, display_name, role, language, timezone, disabled, false AS ready

-- name: all
-- Every account.
SELECT account_id, name, display_name, role, language, timezone, disabled,
       password_hash IS NOT NULL AND totp IS NOT NULL AS ready
FROM connector.console_account ORDER BY name

-- name: find
-- One account by name.
SELECT account_id, name, display_name, role, language, timezone, disabled,
       password_hash IS NOT NULL AND totp IS NOT NULL AS ready
FROM connector.console_account WHERE name = %(name)s

-- name: credentials
-- What somebody who signs in is checked against.
SELECT account_id, name, display_name, role, language, timezone, disabled, true AS ready,
       password_hash, totp, totp_step
FROM connector.console_account
WHERE name = %(name)s AND NOT disabled AND password_hash IS NOT NULL AND totp IS NOT NULL

-- name: disable
-- No sign-in any more.
UPDATE connector.console_account
SET disabled = true, password_hash = NULL, totp = NULL, shown_totp = NULL, setup_digest = NULL, setup_expires_at = NULL
WHERE account_id = %(account_id)s

-- name: end_sessions
-- All sessions of an account.
DELETE FROM connector.console_session WHERE account_id = %(account_id)s

-- name: choose
-- A person's own choice.
UPDATE connector.console_account SET language = %(language)s, timezone = %(timezone)s WHERE account_id = %(account_id)s

-- name: invite
-- A set-up code in place of everything that one can sign in with.
UPDATE connector.console_account
SET disabled = false, password_hash = NULL, totp = NULL, shown_totp = NULL,
    setup_digest = %(digest)s, setup_expires_at = %(expires_at)s
WHERE account_id = %(account_id)s

-- name: end_recovery
-- Recovery codes that hold no more.
DELETE FROM connector.console_recovery_code WHERE account_id = %(account_id)s

-- name: invited
-- Whose set-up code it is.
SELECT account_id, name, display_name, role, language, timezone, disabled, false AS ready,
       COALESCE(shown_totp, '') AS shown_totp
FROM connector.console_account
WHERE setup_digest = %(digest)s AND setup_expires_at > %(now)s AND NOT disabled

-- name: show_secret
-- Keep the secret that is shown while setting up.
UPDATE connector.console_account SET shown_totp = %(sealed)s WHERE account_id = %(account_id)s

-- name: set_up
-- From now on the account can sign in; the code is used up.
UPDATE connector.console_account
SET password_hash = %(password_hash)s, totp = shown_totp, totp_step = %(step)s, shown_totp = NULL,
    setup_digest = NULL, setup_expires_at = NULL
WHERE account_id = %(account_id)s AND setup_digest = %(digest)s AND setup_expires_at > %(now)s
  AND shown_totp IS NOT NULL AND NOT disabled

-- name: add_recovery
-- One recovery code.
INSERT INTO connector.console_recovery_code (account_id, digest) VALUES (%(account_id)s, %(digest)s)

-- name: rehash
-- The same password, hashed with the parameters of today.
UPDATE connector.console_account SET password_hash = %(password_hash)s
WHERE account_id = %(account_id)s AND password_hash IS NOT NULL

-- name: use_step
-- Each one-time code counts once.
UPDATE connector.console_account SET totp_step = %(step)s WHERE account_id = %(account_id)s AND totp_step < %(step)s

-- name: use_recovery
-- Each recovery code counts once.
UPDATE connector.console_recovery_code SET used_at = %(now)s
WHERE account_id = %(account_id)s AND digest = %(digest)s AND used_at IS NULL

-- name: lock_name
-- One try of a name at a time, within a transaction.
SELECT pg_advisory_xact_lock(hashtextextended(encode(%(digest)s, 'hex'), 7))

-- name: tries
-- Failures of a name.
SELECT failures, failed_at FROM connector.console_try WHERE name_digest = %(digest)s

-- name: count_try
-- One failure more.
INSERT INTO connector.console_try (name_digest, failures, failed_at) VALUES (%(digest)s, %(failures)s, %(now)s)
ON CONFLICT (name_digest) DO UPDATE SET failures = excluded.failures, failed_at = excluded.failed_at

-- name: forgive
-- Earlier failures count no more.
DELETE FROM connector.console_try WHERE name_digest = %(digest)s

-- name: forget_tries
-- Failures of long ago.
DELETE FROM connector.console_try WHERE name_digest IN (
    SELECT name_digest FROM connector.console_try WHERE failed_at < %(before)s FOR UPDATE SKIP LOCKED
)

-- name: begin_session
-- Somebody has signed in.
INSERT INTO connector.console_session (digest, account_id, started_at, seen_at)
VALUES (%(digest)s, %(account_id)s, %(now)s, %(now)s)

-- name: forget_sessions
-- Sessions that are over whatever happens.
DELETE FROM connector.console_session WHERE digest IN (
    SELECT digest FROM connector.console_session WHERE started_at < %(before)s FOR UPDATE SKIP LOCKED
)

-- name: session
-- Whose session it is.
SELECT s.started_at, s.seen_at, a.account_id, a.name, a.display_name, a.role, a.language, a.timezone, a.disabled,
       true AS ready
FROM connector.console_session s JOIN connector.console_account a USING (account_id)
WHERE s.digest = %(digest)s AND NOT a.disabled

-- name: touch_session
-- It is in use; written once in a minute at most.
UPDATE connector.console_session SET seen_at = %(now)s
WHERE digest = %(digest)s AND seen_at < %(now)s - interval '1 minute'

-- name: end_session
-- Signed out, or over.
DELETE FROM connector.console_session WHERE digest = %(digest)s

-- name: note
-- One entry of the audit trail.
INSERT INTO connector.audit_trail (at, actor, action, subject, detail)
VALUES (%(now)s, %(actor)s, %(action)s, %(subject)s, %(detail)s)

-- name: newest
-- The newest entries of the audit trail.
SELECT at, actor, action, subject, detail FROM connector.audit_trail ORDER BY entry_id DESC LIMIT %(limit)s
