#!/bin/sh
# Makes a virtual environment with pip and uv: create_venv.sh PYTHON FOLDER
# A bare Debian has Python without the venv module; as root it is installed here, otherwise the way out is named.
set -eu
python=$1
folder=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Tessera needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1). Try: make PYTHON=python3.12 ..." >&2
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3-venv >/dev/null
    else
        echo "'$python' cannot make virtual environments: install the package python3-venv" >&2
        exit 1
    fi
fi
echo "Installing into $folder (once) ..."
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
