#!/bin/bash
# Does on a bare Debian what a newcomer does there, as root on a Debian with debootstrap:
#
#   bare_machine.sh bookworm|trixie               make run until it is ready, then make demo beside it
#   bare_machine.sh bookworm|trixie test [PATHS]  make test, of everything or of the given files
#
# The machine is a folder with a fresh system and a clone of what is committed here. It takes its package sources and
# certificates from this machine, shares its network (choose free ports with TESSERA_GATEWAY_PORT and
# TESSERA_SERVICE_PORT_BASE) and is removed at the end. DEBIAN_MIRROR replaces debootstrap's own mirror.
set -euo pipefail

packages=python3,python3-venv,make,git,ca-certificates,curl
repository=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
ready_seconds=300 # includes the installation

usage() {
    sed -n '4,5s/^# *//p' "$0" >&2
    exit 2
}

copy_host_settings() {
    local file
    for file in /etc/pip.conf "$HOME/.config/pip/pip.conf" /etc/uv/uv.toml "$HOME/.config/uv/uv.toml" \
        /etc/apt/apt.conf.d/*proxy* /usr/local/share/ca-certificates/*.crt; do
        if [ -e "$file" ]; then install -D -m 644 "$file" "$machine${file/#$HOME//root}"; fi
    done
    chroot "$machine" update-ca-certificates >/dev/null 2>&1
}

# The variables that say where packages come from and which certificates to trust, and the ports.
host_environment() {
    env | grep -E '^(PIP_|UV_|SSL_CERT_|REQUESTS_CA_BUNDLE=|GIT_SSL_CAINFO=|NODE_EXTRA_CA_CERTS=|TESSERA_[A-Z_]+_PORT|https?_proxy=|no_proxy=)' || true
}

# /proc and /dev/shm are mounted in a mount namespace that ends with its first process, so none stays behind. /dev is
# the small one that debootstrap makes: the host's is never mounted here.
inside() {
    local environment
    mapfile -t environment < <(host_environment)
    unshare --mount --pid --fork --kill-child --propagation private /bin/sh -c '
        mount -t proc proc "$0/proc"
        mkdir -p "$0/dev/shm"
        mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
        machine=$0
        script=$1
        shift
        exec chroot "$machine" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" \
            /bin/sh -euc "cd /root/tessera; $script"
    ' "$machine" "$1" "${environment[@]}"
}

remove_machine() {
    if grep -qF " $machine" /proc/self/mounts; then
        echo "$machine still has mounts in it and stays: unmount them, then remove it" >&2
        exit 1
    fi
    rm -rf --one-file-system "$machine"
}

demo="
make run >run.log 2>&1 &
run=\$!
for second in \$(seq $ready_seconds); do
    grep -q 'is ready at' run.log && break
    kill -0 \$run 2>/dev/null || break
    sleep 1
done
cat run.log
grep -q 'is ready at' run.log
make demo
kill -TERM \$run
wait \$run || true # make reports the signal
tail -n 1 run.log | grep Stopped"

case "${1:-} ${2:-demo}" in
"bookworm demo" | "trixie demo") script=$demo ;;
"bookworm test" | "trixie test") script="make test TESTS='${*:3}'" ;;
*) usage ;;
esac

machine=$(mktemp -d "${TMPDIR:-/var/tmp}/tessera-bare-$1-XXXXXX")
trap remove_machine EXIT
echo "Making a bare $1 in $machine"
debootstrap --variant=minbase --include="$packages" "$1" "$machine" ${DEBIAN_MIRROR:-} >"$machine.log" 2>&1 || {
    tail -n 20 "$machine.log" >&2
    exit 1
}
rm -f "$machine.log"
chmod 755 "$machine" # its / has to be open to all accounts
copy_host_settings
git clone --quiet --no-hardlinks "$repository" "$machine/root/tessera"
inside 'python3 --version'
inside "$script"
