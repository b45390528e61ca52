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

use core_external\util;
use core_reportbuilder\local\helpers\report as report_helper;
use core_reportbuilder\local\models\report;
use moodle_exception;
use stdClass;
use webservice;

/**
 * Makes what the connector needs in Moodle, where it is not there yet. Each step gives a sentence, or null: nothing to do.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class setup {
    /** @var string short name of the service in db/services.php. */
    private const SERVICE = 'local_connector';

    /** @var string short name of the role. */
    private const ROLE = 'connector';

    /** @var string[] capabilities that writing and reading by Moodle's own functions needs. */
    private const CAPABILITIES = [
        'webservice/rest:use',
        'moodle/user:create',
        'moodle/user:update',
        'moodle/user:viewdetails',
        'moodle/user:viewalldetails',
        'moodle/site:viewuseridentity',
        'moodle/cohort:manage',
        'moodle/course:managegroups',
        'moodle/role:assign',
        'moodle/course:view',
        'moodle/course:viewhiddencourses',
        'enrol/manual:enrol',
        'enrol/manual:unenrol',
        'moodle/course:enrolreview',
        'report/completion:view',
        'gradereport/user:view',
        'moodle/grade:viewall',
        'moodle/site:accessallgroups',
        'moodle/reportbuilder:editall',
        'local/connector:read',
        'local/connector:write',
        'local/connector:outbox',
    ];

    /** @var string[][] capabilities that not everybody needs, by the word that asks for them. */
    public const OPTIONAL = [
        'calendar' => ['moodle/calendar:manageentries'],
        'categories' => ['moodle/category:manage'],
        'deletion' => ['moodle/user:delete'],
        'logins' => ['auth/oauth2:managelinkedlogins'],
        'messages' => ['moodle/site:sendmessage', 'moodle/site:messageanyuser'],
    ];

    /** @var string[] sources of the reports, by their names. */
    private const REPORTS = [
        'connector people' => 'core_user\reportbuilder\datasource\users',
        'connector participants' => 'core_course\reportbuilder\datasource\participants',
        'connector badges' => 'core_badges\reportbuilder\datasource\users',
        'connector certificates' => 'tool_certificate\reportbuilder\datasource\issues',
    ];

    /**
     * The service of this plugin, without which nothing else is of use.
     *
     * @return stdClass
     */
    public static function service(): stdClass {
        global $CFG;
        require_once($CFG->dirroot . '/webservice/lib.php');
        return (new webservice())->get_external_service_by_shortname(self::SERVICE)
            ?: throw new moodle_exception('noservice', 'local_connector', '', self::SERVICE);
    }

    /**
     * Web services and their protocol REST.
     *
     * @return string|null
     */
    public static function web_services(): ?string {
        global $CFG;
        $protocols = array_filter(explode(',', $CFG->webserviceprotocols ?? ''));
        if (!empty($CFG->enablewebservices) && in_array('rest', $protocols)) {
            return null;
        }
        set_config('enablewebservices', 1);
        set_config('webserviceprotocols', implode(',', array_unique([...$protocols, 'rest'])));
        return 'Enabled web services and the protocol REST.';
    }

    /**
     * The account by which the connector calls. Nobody can sign in as it with a password.
     *
     * @param string $username
     * @return array the account, and the sentence
     */
    public static function account(string $username): array {
        global $CFG, $DB;
        require_once($CFG->dirroot . '/user/lib.php');
        $found = ['username' => $username, 'mnethostid' => $CFG->mnet_localhost_id, 'deleted' => 0];
        if ($user = $DB->get_record('user', $found)) {
            if (is_siteadmin($user) || isguestuser($user)) {
                throw new moodle_exception('accountisspecial', 'local_connector');
            }
            return [$user, null];
        }
        $id = user_create_user((object) [
            'username' => $username,
            'auth' => 'webservice',
            'firstname' => 'Moodle',
            'lastname' => 'Connector',
            'email' => "$username@" . (parse_url($CFG->wwwroot, PHP_URL_HOST) ?: 'localhost') . '.invalid',
            'emailstop' => 1,
            'maildisplay' => 0,
            'confirmed' => 1,
            'lang' => 'en',
            'timezone' => 'UTC',
            'mnethostid' => $CFG->mnet_localhost_id,
        ], false);
        return [\core_user::get_user($id, '*', MUST_EXIST), "Made the account $username."];
    }

    /**
     * The role, with what it may do and which roles it may give. It takes nothing away that somebody has added.
     *
     * @param stdClass $user who gets it
     * @param string[] $optional words of OPTIONAL
     * @param string[] $assignable short names of roles
     * @return string[] sentences
     */
    public static function role(stdClass $user, array $optional, array $assignable): array {
        global $DB;
        $targets = self::roles($assignable);
        $context = \core\context\system::instance();
        $done = [];
        $id = $DB->get_field('role', 'id', ['shortname' => self::ROLE]);
        if (!$id) {
            $id = create_role('Moodle Connector', self::ROLE, 'The account by which moodle-connector calls.');
            set_role_contextlevels($id, [CONTEXT_SYSTEM]);
            $done[] = 'Made the role ' . self::ROLE . '.';
        }
        $here = ['roleid' => $id, 'contextid' => $context->id];
        $there = $DB->get_records_menu('role_capabilities', $here, '', 'capability, permission');
        $lacking = array_filter(self::capabilities($optional), fn($one) => ($there[$one] ?? null) != CAP_ALLOW);
        foreach ($lacking as $capability) {
            assign_capability($capability, CAP_ALLOW, $id, $context->id, true);
        }
        if ($lacking) {
            $done[] = 'Allowed the role: ' . implode(', ', $lacking) . '.';
        }
        foreach ($targets as $target => $shortname) {
            if (!$DB->record_exists('role_allow_assign', ['roleid' => $id, 'allowassign' => $target])) {
                core_role_set_assign_allowed($id, $target);
                $done[] = "Allowed to assign the role $shortname.";
            }
        }
        if (!user_has_role_assignment($user->id, $id, $context->id)) {
            role_assign($id, $user->id, $context->id);
            $done[] = "Gave the role to $user->username.";
        }
        return $done;
    }

    /**
     * Roles of this site by their short names, each of which has to be there.
     *
     * @param string[] $shortnames
     * @return string[] by id
     */
    private static function roles(array $shortnames): array {
        global $DB;
        $found = [];
        foreach ($shortnames as $shortname) {
            $id = $DB->get_field('role', 'id', ['shortname' => $shortname]);
            if (!$id) {
                throw new moodle_exception('nosuchrole', 'local_connector', '', s($shortname));
            }
            $found[$id] = $shortname;
        }
        return $found;
    }

    /**
     * Capabilities that the account needs and that this site has.
     *
     * @param string[] $optional words of OPTIONAL
     * @return string[]
     */
    private static function capabilities(array $optional): array {
        $wanted = [self::CAPABILITIES, ...array_values(array_intersect_key(self::OPTIONAL, array_flip($optional)))];
        foreach (datasets::all() as $dataset) {
            $wanted[] = $dataset->capabilities;
        }
        return array_filter(array_unique(array_merge(...$wanted)), get_capability_info(...));
    }

    /**
     * The empty reports by which the connector reads where it does not read by this plugin.
     *
     * @return string[] sentences
     */
    public static function reports(): array {
        $done = [];
        foreach (self::REPORTS as $name => $source) {
            if (class_exists($source) && !report::record_exists_select('name = :name', ['name' => $name])) {
                report_helper::create_report((object) ['name' => $name, 'source' => $source, 'uniquerows' => 0], false);
                $done[] = "Made the empty report $name.";
            }
        }
        return $done;
    }

    /**
     * A token for the service of this plugin.
     *
     * @param stdClass $service
     * @param stdClass $user
     * @param bool $anew end the tokens that there are, and make another
     * @return array the token, null where there is one already, and the sentence
     */
    public static function token(stdClass $service, stdClass $user, bool $anew): array {
        global $DB;
        $webservice = new webservice();
        if (!$webservice->get_ws_authorised_user($service->id, $user->id)) {
            $webservice->add_ws_authorised_user((object) ['externalserviceid' => $service->id, 'userid' => $user->id]);
        }
        $ours = ['externalserviceid' => $service->id, 'userid' => $user->id, 'tokentype' => EXTERNAL_TOKEN_PERMANENT];
        if ($anew) {
            $DB->delete_records('external_tokens', $ours);
        } else if ($DB->record_exists('external_tokens', $ours)) {
            return [null, 'There is a token already, which is not shown again; --new-token makes another one and ends it.'];
        }
        $whole = \core\context\system::instance();
        $token = util::generate_token(EXTERNAL_TOKEN_PERMANENT, $service, $user->id, $whole, name: 'moodle-connector');
        return [$token, 'Made a token:'];
    }
}
