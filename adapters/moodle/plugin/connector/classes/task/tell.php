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

namespace local_connector\task;

use core\task\adhoc_task;
use local_connector\local\webhook;

/**
 * Calls the webhook; where it fails, Moodle tries again by its rules for such tasks.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class tell extends adhoc_task {
    /**
     * Name on the screens.
     *
     * @return string
     */
    public function get_name(): string {
        return get_string('tasktell', 'local_connector');
    }

    /**
     * Tells.
     */
    public function execute(): void {
        webhook::tell();
    }

    /**
     * One at a time.
     *
     * @return int
     */
    protected function get_default_concurrency_limit(): int {
        return 1;
    }
}
