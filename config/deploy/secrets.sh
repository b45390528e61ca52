#!/bin/sh
# Make the secrets that docker-compose.moodle.yml names, in a folder that nobody else may enter. What is there is kept.
set -eu
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

keep() { # name, value; readable for the users within the containers, whom only the folder keeps out
    [ -e "$1" ] || printf '%s\n' "$2" >"$1"
    chmod 644 "$1"
}
random() { od -An -N 24 -t x1 /dev/urandom | tr -d ' \n'; }

keep postgres_password "$(random)"
keep connector_database_password "$(random)"
keep connector_database_url "postgresql://connector:$(cat connector_database_password)@postgres/connector"
keep moodle_database_password "$(random)"
keep moodle_admin_password "Aa1!$(random)"
keep metrics_token "$(random)"
[ -e moodle_token ] || : >moodle_token # from Moodle, once its service is set up
chmod 644 moodle_token
