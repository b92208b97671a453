#!/bin/sh
# Sees to it that the tests have the programs that they run: Chromium, Tesseract for scanned pages, LibreOffice, which
# opens reports, PostgreSQL, of which they start a server of their own, PgBouncer in front of it, and nft, which cuts
# their network. Chromium is the system's, Debian's package, or Playwright's own; without one of the others its tests
# are skipped.
set -eu

say() { printf '%s\n' "$*" >&2; }

on_debian_as_root() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && grep -qx 'ID=debian' /etc/os-release 2>/dev/null
}

apt_install() {
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

missing=
command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    missing=chromium-headless-shell
command -v tesseract >/dev/null || missing="$missing tesseract-ocr"
command -v soffice >/dev/null || command -v libreoffice >/dev/null || missing="$missing libreoffice-writer-nogui"
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || ! on_debian_as_root || missing="$missing pgbouncer"
command -v nft >/dev/null || ! on_debian_as_root || missing="$missing nftables"
[ -n "$missing" ] || exit 0

if on_debian_as_root; then
    say "Installing for the tests, from Debian: $missing"
    # shellcheck disable=SC2086 -- each word is a package
    apt_install $missing >&2 || { sleep 5 && apt_install $missing >&2; } || {
        say "Debian's packages could not be installed, and the tests need them: see apt's message above."
        exit 1
    }
    exit 0
fi
case $missing in *tesseract*)
    say "There is no Tesseract: the tests of scanned pages are skipped. Install your system's (tesseract-ocr)."
esac
case $missing in *libreoffice*)
    say "There is no LibreOffice: the tests of reports that it opens are skipped. Install your system's (Writer)."
esac
case $missing in *postgresql*)
    say "There is no PostgreSQL: the tests of a desk that servers share are skipped. Install your system's (postgresql)."
esac
case $missing in *chromium*)
    .venv/bin/python -m playwright install chromium >&2 || {
        say "The browser tests need Chromium: Playwright could not download its own, see above."
        say "Install your system's so that 'chromium' is on the PATH (Debian: apt install chromium), and run make test again."
        exit 1
    }
esac
