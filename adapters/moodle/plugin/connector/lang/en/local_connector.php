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
 * English strings.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

$string['accountisspecial'] = 'This account is an administrator of the site or its guest: choose another by --username.';
$string['connector:outbox'] = 'Read and clear the outbox of changes';
$string['connector:read'] = 'Read datasets in bulk, as far as other permissions reach';
$string['connector:write'] = 'Write in bulk, as far as other permissions reach';
$string['noids'] = 'The ids have to be a list of whole numbers, written as JSON.';
$string['norows'] = 'The rows have to be a list of objects, written as JSON.';
$string['noservice'] = 'The plugin is not installed to its end: this site lacks its service {$a}. Run admin/cli/upgrade.php; if it finds nothing to do, uninstall the plugin and install it again. Nothing has been changed.';
$string['nosuchcolumn'] = 'This dataset has no column of integers with this name.';
$string['nosuchdataset'] = 'There is no dataset with this name, or what it is read from is not installed.';
$string['nosuchoperation'] = 'There is no operation with this name.';
$string['nosuchoption'] = 'The option --with does not know: {$a}';
$string['nosuchrole'] = 'This site has no role with the short name {$a}.';
$string['notaborder'] = 'The parameter after has to be 0 or the last key of a bucket.';
$string['notenrolled'] = 'This person has no manual enrolment in this course.';
$string['notimes'] = 'This dataset has no times by which it could be narrowed.';
$string['outbox'] = 'Outbox';
$string['outboxdays'] = 'Days in the outbox';
$string['outboxdays_desc'] = 'What the connector has not fetched from the outbox for this many days is deleted; its sweeps find these changes later.';
$string['outofrange'] = 'The parameter {$a->name} has to be between {$a->least} and {$a->most}.';
$string['pluginname'] = 'Connector';
$string['privacy:metadata:calendar'] = 'Due dates are written into the calendars of the people they are for.';
$string['privacy:metadata:connector'] = 'The connector reads what its account may read and copies it into a database for reporting.';
$string['privacy:metadata:connector:fields'] = 'Accounts with custom fields, cohorts, roles, groups, enrolments, completions, grades, badges and certificates.';
$string['privacy:metadata:outbox'] = 'Changes that the connector has not fetched yet.';
$string['privacy:metadata:outbox:action'] = 'How it has changed.';
$string['privacy:metadata:outbox:courseid'] = 'The course in which it has changed.';
$string['privacy:metadata:outbox:kind'] = 'What kind of data has changed.';
$string['privacy:metadata:outbox:objectid'] = 'The number of the entry that has changed.';
$string['privacy:metadata:outbox:timecreated'] = 'When it has changed.';
$string['privacy:metadata:outbox:userid'] = 'Whose data has changed.';
$string['tasktell'] = 'Tell the connector that there is something to fetch';
$string['tasktidy'] = 'Tidy the outbox of the connector';
$string['unexpected'] = 'This row failed within Moodle in a way that nobody foresaw; with debugging on, Moodle tells developers more.';
$string['webhookfailed'] = 'The webhook of the connector could not be called: {$a}';
$string['webhooksecret'] = 'Secret of the webhook';
$string['webhooksecret_desc'] = 'Each call is signed with it; the connector has to know the same secret. Without it nothing is called.';
$string['webhookurl'] = 'Address of the webhook';
$string['webhookurl_desc'] = 'Moodle tells this address when there is something to fetch, and nothing of what it is. If it lies within your own network or has a port other than 80 and 443, allow it in the HTTP security settings (cURL blocked hosts list, cURL allowed ports list). Empty: nothing is called, and the connector looks by itself.';
