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
 * Makes the account, the role, the token and the reports of the connector.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

define('CLI_SCRIPT', true);

require(__DIR__ . '/../../../config.php');
require_once($CFG->libdir . '/clilib.php');

use local_connector\local\setup;

$help = <<<'HELP'
Makes what moodle-connector needs in this Moodle, where it is not there yet: web services with REST, an account, a role
with the capabilities that it needs, empty reports, and a token. It can be run again at any time, say after an upgrade.
What it did goes to standard error, and the token, the only secret, once to standard output.

Options:
  --username=NAME   the account (connector)
  --assign=ROLES    short names of the roles that the connector may give, with commas between (student)
  --with=WHAT       with commas between, what not everybody needs:
                      calendar    due dates in the calendars of people
                      categories  roles in course categories
                      deletion    deletion of accounts of people who left long ago
                      logins      links of accounts with identities of OAuth 2 providers
                      messages    messages to learners of their due dates
  --new-token       end the token that there is, and make another
  -h, --help        this text

Example:
  sudo -u www-data php local/connector/cli/setup.php --assign=student,editingteacher --with=messages
HELP;

[$options, $unknown] = cli_get_params(
    ['username' => 'connector', 'assign' => 'student', 'with' => '', 'new-token' => false, 'help' => false],
    ['h' => 'help'],
);
if ($unknown) {
    cli_error(get_string('cliunknowoption', 'core_admin', implode(PHP_EOL . '  ', $unknown)), 2);
}
if ($options['help']) {
    cli_writeln($help);
    exit(0);
}
$listed = fn(string $option): array => array_filter(array_map('trim', explode(',', (string) $options[$option])));
if ($wrong = array_diff($listed('with'), array_keys(setup::OPTIONAL))) {
    cli_error(get_string('nosuchoption', 'local_connector', implode(', ', $wrong)), 2);
}

\core\session\manager::set_user(get_admin());
$tell = fn(?string ...$sentences) => array_map(fn($one) => cli_writeln($one, STDERR), array_filter($sentences));
try {
    $service = setup::service();
    $tell(setup::web_services());
    [$user, $sentence] = setup::account((string) $options['username']);
    $tell($sentence, ...setup::role($user, $listed('with'), $listed('assign')));
    $tell(...setup::reports());
    [$token, $sentence] = setup::token($service, $user, (bool) $options['new-token']);
    $tell($sentence);
} catch (moodle_exception $error) {
    cli_error($error->getMessage());
}
if ($token) {
    cli_writeln($token);
}
