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

use calendar_event;
use core_external\external_single_structure;
use core_external\external_value;
use core_user;
use local_connector\local\rows;
use local_connector\local\wrong_field;
use moodle_exception;
use required_capability_exception;
use stdClass;

/**
 * Due dates in the calendars of people: entries of theirs, which they may see and change as their own.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class calendar {
    /** @var string what the keys of ours begin with in Moodle's table */
    private const PREFIX = 'local_connector:';

    /** @var array what else is true of ours: what people import has keys too, which may say anything, and a subscription */
    private const OURS = ['eventtype' => 'user', 'subscriptionid' => null];

    /**
     * Puts a due date, which changes the one with the same key where there is one; or removes it with "remove": true.
     *
     * @param array $row userid, name, timestart; description and timeduration in seconds as you like; or just remove
     * @param mixed $key which due date it is
     * @return array id; none where nothing is left
     */
    public static function due_date(array $row, mixed $key): array {
        global $CFG, $DB;
        require_once($CFG->dirroot . '/calendar/lib.php');
        if (!is_string($key) || $key === '' || \core_text::strlen(self::PREFIX . $key) > 255) {
            throw new wrong_field('key');
        }
        $uuid = self::PREFIX . $key;
        $present = array_values($DB->get_records('event', ['uuid' => $uuid] + self::OURS, 'id'));
        $remove = $row['remove'] ?? 0;
        unset($row['remove']);
        // More than one there can only be where the same key was put twice at the same moment.
        foreach (array_slice($present, $remove ? 0 : 1) as $event) {
            self::manageable($event)->delete();
        }
        if ($remove) {
            return [];
        }
        return ['id' => self::put($row + ['description' => '', 'timeduration' => 0], $present[0] ?? null, $uuid)];
    }

    /**
     * Removes all that there are, where the plugin goes itself.
     */
    public static function remove_all(): void {
        global $DB;
        $ours = $DB->sql_like('uuid', '?') . " AND eventtype = 'user' AND subscriptionid IS NULL";
        $DB->delete_records_select('event', $ours, [$DB->sql_like_escape(self::PREFIX) . '%']);
    }

    /**
     * Puts what a row says.
     *
     * @param array $row
     * @param stdClass|null $present
     * @param string $uuid
     * @return int id
     */
    private static function put(array $row, ?stdClass $present, string $uuid): int {
        rows::check(new external_single_structure([
            'userid' => new external_value(PARAM_INT),
            'name' => new external_value(PARAM_TEXT),
            'timestart' => new external_value(PARAM_INT),
            'description' => new external_value(PARAM_RAW),
            'timeduration' => new external_value(PARAM_INT),
        ]), $row);
        $wrong = array_filter([
            'name' => trim($row['name']) === '',
            'timestart' => $row['timestart'] < 1,
            'timeduration' => $row['timeduration'] < 0,
            'userid' => $present && $present->userid != $row['userid'],
        ]);
        if ($wrong) {
            throw new wrong_field(array_key_first($wrong));
        }
        $user = core_user::get_user($row['userid'], '*', MUST_EXIST);
        core_user::require_active_user($user);
        $wanted = ['format' => FORMAT_HTML] + $row;
        if (!$present) {
            $new = (object) ($wanted + ['eventtype' => 'user', 'uuid' => $uuid, 'courseid' => 0, 'groupid' => 0, 'visible' => 1]);
            self::manageable($new);
            return (int) calendar_event::create($new, false)->id;
        }
        $event = self::manageable($present);
        if (array_diff_assoc(array_map(strval(...), $wanted), array_map(strval(...), (array) $present))) {
            $event->update((object) $wanted, false);
        }
        return (int) $present->id;
    }

    /**
     * An entry that the caller may change, by Moodle's own rule, by which administrators are told apart from a lack of rights.
     *
     * @param stdClass $event
     * @return calendar_event
     */
    private static function manageable(stdClass $event): calendar_event {
        if (is_siteadmin($event->userid) && !is_siteadmin()) {
            throw new moodle_exception('usernotupdatedadmin');
        }
        $loaded = new calendar_event(clone($event));
        if (!calendar_can_manage_user_event($loaded)) {
            throw new required_capability_exception($loaded->context, 'moodle/calendar:manageentries', 'nopermissions', '');
        }
        return $loaded;
    }
}
