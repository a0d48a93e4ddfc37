#!/usr/bin/env bash
# Open Pellucid: on the built-in demo study, or on the folders and files given.
# Without a display a picture of the window is written to pellucid.png instead.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/set_up.sh"
set_up
if [ $# -eq 0 ]; then set -- --demo; fi
exec "$PYTHON" -m pellucid view "$@"
