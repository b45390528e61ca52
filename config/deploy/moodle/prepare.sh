#!/usr/bin/env bash
# Before Apache starts: install Moodle into its empty database, or bring its tables to the version of the code.
set -euo pipefail
cd /var/www/html
chown www-data:www-data /var/www/moodledata

moodle() { runuser --user www-data -- php "admin/cli/$1" "${@:2}"; }

installed() {
    php -r '
        $password = trim(file_get_contents(getenv("MOODLE_DATABASE_PASSWORD_FILE")));
        $to = pg_connect("host=" . getenv("MOODLE_DATABASE_HOST") . " dbname=moodle user=moodle password=$password");
        exit(pg_fetch_result(pg_query($to, "SELECT to_regclass(\$\$mdl_config\$\$)"), 0, 0) === null ? 1 : 0);
    '
}

if installed; then
    moodle upgrade.php --non-interactive
else
    moodle install_database.php --agree-license --lang=en --fullname="Moodle to try things" --shortname=moodle \
        --adminuser=admin --adminpass="$(tr -d '\n' <"$MOODLE_ADMIN_PASSWORD_FILE")" --adminemail=admin@example.com
    moodle cfg.php --name=enablewebservices --set=1
    moodle cfg.php --name=webserviceprotocols --set=rest
fi
