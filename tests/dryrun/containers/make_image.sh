#!/bin/sh
# make_image.sh FILE [SUITE [MIRROR]]: make a PostgreSQL image from the packages of a release of Debian or Ubuntu, where
# no registry can be reached. FILE is then what `docker import` takes.
# Needs debootstrap and root. The image answers to POSTGRES_USER, POSTGRES_PASSWORD and PGDATA as the official one does.
set -eu
. /etc/os-release
file=$1
suite=${2:-$VERSION_CODENAME}
mirror=${3:-}
if [ -z "$mirror" ]; then
  mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb  *\(\[[^]]*\]  *\)\{0,1\}\(http[^ ]*\).*/\2/p' | grep "/$ID/*\$" | head -n 1)
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder" "$file.$$.part"' EXIT
trap 'exit 1' HUP INT TERM
root=$folder/root
# debootstrap reads the list of all packages some twenty times to find what depends on what; this reads it once, and
# leaves out what is there to compile queries and to administrate. The packages themselves are verified by debootstrap.
wget -qO "$folder/list.xz" "${mirror%/}/dists/$suite/main/binary-$(dpkg --print-architecture)/Packages.xz" ||
  { echo "there is no list of packages of $suite at $mirror" >&2; exit 1; }
needed=$(xz -dc "$folder/list.xz" | awk -v RS= -v FS='\n' '
  {
    name = ""; needs = ""
    for (i = 1; i <= NF; i++) {
      if ($i ~ /^Package: /) name = substr($i, 10)
      else if ($i ~ /^(Pre-)?Depends: /) { sub(/^[^:]*: /, "", $i); needs = needs ", " $i }
      else if ($i ~ /^Priority: required/) wanted[++last] = name
      else if ($i ~ /^Provides: /) {
        count = split(substr($i, 11), given, /, */)
        for (j = 1; j <= count; j++) { sub(/[ :(].*/, "", given[j]); if (!(given[j] in provider)) provider[given[j]] = name }
      }
    }
    depends[name] = needs
  }
  END {
    wanted[++last] = "postgresql"
    for (first = 1; first <= last; first++) {
      name = wanted[first]
      if (!(name in depends)) name = provider[name]
      if (name == "" || name in taken || name ~ /^(libllvm|libz3-|locales|perl$|perl-modules|libperl)/) continue
      taken[name]
      if (name != "postgresql") printf "%s,", name
      count = split(depends[name], clauses, /, */)
      for (j = 1; j <= count; j++) {
        choices = split(clauses[j], choice, / *\| */)
        for (k = 1; k <= choices; k++) {
          sub(/[ :(].*/, "", choice[k])
          if (choice[k] in depends || choice[k] in provider) { wanted[++last] = choice[k]; break }
        }
      }
    }
  }')
# The first half of debootstrap alone: the second one would configure all, which a server does not need.
debootstrap --foreign --variant=minbase --no-resolve-deps --include="${needed%,}" "$suite" "$root" "$mirror" \
  >"$folder/log" 2>&1 || { echo "debootstrap $suite: $(tail -n 3 "$folder/log" | tr '\n' ' ')" >&2; exit 1; }
for package in "$root"/var/cache/apt/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -C "$root" --keep-directory-symlink -x
done
programs=$(echo "$root"/usr/lib/postgresql/*/bin)
programs=${programs#"$root"}
mkdir -p "$root/run/postgresql" "$root/var/lib/postgresql"
rm -rf "$root/var/run"
ln -s /run "$root/var/run"
printf 'root:x:0:0:root:/root:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\npostgres:x:999:\n' >"$root/etc/group"
# What Debian has on the PATH are wrappers in Perl.
for program in psql pg_isready; do ln -sf "$programs/$program" "$root/usr/bin/$program"; done
cat >"$root/entrypoint" <<'ENTRYPOINT'
#!/bin/sh
set -eu
bin=$(echo /usr/lib/postgresql/*/bin)
data=${PGDATA:-/var/lib/postgresql/data}
[ "$1" = postgres ] && shift
as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
if [ ! -s "$data/PG_VERSION" ]; then
  mkdir -p "$data"
  chown -R postgres:postgres /var/lib/postgresql /run/postgresql
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  chown postgres /tmp/password
  as_postgres "$bin/initdb" -D "$data" -U "${POSTGRES_USER:-postgres}" --encoding=UTF8 --locale=C.UTF-8 \
    --auth=scram-sha-256 --pwfile=/tmp/password --no-sync >/dev/null
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
fi
exec setpriv --reuid postgres --regid postgres --clear-groups "$bin/postgres" -D "$data" -c listen_addresses='*' "$@"
ENTRYPOINT
chmod 755 "$root/entrypoint"
tar -C "$root" -c --exclude=./var/cache --exclude=./var/lib/apt --exclude=./debootstrap --exclude=./usr/share/doc \
  --exclude=./usr/share/man --exclude=./usr/share/locale --exclude='./usr/lib/postgresql/*/lib/bitcode' . |
  gzip -1 >"$file.$$.part"
mv "$file.$$.part" "$file"
