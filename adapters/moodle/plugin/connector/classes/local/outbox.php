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

use core\event\base;

/**
 * What has changed and the connector has not fetched yet.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class outbox {
    /** @var string name of its table */
    public const TABLE = 'local_connector_outbox';

    /**
     * Notes an event. Called within Moodle's transaction: what is rolled back has not been noted.
     *
     * @param base $event
     */
    public static function note(base $event): void {
        [$kind, $action] = noted::EVENTS[get_class($event)];
        self::add($event, $kind, $action, (int) $event->objectid);
        $issuing = $event->target === 'course_module' ? noted::ISSUING[$event->other['modulename']] ?? null : null;
        if ($issuing !== null) {
            self::add($event, $issuing, noted::ACTIONS[$event->crud], (int) $event->other['instanceid']);
        }
        webhook::soon();
    }

    /**
     * Writes an entry.
     *
     * @param base $event
     * @param string $kind
     * @param string $action
     * @param int $objectid
     */
    private static function add(base $event, string $kind, string $action, int $objectid): void {
        global $DB;
        $DB->insert_record(self::TABLE, [
            'kind' => $kind,
            'action' => $action,
            'userid' => self::about($event, $kind),
            'courseid' => (int) $event->courseid,
            'objectid' => $objectid,
            'timecreated' => time(),
        ]);
    }

    /**
     * Its entries can be read as any dataset can.
     *
     * @return dataset
     */
    public static function dataset(): dataset {
        return new dataset(
            self::TABLE,
            ['local/connector:outbox'],
            integers: ['id', 'userid', 'courseid', 'objectid', 'timecreated'],
            texts: ['kind', 'action'],
        );
    }

    /**
     * Forgets entries.
     *
     * These are named one by one. Two transactions end in another order than they begin: an entry with a smaller id may
     * appear after a greater one has been read, and to forget all up to that would lose it.
     *
     * @param int[] $ids
     */
    public static function forget(array $ids): void {
        global $DB;
        foreach (array_chunk($ids, 1000) as $some) {
            $DB->delete_records_list(self::TABLE, 'id', $some);
        }
    }

    /**
     * Forgets what is older than anybody will fetch; the connector's sweeps find what such entries were about.
     *
     * @param int $before epoch seconds
     */
    public static function forget_old(int $before): void {
        global $DB;
        $DB->delete_records_select(self::TABLE, 'timecreated < ?', [$before]);
    }

    /**
     * The greatest id, 0 where there is no entry.
     *
     * @return int
     */
    public static function last(): int {
        global $DB;
        return (int) $DB->get_field(self::TABLE, 'MAX(id)', []);
    }

    /**
     * Whether something has waited since then.
     *
     * @param int $since epoch seconds
     * @return bool
     */
    public static function is_waiting(int $since): bool {
        global $DB;
        return $DB->record_exists_select(self::TABLE, 'timecreated < ?', [$since]);
    }

    /**
     * Whom an event is about; 0 where it is about nobody.
     *
     * @param base $event
     * @param string $kind
     * @return int
     */
    private static function about(base $event, string $kind): int {
        return (int) ($event->relateduserid ?? ($kind === 'people' ? $event->objectid : 0));
    }
}
