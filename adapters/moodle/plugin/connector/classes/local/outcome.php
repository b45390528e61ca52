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

namespace local_connector\local;

use Throwable;
use dml_missing_record_exception;
use invalid_parameter_exception;
use moodle_exception;

/**
 * What came of a row, in words for programs.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class outcome {
    /** @var string[] fields by how Moodle begins to say what is wrong with a parameter, which it tells nobody in production. */
    private const BEGINNINGS = [
        'Username already exists' => 'username',
        'Invalid authentication type' => 'auth',
        'Invalid language code' => 'lang',
        'Invalid theme' => 'theme',
        'Invalid password' => 'password',
        'Email address' => 'email',
        'The field username' => 'username',
        'The field firstname' => 'firstname',
        'The field lastname' => 'lastname',
        'category' => 'categorytype',
        'record already exists: idnumber' => 'idnumber',
        'Can not assign roleid' => 'roleid',
        'Can not unassign roleid' => 'roleid',
        'Invalid context level' => 'contextlevel',
        'Missing parameters, please provide either context' => 'contextid',
        'Context does not exist' => 'instanceid',
        'Invalid group name' => 'name',
        'Group with the same name' => 'name',
        'Only enrolled users' => 'userid',
    ];

    /** @var string[] fields by Moodle's code, where that is about one. */
    private const CODES = [
        'useremailinvalid' => 'email',
        'useremailduplicate' => 'email',
        'usernamelowercase' => 'username',
        'invalidusername' => 'username',
        'alreadylinked' => 'username',
        'idnumbertaken' => 'idnumber',
        'wsusercannotassign' => 'roleid',
        'wsnoinstance' => 'courseid',
        'errorcoursecontextnotvalid' => 'courseid',
    ];

    /** @var string[] fields by the table in which something was not found. */
    private const TABLES = [
        'user' => 'userid', // Which is the id in rows of people.
        'course' => 'courseid',
        'cohort' => 'cohortid',
        'groups' => 'groupid',
        'oauth2_issuer' => 'issuerid',
    ];

    /**
     * That of a row that Moodle refused.
     *
     * @param Throwable $e
     * @param array $row
     * @return array
     */
    public static function refused(Throwable $e, array $row): array {
        if (!$e instanceof moodle_exception) {
            debugging('A row failed: ' . get_class($e) . ' in ' . $e->getFile() . ':' . $e->getLine(), DEBUG_DEVELOPER);
            return ['ok' => false, 'errorcode' => 'unexpected', 'message' => get_string('unexpected', 'local_connector')];
        }
        $message = preg_replace('~^error/\s*~', '', trim(html_to_text($e->getMessage(), 0, false)));
        if (!preg_match('/^\w+$/', $e->errorcode)) {
            // Moodle writes what the password policy demands, as HTML, where the code should be.
            return ['ok' => false, 'errorcode' => 'passwordpolicy', 'message' => $message, 'field' => 'password'];
        }
        $field = self::field($e);
        $field = $field === 'userid' && isset($row['id']) ? 'id' : $field;
        return ['ok' => false, 'errorcode' => $e->errorcode, 'message' => $message] + ($field === null ? [] : ['field' => $field]);
    }

    /**
     * The field of the row that was refused, where that can be known.
     *
     * @param moodle_exception $e
     * @return string|null
     */
    private static function field(moodle_exception $e): ?string {
        if ($e instanceof wrong_field) {
            return $e->field;
        }
        if ($e instanceof dml_missing_record_exception) {
            // Newer versions of Moodle keep the table only within the SQL.
            preg_match('/FROM {(\w+)}/', (string) $e->sql, $found);
            return self::TABLES[$e->tablename ?? $found[1] ?? ''] ?? null;
        }
        if ($e instanceof invalid_parameter_exception) {
            foreach (self::BEGINNINGS as $beginning => $field) {
                if (str_starts_with((string) $e->debuginfo, $beginning)) {
                    return $field;
                }
            }
        }
        return self::CODES[$e->errorcode] ?? null;
    }
}
