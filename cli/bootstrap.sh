#!/bin/sh
# Prepares .venv from requirements.lock with nothing but Python 3.11+ on the machine. Called by the Makefile only when
# the lock file or pyproject.toml are newer than the last time. `bootstrap.sh lock` writes the lock file anew;
# `bootstrap.sh environment LOCK FOLDER` installs what another lock file names.
set -eu
cd "$(dirname "$0")/.."

# Microseconds for a little work, and where this Python is. One that is too old says nothing, and so does one that can't
# install anything where another was found before.
probe='
import importlib.util, sys, time
def work():
    began = time.perf_counter()
    kept = [{"night": night, "rooms": [night]} for night in range(10_000)]
    return time.perf_counter() - began, kept
installs = any(map(importlib.util.find_spec, ("pip", "ensurepip")))
if sys.version_info < (3, 11) or (sys.argv[1] and not installs):
    raise SystemExit(1)
print(int(min(work()[0] for _ in range(25)) * 1e6), sys.executable)
'

# Found programs may be shims that do not run, so each is tried. The first on PATH is taken, unless another is much
# faster: a Python that was compiled without its optimisations takes half as long again for everything.
find_python() {
    best='' fastest=0
    IFS=:
    for folder in $PATH; do
        for name in python3.13 python3.12 python3.11 python3 python; do
            [ -x "$folder/$name" ] || continue
            told=$("$folder/$name" -c "$probe" "$best" 2>/dev/null) || continue
            took=${told%% *}
            if [ -z "$best" ] || [ $((took * 100)) -lt $((fastest * 85)) ]; then
                best=${told#* } fastest=$took
            fi
        done
    done
    if [ -z "$best" ]; then
        echo "Python 3.11 or newer is needed and was not found on PATH" >&2
        exit 1
    fi
    echo "$best"
}

# uv keeps its own settings apart from pip's; a machine that names an index for pip means it for both.
share_pip_settings() {
    index=${PIP_INDEX_URL:-$("$1" -m pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        UV_DEFAULT_INDEX=$index
        export UV_DEFAULT_INDEX
    fi
    if [ -n "${PIP_FIND_LINKS:-}" ] && [ -z "${UV_FIND_LINKS:-}" ]; then
        UV_FIND_LINKS=$(echo "$PIP_FIND_LINKS" | tr ' ' ',')
        export UV_FIND_LINKS
    fi
    certificates=${PIP_CERT:-$("$1" -m pip config get global.cert 2>/dev/null || true)}
    if [ -n "$certificates" ] && [ -z "${SSL_CERT_FILE:-}" ]; then
        SSL_CERT_FILE=$certificates
        export SSL_CERT_FILE
    fi
}

# The version and the hashes of uv come from the lock file like those of everything else.
install_uv() {
    mkdir -p .uv
    sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ .*--hash/p;}' requirements.lock | sed '$s/ \\$//' >.uv/requirements.txt
    if "$1" -m venv .uv/venv >/dev/null 2>&1; then
        .uv/venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r .uv/requirements.txt
        uv=.uv/venv/bin/uv
    else
        "$1" -m pip install -q --disable-pip-version-check --target .uv/packages --require-hashes -r .uv/requirements.txt
        uv=.uv/packages/bin/uv
    fi
}

find_uv() {
    for uv in .uv/venv/bin/uv .uv/packages/bin/uv uv; do
        if "$uv" pip compile --help 2>/dev/null | grep -q -- --group; then
            return
        fi
    done
    echo "installing uv" >&2
    install_uv "$1"
}

python=$(find_python)
# The machine says which certificates it trusts, as it does to pip.
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_SYSTEM_CERTS=true
share_pip_settings "$python"
find_uv "$python"

if [ "${1:-}" = lock ]; then
    # uv refuses dependency groups of a project that it does not manage, so it reads a copy without that line.
    mkdir -p .uv/lock
    grep -v '^managed = ' pyproject.toml >.uv/lock/pyproject.toml
    cp requirements.lock .uv/lock/requirements.lock
    uv=$(command -v "$uv")
    case $uv in /*) ;; *) uv=$PWD/$uv ;; esac
    cd .uv/lock
    shift
    "$uv" pip compile -q pyproject.toml --group dev --generate-hashes --universal --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$@" -o requirements.lock
    cp requirements.lock ../../requirements.lock
    exit
fi

# The packages of an older build, for the worker that its open bookings still wait for.
if [ "${1:-}" = environment ]; then
    "$uv" venv -q --clear --python "$python" "$3"
    "$uv" pip sync -q --python "$3/bin/python" --require-hashes "$2"
    touch "$3/.installed"
    exit
fi

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c '' >/dev/null 2>&1; then
    echo "creating .venv with $("$python" --version)" >&2
    "$uv" venv -q --clear --python "$python" .venv
fi
echo "installing the locked packages" >&2
"$uv" pip sync -q --python .venv/bin/python --compile-bytecode --require-hashes requirements.lock
"$uv" pip install -q --python .venv/bin/python --no-deps --no-build-isolation --editable .
touch .venv/.installed
