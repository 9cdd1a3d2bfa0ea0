#!/bin/sh
# Before `azd provision`: the budget of this environment counts from the month of its first deployment.
set -eu
if [ -z "${SLUICE_BUDGET_START:-}" ]; then
  azd env set SLUICE_BUDGET_START "$(date +%Y-%m-01)"
fi
