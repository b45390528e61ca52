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

$string['accountisadmin'] = 'This account is an administrator of the site, who may do everything: choose another by --username.';
$string['connector:outbox'] = 'Read and clear the outbox of changes';
$string['connector:read'] = 'Read datasets in bulk, as far as other permissions reach';
$string['connector:write'] = 'Write in bulk, as far as other permissions reach';
$string['nocourses'] = 'This dataset cannot be read by course.';
$string['norows'] = 'The rows have to be a list of objects, written as JSON.';
$string['nosuchdataset'] = 'There is no dataset with this name, or what it is read from is not installed.';
$string['nosuchoperation'] = 'There is no operation with this name.';
$string['nosuchoption'] = 'The option --with does not know: {$a}';
$string['nosuchrole'] = 'This site has no role with the short name {$a}.';
$string['notaborder'] = 'The parameter after has to be 0 or the last key of a bucket.';
$string['notenrolled'] = 'This person has no manual enrolment in this course.';
$string['notimes'] = 'This dataset has no times by which it could be narrowed.';
$string['outofrange'] = 'The parameter {$a->name} has to be between {$a->least} and {$a->most}.';
$string['pluginname'] = 'Connector';
$string['unexpected'] = 'This row failed within Moodle in a way that nobody foresaw; with debugging on, Moodle tells developers more.';
