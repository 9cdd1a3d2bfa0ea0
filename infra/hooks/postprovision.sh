#!/bin/sh
# After `azd provision`: uploads the tabs of Durable Functions Monitor and says how to go on. It prints no key.
# azd gives it the outputs of main.bicep as environment variables.
set -eu
cd "$(dirname "$0")/.."

# A role that was given a moment ago takes some minutes to be known everywhere. The tabs are a convenience: without them the rest is whole.
attempt=1
until bash durable-functions-monitor/upload.sh; do
  if [ "$attempt" -ge "${SLUICE_UPLOAD_ATTEMPTS:-10}" ]; then
    echo "The tabs of Durable Functions Monitor were not uploaded, see above. Later: azd hooks run postprovision" >&2
    break
  fi
  attempt=$((attempt + 1))
  sleep "${SLUICE_UPLOAD_DELAY:-30}"
done

cat <<TEXT

Next, after the program is deployed (azd deploy):
  export SLUICE_URL=$SLUICE_URL
  export SLUICE_KEY=\$(az keyvault secret show --vault-name $SLUICE_KEY_VAULT --name sluice-admin-key --query value -o tsv)
  export SLUICE_FUNCTIONS_KEY=\$(az functionapp keys list -g $AZURE_RESOURCE_GROUP -n $SLUICE_FUNCTION_APP --query functionKeys.default -o tsv)
  curl -fsS \$SLUICE_URL/health
TEXT
