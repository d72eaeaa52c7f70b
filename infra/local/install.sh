#!/bin/sh
# Brings .venv to what uv.lock says, with a uv of its own when the machine has none. Says in a sentence what is missing.
# A second run with nothing changed needs no network.
set -u

UV_VERSION=0.13.9

refuse() {
    echo "govbus: $1" >&2
    exit 1
}

python=""
for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || refuse "Python 3.11 or newer is needed and was not found: install one and try again."

if [ -x .uv-tool/bin/uv ]; then
    uv=.uv-tool/bin/uv
elif command -v uv >/dev/null 2>&1 && uv lock --help >/dev/null 2>&1; then
    uv=uv
else
    echo "Installing uv $UV_VERSION into .uv-tool."
    "$python" -m venv .uv-tool ||
        refuse "$python cannot make virtual environments: install its venv module (Debian: python3-venv) and try again."
    .uv-tool/bin/python -m pip install --quiet "uv==$UV_VERSION" || {
        rm -rf .uv-tool
        refuse "uv could not be installed from the Python package registry: check the network and pip's settings and try again."
    }
    uv=.uv-tool/bin/uv
fi

# Nothing changed since the last time: nothing to ask anybody.
stamp=.venv/.govbus-installed
now=$(cat uv.lock pyproject.toml ./*/pyproject.toml ./*/*/pyproject.toml | cksum)
[ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && exit 0

if ! "$uv" sync --locked --quiet --python "$python"; then
    refuse "The packages of uv.lock could not all be installed. If the registry cannot be reached, check the network and its \
settings; if a package has no wheel for this machine ($(uname -sm)), use Linux or macOS on x86_64 or arm64; what is there already still works once it is complete."
fi
echo "$now" >"$stamp"
