<?php  // Moodle's settings, from variables and secret files.
unset($CFG);
global $CFG;
$CFG = new stdClass();

$CFG->dbtype = 'pgsql';
$CFG->dblibrary = 'native';
$CFG->dbhost = getenv('MOODLE_DATABASE_HOST');
$CFG->dbname = 'moodle';
$CFG->dbuser = 'moodle';
$CFG->dbpass = trim(file_get_contents(getenv('MOODLE_DATABASE_PASSWORD_FILE')));
$CFG->prefix = 'mdl_';

$CFG->wwwroot = getenv('MOODLE_URL');
$CFG->dataroot = '/var/www/moodledata';
$CFG->admin = 'admin';
$CFG->directorypermissions = 02770;

require_once(__DIR__ . '/lib/setup.php');
