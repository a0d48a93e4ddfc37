#!/usr/bin/env bash
# Run all tests (style, types, import contracts, unit, window, end to end); arguments go to pytest.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/set_up.sh"
set_up test
cd "$root"
unset PYTHONDONTWRITEBYTECODE  # what one process compiled, all others and those that tests start read
exec "$PYTHON" -m pytest --numprocesses "${PELLUCID_TEST_PROCESSES:-2}" "$@"
