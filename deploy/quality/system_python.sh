#!/bin/sh
# Plays the demo, with a stack of its own, from an environment of the distribution's Python: system_python.sh PYTHON
# The environment is made as for everybody (`make install`) and removed at the end.
set -eu
python=$1

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "SKIPPED: there is no Python 3.11 or newer at $python"
    exit 0
fi
echo "The demo, on $("$python" --version) of $python"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
make --no-print-directory install PYTHON="$python" VENV="$folder/venv"
# Nothing answers at port 1, so the demo does not take a stack that happens to run here.
TESSERA_URL='' TESSERA_GATEWAY_PORT=1 "$folder/venv/bin/python" -m deploy.demo
