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
 * Steps from older versions.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

/**
 * Upgrades.
 *
 * @param int $oldversion
 * @return bool
 */
function xmldb_local_connector_upgrade($oldversion) {
    global $DB;
    if ($oldversion < 2026113001) {
        if (!$DB->get_manager()->table_exists('local_connector_outbox')) {
            $DB->get_manager()->install_from_xmldb_file(__DIR__ . '/install.xml');
        }
        upgrade_plugin_savepoint(true, 2026113001, 'local', 'connector');
    }
    if ($oldversion < 2026120100) {
        // Moodle knows a service by its name, and ends the tokens of one that is not in services.php by that name.
        $ours = ['component' => 'local_connector', 'shortname' => 'local_connector'];
        $DB->set_field('external_services', 'name', 'Plugin local_connector', $ours);
        upgrade_plugin_savepoint(true, 2026120100, 'local', 'connector');
    }
    return true;
}
