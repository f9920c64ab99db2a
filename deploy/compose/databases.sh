#!/bin/sh
# Run by the first start of PostgreSQL: for each service a database, and a role
# that can connect to no other.
set -eu
for s in order inventory payment; do
	psql -v ON_ERROR_STOP=1 -v password="$(cat "/run/secrets/$s.password")" --username "$POSTGRES_USER" --dbname postgres <<-END
		CREATE ROLE orderly_$s LOGIN PASSWORD :'password';
		CREATE DATABASE orderly_$s OWNER orderly_$s;
		REVOKE ALL ON DATABASE orderly_$s FROM PUBLIC;
	END
done
