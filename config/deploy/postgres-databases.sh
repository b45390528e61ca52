#!/usr/bin/env bash
# The two databases, when the server is made. The passwords are letters and digits, made by secrets.sh.
set -euo pipefail
for name in connector moodle; do
    psql --username postgres --set ON_ERROR_STOP=1 --set name="$name" \
        --set password="$(tr -d '\n' <"/run/secrets/${name}_database_password")" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" ENCODING 'UTF8' TEMPLATE template0;
SQL
done
