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

use core_external\external_api;
use core_external\external_single_structure;

/**
 * Moodle's own external functions, for one row: what they check and what they set going is the same as ever.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class core_function {
    /** @var \stdClass[] what Moodle knows of a function, by its name. */
    private static array $known = [];

    /**
     * Calls a function that takes a list, with a list of one.
     *
     * @param string $name of the function
     * @param string $parameter name of the list
     * @param mixed $row
     * @return mixed its answer
     */
    public static function call(string $name, string $parameter, mixed $row): mixed {
        $function = self::$known[$name] ??= external_api::external_function_info($name);
        $description = $function->parameters_desc->keys[$parameter]->content;
        if ($description instanceof external_single_structure) {
            rows::check($description, $row);
        }
        return [$function->classname, $function->methodname]([$row]);
    }
}
