#!/bin/sh
# Installs Debian packages without letting them start system services: $1 is the policy file, the rest are packages.
# One script, so that the policy is put back even when whoever asked for the installation is gone.
set -eu
policy=$1
shift
aside=$policy.before-tessera
mark='written by Tessera for one installation'

exec 9<"$(dirname "$policy")"
flock 9

restore() {
    if [ -e "$aside" ]; then mv -f "$aside" "$policy"; else rm -f "$policy"; fi
}
trap 'exit 1' HUP INT TERM

# The mark tells our policy, left by a power cut, from the machine's own.
if [ -e "$policy" ] && ! grep -q "$mark" "$policy"; then mv -f "$policy" "$aside"; fi
trap restore EXIT
printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=300 update
apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$@"
