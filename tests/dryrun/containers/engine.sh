#!/bin/sh
# engine.sh CACHE: an engine for containers of the tests, with images of two versions of PostgreSQL made of the packages
# of two releases, where no engine and no registry are. Needs root, and Debian or Ubuntu; what is missing is installed, and
# stays.
# It says, a line each: "socket ADDRESS", for each image "image MAJOR NAME" or "failed SUITE WHY", then "done"; or
# "no WHY" when there can be no engine. All of it ends when its standard input does, and nothing of it is left.
# CACHE is a folder that keeps the images' files, which saves the next run a minute.
set -u
here=$(cd "$(dirname "$0")" && pwd)
no() { echo "no $*"; exit 3; }

if [ "${1:-}" != --inside ]; then
  trap '' HUP INT TERM
  [ "$(uname -s)" = Linux ] || no "the system is not Linux"
  [ "$(id -u)" = 0 ] || no "not called as root"
  ID=; [ -r /etc/os-release ] && . /etc/os-release
  case $ID in
    debian) suites="bookworm trixie" ;;
    ubuntu) suites="jammy noble" ;;
    *) no "the system is neither Debian nor Ubuntu" ;;
  esac
  folder=$(mktemp -d /tmp/engine-XXXXXX)
  trap 'rm -rf "$folder"' EXIT
  missing=
  for pair in dockerd:docker.io docker:docker-cli debootstrap:debootstrap xz:xz-utils; do
    command -v "${pair%:*}" >/dev/null || missing="$missing ${pair#*:}"
  done
  if [ -n "$missing" ]; then
    apt() { DEBIAN_FRONTEND=noninteractive timeout 120 apt-get -qq -o DPkg::Lock::Timeout=60 "$@" >>"$folder/apt" 2>&1 </dev/null; }
    # A package's own service is not to start.
    policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e "$policy" ]; then
      ours=$policy
      trap 'rm -rf "$folder" "$ours"' EXIT
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod 755 "$policy"
    fi
    apt update
    # The older releases have the client in the same package.
    apt-cache pkgnames docker-cli | grep -qx docker-cli || missing=$(echo "$missing" | sed 's/docker-cli/docker.io/')
    apt install -y --no-install-recommends $missing || no "apt-get: $(tail -n 1 "$folder/apt")"
    rm -f "$ours"
    trap 'rm -rf "$folder"' EXIT
  fi
  unshare --mount --pid --fork true 2>"$folder/why" || no "$(cat "$folder/why")"
  # In a space of processes of its own all of them end with the first one, and in one of mounts these go with it.
  unshare --mount --pid --fork --kill-child --mount-proc sh "$0" --inside "$folder" "engine-tests-$$" "$1" $suites
  status=$?
  for group in /sys/fs/cgroup/engine-tests-$$ /sys/fs/cgroup/*/engine-tests-$$; do
    [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
  done
  exit "$status"
fi

shift
folder=$1 group=$2 cache=$3
shift 3
trap '' HUP INT TERM
mkdir -p "$folder/data" "$cache"
# Half of the time goes into writing files that nobody will read again.
available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
[ "$available" -gt 6000 ] && mount -t tmpfs -o size=3g,mode=711 tmpfs "$folder/data"
export DOCKER_HOST="unix://$folder/docker.sock"
# Without a bridge and rules of its own the engine leaves the machine's network as it is.
dockerd --host "$DOCKER_HOST" --data-root "$folder/data/docker" --exec-root "$folder/exec" \
  --pidfile "$folder/dockerd.pid" --cgroup-parent "/$group" --bridge none --iptables=false \
  --ip6tables=false --ip-forward=false --ip-masq=false >"$folder/log" 2>&1 </dev/null &
engine=$!
tries=0
until timeout 10 docker version >/dev/null 2>&1; do
  tries=$((tries + 1))
  kill -0 "$engine" 2>/dev/null && [ "$tries" -lt 150 ] || no "dockerd: $(tail -n 1 "$folder/log")"
  sleep 0.2
done
echo "socket $DOCKER_HOST"

image() {
  file=$cache/$1-$(cksum <"$here/make_image.sh" | tr -d ' ').tar.gz
  # Several processes of tests may need it at once: one makes it, the others wait.
  (
    flock 9
    [ -s "$file" ] || TMPDIR=$folder/data timeout 300 sh "$here/make_image.sh" "$file" "$1" 2>"$folder/$1.why"
  ) 9>"$file.lock" || { echo "failed $1 $(tail -n 1 "$folder/$1.why")"; return; }
  major=$(tar -tzf "$file" | sed -n 's|^./usr/lib/postgresql/\([0-9]*\)/bin/postgres$|\1|p')
  name=miglint-tests/postgres:$major
  docker import --change 'ENTRYPOINT ["/entrypoint"]' --change 'CMD ["postgres"]' --change 'EXPOSE 5432' \
    "$file" "$name" >/dev/null 2>"$folder/$1.why" && echo "image $major $name" ||
    echo "failed $1 $(tail -n 1 "$folder/$1.why")"
}
making=
for suite; do
  image "$suite" </dev/null &
  making="$making $!"
done
{ wait_for() { for one; do while kill -0 "$one" 2>/dev/null; do sleep 0.2; done; done; }; wait_for $making; echo done; } &
cat >/dev/null
# The containers' own processes end with this space; what the engine keeps of the machine it gives back when asked to end.
docker ps -aq | xargs -r docker rm -f -v >/dev/null 2>&1
docker network ls -q --filter type=custom | xargs -r docker network rm >/dev/null 2>&1
kill "$engine"
tries=0
while kill -0 "$engine" 2>/dev/null && [ "$tries" -lt 50 ]; do tries=$((tries + 1)); sleep 0.2; done
exit 0
