#!/bin/sh
# Makes a virtual environment with a fitting Python and installs into it the packages of a file, with the versions and
# hashes that the file names; then PyTorch, in the build that suits this machine; and then Pullquote: this checkout, or a
# wheel or source archive of it.
#
#   sh scripts/install.sh FOLDER FILE [ARCHIVE]      sh scripts/install.sh .venv requirements/install.txt
#
# PYTHON            the Python to use; without it, the first fitting one on the PATH
# UV_TORCH_BACKEND  the build of PyTorch to take where PyPI's is a large CUDA one: auto (which looks for a
#                   graphics card), cpu, cu130 and so on; the variable is uv's own
set -eu

folder=$1
requirements=$2
python="$folder/bin/python"

quiet=yes
if [ -t 1 ]; then quiet=; fi # at a terminal, show how the downloads come along

say() { printf '%s\n' "$*" >&2; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null; }

find_python() {
    # A name on the PATH may be a shim for a version that is not there: only running it tells.
    for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if fits "$name"; then
            printf '%s\n' "$name"
            return
        fi
        if [ "$name" = "${PYTHON:-}" ]; then
            say "PYTHON=$PYTHON is not a Python 3.11 or newer. Name another, or leave PYTHON out."
            return 1
        fi
    done
    say "Pullquote needs Python 3.11 or newer, and none is on the PATH."
    say "Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python;"
    say "Windows and others: python.org), or name yours: make install PYTHON=/path/to/python3"
    return 1
}

make_environment() {
    base=$(find_python)
    version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
        say "$base (Python $version) comes without venv, which Debian and Ubuntu package apart."
        say "Install it and try again: apt install python$version-venv"
        return 1
    fi
    say "Making $folder with Python $version ($base)"
    "$base" -m venv --clear "$folder"
}

pip() { "$python" -m pip --disable-pip-version-check "$@"; }

# Whether pip would bring a PyTorch that needs NVIDIA's libraries along: about 3 GB, of no use without such a card.
pip_would_bring_cuda() {
    "$python" -c 'import importlib.util as i, sys; sys.exit(i.find_spec("torch") is not None)' &&
        pip install --quiet --dry-run --no-deps --report - torch 2>/dev/null | grep -qE '"(nvidia|cuda)-'
}

# Without pip in it, it was left half made.
{ fits "$python" && pip --version >/dev/null 2>&1; } || make_environment
# A newer pip takes two thirds of the time. The file names it, too.
sed -n '/^pip==/,/[^\]$/p' "$requirements" >"$folder/pip.txt"
if [ -s "$folder/pip.txt" ]; then
    pip install --quiet --no-compile --require-hashes --no-deps --requirement "$folder/pip.txt"
fi

say "Installing into $folder"
# Python compiles what is imported, when it is; to compile all of every library ahead doubles the time.
pip install --no-compile ${quiet:+--quiet} --require-hashes --no-deps --requirement "$requirements"

if [ "$(uname -s)" = Linux ] && pip_would_bring_cuda; then
    # uv knows PyTorch's own indexes and looks which of their builds suits this machine.
    say "Looking for the PyTorch that suits this machine (PyPI's is a CUDA build of about 3 GB)"
    if ! { pip install --quiet --no-compile uv && UV_TORCH_BACKEND="${UV_TORCH_BACKEND:-auto}" UV_HTTP_TIMEOUT=15 UV_HTTP_RETRIES=1 \
        "$python" -m uv pip install ${quiet:+--quiet} --python "$python" --no-deps torch; }; then
        say "It could not be had from PyTorch's own index; going on with PyPI's."
    fi
fi

# What torch alone needs comes with it.
pip install --no-compile ${quiet:+--quiet} 'torch>=2.6'
if [ $# -gt 2 ]; then set -- "$3"; else set -- --editable .; fi
pip install --quiet --no-compile --no-deps --no-build-isolation "$@"
