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

use Throwable;
use core\lock\lock;
use core\lock\lock_config;
use core\task\manager;
use local_connector\task\tell;
use moodle_exception;

/**
 * Tells the connector that there is something to fetch, and nothing of what it is.
 *
 * It is told at the end of the request in which something changed: after its transactions, after the session was closed
 * and, with PHP-FPM, after the answer was sent. Without PHP-FPM somebody waits for the answer: it is told once, and shortly.
 * Where nobody takes it within a second, or somebody else is telling, a task of cron does it. For half a minute nobody else
 * tries then, so that a connector that is away costs one request a second.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class webhook {
    /** @var int milliseconds that an answer may take where a task tells */
    private const TIMEOUT = 10000;

    /** @var int milliseconds that an answer may take at the end of a request */
    private const PATIENCE = 1000;

    /** @var int milliseconds that an answer may take where somebody waits for the end of the request */
    private const HURRY = 300;

    /** @var int times that it is told in a row, because more was noted meanwhile */
    private const ROUNDS = 3;

    /** @var int microseconds to wait for somebody else who is telling */
    private const TURN = 100000;

    /** @var int seconds between two tellings of a script that runs for long */
    private const PAUSE = 5;

    /** @var int seconds for which nobody tries after it was left to cron */
    private const REST = 30;

    /** @var bool whether the end of this request is waited for */
    private static bool $registered = false;

    /** @var bool whether something was noted that has not been told */
    private static bool $due = false;

    /** @var int epoch seconds of the last telling of this process */
    private static int $told = 0;

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
     * Has it told at the end of this request; once, however much has changed.
     *
     * A script such as cron may run for long: it tells at once where it is in no transaction, and now and then only.
     */
    public static function soon(): void {
        global $DB;
        if (!self::is_wanted()) {
            return;
        }
        self::$due = true;
        if (!self::$registered) {
            self::$registered = true;
            // Not by core's shutdown manager: its functions run before the session is closed and transactions are ended.
            register_shutdown_function([self::class, 'at_end']);
        }
        if (CLI_SCRIPT && !$DB->is_transaction_started() && time() >= self::$told + self::PAUSE) {
            self::tell_now();
        }
    }

    /**
     * Called when the request is over, with an error too.
     */
    public static function at_end(): void {
        self::tell_now(!CLI_SCRIPT && !(function_exists('fastcgi_finish_request') && fastcgi_finish_request()));
    }

    /**
     * Tells what is due, or has it told by cron. Never fails.
     *
     * @param bool $hurry whether somebody waits for it
     */
    private static function tell_now(bool $hurry = false): void {
        global $DB;
        try {
            if (!self::$due || $DB->is_transaction_started() || self::is_queued(time() - self::REST)) {
                return;
            }
            self::$due = false;
            self::$told = time();
            if (!($hurry ? self::in_turn(1, self::HURRY) : self::in_turn(self::ROUNDS, self::PATIENCE))) {
                self::queue_anew();
            }
        } catch (Throwable $error) {
            debugging('The webhook of the connector was not called: ' . $error->getMessage(), DEBUG_DEVELOPER);
        }
    }

    /**
     * Tells, where nobody else does, until nothing is left to be told.
     *
     * Who tells looks again afterwards: what others noted meanwhile, who found it telling, is told as well.
     *
     * @param int $rounds times that it is told at most
     * @param int $timeout milliseconds that an answer may take
     * @return bool whether all was told
     */
    private static function in_turn(int $rounds, int $timeout): bool {
        $lock = self::lock();
        if (!$lock) {
            usleep(self::TURN);
            $lock = self::lock();
        }
        if (!$lock) {
            return false;
        }
        $told = 0;
        try {
            for ($round = 0; $round < $rounds; $round++) {
                $last = outbox::last();
                if ($last <= $told) {
                    return true;
                }
                self::tell($timeout);
                $told = $last;
            }
        } catch (Throwable) {
            return false;
        } finally {
            $lock->release();
        }
        return outbox::last() <= $told;
    }

    /**
     * What one process has at a time; false where another one has it.
     *
     * @return lock|bool
     */
    private static function lock(): lock|bool {
        return lock_config::get_lock_factory('local_connector')->get_lock('webhook', 0);
    }

    /**
     * Whether it was left to cron since then, and has not been told.
     *
     * A telling that has begun does not count, as it may have looked too early.
     *
     * @param int $since epoch seconds
     * @return bool
     */
    private static function is_queued(int $since): bool {
        global $DB;
        $waiting = 'classname = ? AND timestarted IS NULL AND timecreated >= ?';
        return $DB->record_exists_select('task_adhoc', $waiting, ['\\' . tell::class, $since]);
    }

    /**
     * Has cron tell it with its next run; once, however much has changed.
     *
     * What waits already is dropped: where it has failed, Moodle waits longer with each time, up to a day.
     */
    public static function queue_anew(): void {
        global $DB;
        if (self::is_wanted()) {
            $DB->delete_records_select('task_adhoc', 'classname = ? AND timestarted IS NULL', ['\\' . tell::class]);
            manager::queue_adhoc_task(new tell());
        }
    }

    /**
     * Tells it, by Moodle's own curl, which does not call the hosts that are blocked in this site.
     *
     * @param int $timeout milliseconds that an answer may take
     * @throws moodle_exception where nobody has taken it
     */
    public static function tell(int $timeout = self::TIMEOUT): void {
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
            'CURLOPT_TIMEOUT_MS' => $timeout,
            'CURLOPT_CONNECTTIMEOUT_MS' => $timeout,
            'CURLOPT_FOLLOWLOCATION' => 0,
            'CURLOPT_SSL_VERIFYPEER' => 1,
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
