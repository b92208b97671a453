#!/bin/sh
# Sees to it that the browser tests have a Chromium: the system's, Debian's package, or Playwright's own.
set -eu

say() { printf '%s\n' "$*" >&2; }

on_debian_as_root() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && grep -qx 'ID=debian' /etc/os-release 2>/dev/null
}

apt_install() {
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium
}

if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then
    exit 0
elif on_debian_as_root; then
    say "Installing Debian's chromium for the browser tests"
    apt_install >&2 || { sleep 5 && apt_install >&2; } || {
        say "Debian's chromium could not be installed, and the browser tests need it: see apt's message above."
        exit 1
    }
elif ! .venv/bin/python -m playwright install chromium >&2; then
    say "The browser tests need Chromium: Playwright could not download its own, see above."
    say "Install your system's so that 'chromium' is on the PATH (Debian: apt install chromium), and run make test again."
    exit 1
fi
