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

namespace local_connector\privacy;

use core\context;
use core\context\user;
use core_privacy\local\metadata\collection;
use core_privacy\local\request\approved_contextlist;
use core_privacy\local\request\approved_userlist;
use core_privacy\local\request\contextlist;
use core_privacy\local\request\transform;
use core_privacy\local\request\userlist;
use core_privacy\local\request\writer;
use local_connector\local\outbox;

/**
 * The outbox holds whose data has changed, until that is fetched; what was changed stays where it is.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class provider implements
    \core_privacy\local\metadata\provider,
    \core_privacy\local\request\core_userlist_provider,
    \core_privacy\local\request\plugin\provider {
    /**
     * What is kept and where it goes.
     *
     * @param collection $collection
     * @return collection
     */
    public static function get_metadata(collection $collection): collection {
        $collection->add_database_table(outbox::TABLE, [
            'userid' => 'privacy:metadata:outbox:userid',
            'kind' => 'privacy:metadata:outbox:kind',
            'action' => 'privacy:metadata:outbox:action',
            'courseid' => 'privacy:metadata:outbox:courseid',
            'objectid' => 'privacy:metadata:outbox:objectid',
            'timecreated' => 'privacy:metadata:outbox:timecreated',
        ], 'privacy:metadata:outbox');
        $collection->add_external_location_link('connector', [
            'fields' => 'privacy:metadata:connector:fields',
        ], 'privacy:metadata:connector');
        $collection->add_subsystem_link('core_calendar', [], 'privacy:metadata:calendar');
        return $collection;
    }

    /**
     * Contexts with something about somebody: that person's own.
     *
     * @param int $userid
     * @return contextlist
     */
    public static function get_contexts_for_userid(int $userid): contextlist {
        $contexts = new contextlist();
        $sql = 'SELECT c.id FROM {context} c WHERE c.contextlevel = :level AND c.instanceid = :userid
                   AND EXISTS (SELECT 1 FROM {local_connector_outbox} o WHERE o.userid = c.instanceid)';
        $contexts->add_from_sql($sql, ['level' => CONTEXT_USER, 'userid' => $userid]);
        return $contexts;
    }

    /**
     * People about whom there is something in a context.
     *
     * @param userlist $userlist
     */
    public static function get_users_in_context(userlist $userlist): void {
        $context = $userlist->get_context();
        if ($context instanceof user) {
            $sql = 'SELECT userid FROM {local_connector_outbox} WHERE userid = :userid';
            $userlist->add_from_sql('userid', $sql, ['userid' => $context->instanceid]);
        }
    }

    /**
     * Exports what there is about somebody.
     *
     * @param approved_contextlist $contextlist
     */
    public static function export_user_data(approved_contextlist $contextlist): void {
        global $DB;
        foreach (self::people($contextlist) as $userid) {
            $entries = [];
            foreach ($DB->get_records(outbox::TABLE, ['userid' => $userid], 'id') as $entry) {
                $entries[] = ['timecreated' => transform::datetime($entry->timecreated)] + (array) $entry;
            }
            $path = [get_string('pluginname', 'local_connector'), get_string('outbox', 'local_connector')];
            writer::with_context(user::instance($userid))->export_data($path, (object) ['entries' => $entries]);
        }
    }

    /**
     * Deletes all in a context.
     *
     * @param context $context
     */
    public static function delete_data_for_all_users_in_context(context $context): void {
        if ($context instanceof user) {
            self::delete([$context->instanceid]);
        }
    }

    /**
     * Deletes what there is about somebody.
     *
     * @param approved_contextlist $contextlist
     */
    public static function delete_data_for_user(approved_contextlist $contextlist): void {
        self::delete(self::people($contextlist));
    }

    /**
     * Deletes what there is about people in a context.
     *
     * @param approved_userlist $userlist
     */
    public static function delete_data_for_users(approved_userlist $userlist): void {
        if ($userlist->get_context() instanceof user) {
            self::delete(array_intersect($userlist->get_userids(), [$userlist->get_context()->instanceid]));
        }
    }

    /**
     * The person asked about, where that person's own context is among those approved.
     *
     * @param approved_contextlist $contextlist
     * @return int[]
     */
    private static function people(approved_contextlist $contextlist): array {
        $userid = $contextlist->get_user()->id;
        $own = fn($context) => $context instanceof user && $context->instanceid == $userid;
        return array_filter($contextlist->get_contexts(), $own) ? [$userid] : [];
    }

    /**
     * Deletes what there is about people.
     *
     * @param int[] $userids
     */
    private static function delete(array $userids): void {
        global $DB;
        $DB->delete_records_list(outbox::TABLE, 'userid', $userids);
    }
}
