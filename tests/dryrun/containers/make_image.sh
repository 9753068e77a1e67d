#!/bin/sh
# make_image.sh NAME: make a PostgreSQL image from Debian's packages, where no registry can be reached.
# Needs debootstrap, docker and root; takes about a minute. The image answers to POSTGRES_USER, _PASSWORD and _DB.
set -eu
name=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\(http[^ ]*\).*/\2/p' \
  /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | head -n 1)
. /etc/os-release
debootstrap --variant=minbase --include=postgresql "$VERSION_CODENAME" "$folder/root" "$mirror" >"$folder/log" 2>&1 ||
  { tail -n 20 "$folder/log" >&2; exit 1; }
cat >"$folder/root/entrypoint" <<'ENTRYPOINT'
#!/bin/sh
set -eu
bin=$(echo /usr/lib/postgresql/*/bin)
data=/var/lib/postgresql/data
[ "$1" = postgres ] && shift
if [ ! -s "$data/PG_VERSION" ]; then
  mkdir -p "$data" /run/postgresql
  chown -R postgres:postgres /var/lib/postgresql /run/postgresql
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  chown postgres /tmp/password
  setpriv --reuid postgres --regid postgres --clear-groups "$bin/initdb" -D "$data" -U "$POSTGRES_USER" \
    --encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256 --pwfile=/tmp/password --no-sync >/dev/null
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
fi
exec setpriv --reuid postgres --regid postgres --clear-groups "$bin/postgres" -D "$data" -c listen_addresses='*' "$@"
ENTRYPOINT
chmod 755 "$folder/root/entrypoint"
tar -C "$folder/root" -c . | docker import --change 'ENTRYPOINT ["/entrypoint"]' --change 'CMD ["postgres"]' \
  --change 'EXPOSE 5432' - "$name"
