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

/**
 * What goes with the plugin beyond what Moodle takes away by itself.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

/**
 * Takes due dates out of people's calendars, where nobody could remove them any more but each person, and Moodle's own
 * functions out of our service, which Moodle takes away without them.
 *
 * @return bool
 */
function xmldb_local_connector_uninstall() {
    global $DB;
    \local_connector\local\writing\calendar::remove_all();
    $ours = 'externalserviceid IN (SELECT id FROM {external_services} WHERE component = ?)';
    $DB->delete_records_select('external_services_functions', $ours, ['local_connector']);
    return true;
}
