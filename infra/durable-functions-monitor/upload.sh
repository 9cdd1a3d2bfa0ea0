#!/usr/bin/env bash
# Uploads the tabs of Durable Functions Monitor to where it looks for them: the storage account of the function app, container
# durable-functions-monitor, folder tab-templates. Running it again replaces them. The monitor reads them once: restart it afterwards.
#
#   SLUICE_STORAGE_ACCOUNT=NAME infra/durable-functions-monitor/upload.sh
#
# azd runs it after the deployment and sets the variable from the outputs. It needs the role Storage Blob Data Contributor there.
set -euo pipefail

container=durable-functions-monitor
templates="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/tab-templates"

fail() {
  echo "upload.sh: $1" >&2
  exit 1
}

account="${SLUICE_STORAGE_ACCOUNT:-}"
[ -n "$account" ] || fail "SLUICE_STORAGE_ACCOUNT is not set: the name of the function app's storage account (azd env get-value SLUICE_STORAGE_ACCOUNT)."
command -v az >/dev/null || fail "the Azure CLI (az) is not installed: https://aka.ms/azure-cli"
az account show --output none 2>/dev/null || fail "the Azure CLI is not signed in: az login"

az storage container create --account-name "$account" --name "$container" --auth-mode login --output none ||
  fail "cannot create the container '$container' in '$account': the signed-in account needs Storage Blob Data Contributor on it."
az storage blob upload-batch --account-name "$account" --destination "$container" --destination-path tab-templates \
  --source "$templates" --pattern '*.liquid' --content-type text/plain --overwrite true --auth-mode login --output none ||
  fail "cannot upload $templates to '$account': see above."

echo "upload.sh: $(find "$templates" -name '*.liquid' | wc -l | tr -d ' ') tabs in $account/$container/tab-templates. Restart the function app (or the monitor) to show them."
