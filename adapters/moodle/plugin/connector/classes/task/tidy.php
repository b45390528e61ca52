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

use core\task\scheduled_task;
use local_connector\local\outbox;
use local_connector\local\webhook;

/**
 * Forgets what nobody fetches from the outbox, and reminds the connector of what it has not fetched.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class tidy extends scheduled_task {
    /** @var int days for which the outbox keeps entries, where the setting says nothing */
    public const DAYS = 14;

    /**
     * Name on the screens.
     *
     * @return string
     */
    public function get_name(): string {
        return get_string('tasktidy', 'local_connector');
    }

    /**
     * Tidies.
     */
    public function execute(): void {
        $days = (int) get_config('local_connector', 'outboxdays') ?: self::DAYS;
        outbox::forget_old(time() - $days * DAYSECS);
        if (outbox::is_waiting(time() - 5 * MINSECS)) {
            webhook::queue_anew();
        }
    }
}
