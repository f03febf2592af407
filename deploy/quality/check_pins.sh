#!/bin/sh
# Checks that constraints.txt holds on every Python we support: check_pins.sh UV
# uv resolves the pins for each version without installing anything. A pin that refuses a version fails here, and so
# does a package that some version needs (such as a backport) and that has no pin.
set -eu
uv=$1
pins=constraints.txt
# The oldest release of 3.11, because a pin may ask for a later one, and every minor version after it.
versions="3.11.0 3.12 3.13 3.14"

for version in $versions; do
    resolved=$("$uv" pip compile --quiet --no-header --no-annotate --python-version "$version" "$pins") || {
        echo "$pins does not resolve for Python $version" >&2
        exit 1
    }
    if printf '%s\n' "$resolved" | grep -vixFf "$pins"; then
        echo "Python $version also needs the packages above: pin them in $pins" >&2
        exit 1
    fi
done
