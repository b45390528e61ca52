<?php
// This file is part of Moodle - https://moodle.org/
//
// Moodle is free software: you can redistribute it and/or modify
// it under the terms of the GNU General Public License as published by
// the Free Software Foundation, either version 3 of the License, or
// (at your option) any later version.
//
// Moodle is distributed in the hope that it will be useful,
// but WITHOUT ANY WARRANTY; without even the implied warranty of
// MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
// GNU General Public License for more details.
//
// You should have received a copy of the GNU General Public License
// along with Moodle.  If not, see <https://www.gnu.org/licenses/>.

namespace local_connector\local\writing;

use auth_oauth2\api;
use auth_oauth2\linked_login;
use core\context\system;
use core\context\user;
use core\oauth2\issuer;
use core_external\external_single_structure;
use core_external\external_value;
use core_user;
use local_connector\local\rows;
use local_connector\local\wrong_field;
use moodle_exception;

/**
 * Identities by which people sign in.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class logins {
    /**
     * Links an identity with an account, or with "remove": true ends that; that it is so already is well.
     *
     * Whoever may do this may let anybody sign in as that person: it takes the capability to change accounts too,
     * and administrators are left alone, as Moodle does when accounts are changed.
     *
     * @param array $row userid, issuerid, username as the provider names it; email, or remove
     * @return array id of the link, where there is one
     */
    public static function link(array $row): array {
        if ($row['remove'] ?? 0) {
            unset($row['remove']);
            return self::unlink($row);
        }
        unset($row['remove']);
        rows::check(new external_single_structure([
            'userid' => new external_value(PARAM_INT),
            'issuerid' => new external_value(PARAM_INT),
            'username' => new external_value(PARAM_RAW_TRIMMED),
            'email' => new external_value(PARAM_EMAIL),
        ]), $row);
        rows::check_lengths('auth_oauth2_linked_login', $row);
        if ($row['username'] === '') {
            throw new wrong_field('username');
        }
        require_capability('moodle/user:update', system::instance());
        $user = core_user::get_user($row['userid'], '*', MUST_EXIST);
        core_user::require_active_user($user);
        if (is_siteadmin($user) && !is_siteadmin()) {
            throw new moodle_exception('usernotupdatedadmin');
        }
        require_capability('auth/oauth2:managelinkedlogins', user::instance($user->id));
        $issuer = new issuer($row['issuerid']);
        $same = ['issuerid' => $issuer->get('id'), 'userid' => $user->id, 'username' => $row['username'], 'confirmtoken' => ''];
        $present = linked_login::get_record($same);
        $link = $present ?: api::link_login(['username' => $row['username'], 'email' => $row['email']], $issuer, $user->id);
        return ['id' => (int) $link->get('id')];
    }

    /**
     * Ends a link; that there is none, or nobody any more, is well.
     *
     * @param array $row userid, issuerid, username
     * @return array
     */
    private static function unlink(array $row): array {
        rows::check(new external_single_structure([
            'userid' => new external_value(PARAM_INT),
            'issuerid' => new external_value(PARAM_INT),
            'username' => new external_value(PARAM_RAW_TRIMMED),
        ]), $row);
        require_capability('moodle/user:update', system::instance());
        $user = core_user::get_user($row['userid']);
        if (!$user || $user->deleted) {
            return [];
        }
        if (is_siteadmin($user) && !is_siteadmin()) {
            throw new moodle_exception('usernotupdatedadmin');
        }
        require_capability('auth/oauth2:managelinkedlogins', user::instance($user->id));
        foreach (linked_login::get_records($row) as $link) {
            $link->delete();
        }
        return [];
    }
}
