# Read (sourced) by the entry point of the PostgreSQL image when it makes the data folder, and only then.
echo "include '/etc/renkou/renkou.conf'" >> "$PGDATA/postgresql.conf"
# The entry point goes on to become the server: it needs no password, so its environment shall not hold one.
unset POSTGRES_PASSWORD
