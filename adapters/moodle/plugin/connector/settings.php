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
 * Settings: where the webhook goes, and how long the outbox keeps what nobody fetches.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

if ($hassiteconfig) {
    $settings = new admin_settingpage('local_connector', new lang_string('pluginname', 'local_connector'));
    $settings->add(new admin_setting_configtext(
        'local_connector/webhookurl',
        new lang_string('webhookurl', 'local_connector'),
        new lang_string('webhookurl_desc', 'local_connector'),
        '',
        PARAM_URL,
    ));
    $settings->add(new admin_setting_configpasswordunmask(
        'local_connector/webhooksecret',
        new lang_string('webhooksecret', 'local_connector'),
        new lang_string('webhooksecret_desc', 'local_connector'),
        '',
    ));
    $settings->add(new admin_setting_configtext(
        'local_connector/outboxdays',
        new lang_string('outboxdays', 'local_connector'),
        new lang_string('outboxdays_desc', 'local_connector'),
        \local_connector\task\tidy::DAYS,
        '/^[1-9][0-9]{0,2}$/',
    ));
    $ADMIN->add('localplugins', $settings);
}
