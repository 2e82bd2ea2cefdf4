#!/usr/bin/env bash
# Writes the hash-locked requirements anew from pyproject.toml. Needs uv on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --python-version 3.11 "$@"; }
compile pyproject.toml -o requirements/engine.txt
compile --extra test -c requirements/engine.txt pyproject.toml -o requirements/test.txt
compile --extra dev -c requirements/engine.txt pyproject.toml -o requirements/dev.txt
compile --extra web -c requirements/engine.txt pyproject.toml -o requirements/web.txt
compile --extra cluster -c requirements/engine.txt pyproject.toml -o requirements/cluster.txt
compile --extra dev --extra bench -c requirements/dev.txt pyproject.toml -o requirements/bench.txt
