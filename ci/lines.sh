#!/usr/bin/env bash
# Code lines by room, and the files that are too long.
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_python
python3 ci/lines.py
