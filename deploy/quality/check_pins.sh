#!/bin/sh
# Checks that constraints.txt holds on every Python we support: check_pins.sh UV
# uv resolves the pins for each version without installing anything. A pin that refuses a version fails here, and so
# does a package that some version needs (such as a backport) and that has no pin.
set -eu
uv=$1
pins=constraints.txt
# The oldest release of 3.11, because a pin may ask for a later one, and every minor version after it.
versions="3.11.0 3.12 3.13 3.14"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

check() {
    "$uv" pip compile --quiet --no-header --no-annotate --python-version "$1" "$pins" >"$results/$1" || return 1
    if grep -vixFf "$pins" "$results/$1"; then
        echo "Python $1 also needs the packages above: pin them in $pins" >&2
        return 1
    fi
    touch "$results/$1.good"
}

# All at once: the time goes into waiting for the index.
for version in $versions; do check "$version" & done
wait
for version in $versions; do
    [ -e "$results/$version.good" ] || { echo "$pins does not resolve for Python $version" >&2; exit 1; }
done
