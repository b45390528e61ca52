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
$string['nocourses'] = 'This dataset cannot be read by course.';
$string['nosuchcolumn'] = 'This dataset has no column of integers with this name.';
$string['nosuchdataset'] = 'There is no dataset with this name, or what it is read from is not installed.';
$string['nosuchoption'] = 'The option --with does not know: {$a}';
$string['nosuchrole'] = 'This site has no role with the short name {$a}.';
$string['notaborder'] = 'The parameter after has to be 0 or the last key of a bucket.';
$string['notimes'] = 'This dataset has no times by which it could be narrowed.';
$string['outofrange'] = 'The parameter {$a->name} has to be between {$a->least} and {$a->most}.';
$string['pluginname'] = 'Connector';
