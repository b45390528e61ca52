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

use core\task\manager;
use local_connector\task\tell;
use moodle_exception;

/**
 * Tells the connector that there is something to fetch, and nothing of what it is.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class webhook {
    /** @var int seconds that an answer may take */
    private const TIMEOUT = 10;

    /**
     * Whether somebody wants to be told.
     *
     * @return bool
     */
    public static function is_wanted(): bool {
        return (string) get_config('local_connector', 'webhookurl') !== ''
            && (string) get_config('local_connector', 'webhooksecret') !== '';
    }

    /**
     * Has it told soon; once, however much has changed.
     *
     * A telling that has begun does not count, as it may have looked too early; nor does one that Moodle has given up.
     */
    public static function queue(): void {
        global $DB;
        if (!self::is_wanted()) {
            return;
        }
        $waiting = 'classname = ? AND timestarted IS NULL AND (attemptsavailable > 0 OR attemptsavailable IS NULL)';
        if (!$DB->record_exists_select('task_adhoc', $waiting, ['\\' . tell::class])) {
            manager::queue_adhoc_task(new tell());
        }
    }

    /**
     * Tells it, by Moodle's own curl, which does not call the hosts that are blocked in this site.
     *
     * @throws moodle_exception where nobody has taken it
     */
    public static function tell(): void {
        global $CFG;
        require_once($CFG->libdir . '/filelib.php');
        if (!self::is_wanted()) {
            return;
        }
        $body = json_encode(['cursor' => outbox::last(), 'site' => $CFG->wwwroot], JSON_UNESCAPED_SLASHES);
        $time = (string) time();
        $curl = new \curl();
        $curl->setHeader([
            'Content-Type: application/json',
            "X-Connector-Timestamp: $time",
            'X-Connector-Signature: ' . self::signature($time, $body),
        ]);
        $curl->post(get_config('local_connector', 'webhookurl'), $body, [
            'CURLOPT_TIMEOUT' => self::TIMEOUT,
            'CURLOPT_CONNECTTIMEOUT' => self::TIMEOUT,
            'CURLOPT_FOLLOWLOCATION' => 0,
        ]);
        $status = (int) ($curl->get_info()['http_code'] ?? 0);
        if ($status < 200 || $status > 299) {
            throw new moodle_exception('webhookfailed', 'local_connector', '', $status ?: $curl->error);
        }
    }

    /**
     * HMAC of the time, a dot and the body: what was sent once cannot be sent again as new.
     *
     * @param string $time
     * @param string $body
     * @return string
     */
    private static function signature(string $time, string $body): string {
        return 'sha256=' . hash_hmac('sha256', "$time.$body", get_config('local_connector', 'webhooksecret'));
    }
}
