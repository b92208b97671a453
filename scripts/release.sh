#!/bin/sh
# Builds the wheel and the source archive in dist/. Installs each into an environment of its own, and lets it index the
# brief and answer a question in an empty folder. Then writes dist/sbom.json: what the wheel's environment has. Publishes
# nothing.
#
#   sh scripts/release.sh
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

say() { printf '%s\n' "$*" >&2; }

if [ -n "$(git status --porcelain)" ]; then
    say "Some files are not committed, so they would not be in the release. Commit them: git status shows them."
    exit 1
fi
rm -rf dist
.venv/bin/uv build --quiet --out-dir dist

for file in dist/*.whl dist/*.tar.gz; do
    say "Trying $file"
    environment="$work/$(basename "$file")"
    sh scripts/install.sh "$environment" requirements/install.txt "$file"
    mkdir "$work/an empty folder"
    (
        cd "$work/an empty folder"
        export PULLQUOTE_LIBRARY=library
        "$environment/bin/pullquote" --version
        "$environment/bin/pullquote" index
        "$environment/bin/pullquote" ask --json "Which factory was stripped of its metal?" >answer.json
        "$environment/bin/python" - <<'PYTHON'
import json, sys
from pathlib import Path
import qa

assert Path(qa.__file__).is_relative_to(sys.prefix), f"{qa.__file__} is not the installed one"
answer = json.loads(Path("answer.json").read_text())
assert answer["outcome"] == "answered", answer
print(answer["quotes"][0]["text"])
PYTHON
    )
    rm -r "$work/an empty folder"
done

.venv/bin/uv tool run --quiet --from 'cyclonedx-bom>=7,<8' cyclonedx-py environment --pyproject pyproject.toml \
    --output-reproducible --output-file dist/sbom.json "$(echo "$work"/*.whl)/bin/python"
ls -l dist
