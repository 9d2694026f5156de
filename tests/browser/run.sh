#!/usr/bin/env bash
# The browser journeys. Without a Chromium they are skipped on a person's machine, with a word about it, and fail in CI.
set -euo pipefail
cd "$(dirname "$0")"

for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
  if [ -n "$candidate" ] && CHROMIUM=$(command -v "$candidate"); then break; fi
done
if [ -z "${CHROMIUM:-}" ]; then
  echo "browser journeys: NOT RUN, there is no Chromium here. Install one, or say where it is: CHROMIUM=/path make test-browser" >&2
  [ -z "${CI:-}" ] && exit 0
  exit 1
fi
export CHROMIUM
# The tracker's journeys in Firefox and WebKitGTK say themselves what they lack (engines.mjs).
exec node --test --test-concurrency=1 ./*.test.mjs
