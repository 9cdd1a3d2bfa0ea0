// Sluice on Azure: one resource group for each environment. `cd infra && azd up` deploys it.
targetScope = 'subscription'

@description('Name of the azd environment; part of the names of all resources.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Region of all resources.')
param location string

@description('Which of the files under stages/ says how large and how watched this environment is.')
@allowed(['dev', 'staging', 'production'])
param stage string = 'dev'

@description('Object id of who runs this deployment: may read the admin key, and upload the tabs of Durable Functions Monitor.')
param principalId string = ''

@description('What kind of principal that is.')
@allowed(['User', 'ServicePrincipal', 'Group'])
param principalType string = 'User'

@description('Object id of the service principal that may deploy new versions of the program, such as the one of CI. Empty for none.')
param deployerId string = ''

@description('Keeps deployments, baselines and the audit in PostgreSQL; otherwise they are in tables of the storage account.')
param usePostgres bool = true

@description('Object id of the Entra administrator of PostgreSQL. Empty: Sluice itself administers its own server.')
param databaseAdminId string = ''

@description('Name of that administrator, as Entra shows it.')
param databaseAdminName string = ''

@description('Adds Azure Managed Redis. This version of Sluice does not use it yet.')
param useRedis bool = false

@description('Groups of approvers: release-managers=ana,ben;on-call=cy.')
param approvers string = ''

@description('Whether a failed verdict rolls back by itself; otherwise it pauses for a person.')
param autoRollback bool = true

@description('Also sends traces and metrics to this OTLP endpoint. Empty for none.')
param otlpEndpoint string = ''

@description('Who gets alerts and the budget\'s notices by e-mail. Empty for nobody.')
param alertEmail string = ''

@description('Incoming webhook of the Slack channel for alerts. Empty for none.')
@secure()
param slackWebhook string = ''

@description('Key of PagerDuty\'s integration "Microsoft Azure"; critical alerts page through it. Empty for none.')
@secure()
param pagerDutyKey string = ''

@description('The first admin key of Sluice. It is made by the first deployment and kept by all later ones; do not give one.')
@secure()
param adminKey string = 'slc_${replace(newGuid(), '-', '')}${replace(newGuid(), '-', '')}'

@description('First day of the month from which the budget counts. Azure takes none of the past and no change, so the hook before the first provisioning sets it. Empty for no budget.')
param budgetStart string = ''

var stages = {
  dev: loadJsonContent('stages/dev.json')
  staging: loadJsonContent('stages/staging.json')
  production: loadJsonContent('stages/production.json')
}
var settings = stages[stage]
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName, product: 'sluice', stage: stage }
var identityName = 'id-sluice-${token}'
var networked = usePostgres || useRedis

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-sluice-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: identityName, location: location, tags: tags, deployerId: deployerId }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    retentionDays: settings.logs.retentionDays
    dailyCapGB: settings.logs.dailyCapGB
    identityPrincipalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    sku: settings.storage.sku
    identityPrincipalId: identity.outputs.principalId
    principalId: principalId
    principalType: principalType
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    softDeleteDays: settings.keyVault.softDeleteDays
    adminKey: adminKey
    identityPrincipalId: identity.outputs.principalId
    principalId: principalId
    principalType: principalType
  }
}

module network 'modules/network.bicep' = if (networked) {
  scope: group
  params: { token: token, location: location, tags: tags, natGateway: settings.network.natGateway }
}

module postgres 'modules/postgres.bicep' = if (usePostgres) {
  scope: group
  params: {
    name: 'psql-sluice-${token}'
    location: location
    tags: tags
    size: settings.postgres
    subnetId: network!.outputs.postgresSubnetId
    privateDnsZoneId: network!.outputs.postgresZoneId
    adminId: empty(databaseAdminId) ? identity.outputs.principalId : databaseAdminId
    adminName: empty(databaseAdminId) ? identityName : databaseAdminName
    adminType: empty(databaseAdminId) ? 'ServicePrincipal' : 'User'
  }
}

module redis 'modules/redis.bicep' = if (useRedis) {
  scope: group
  params: {
    name: 'redis-sluice-${token}'
    location: location
    tags: tags
    sku: settings.redis.sku
    highAvailability: settings.redis.highAvailability
    subnetId: network!.outputs.endpointSubnetId
    virtualNetworkId: network!.outputs.virtualNetworkId
    identityPrincipalId: identity.outputs.principalId
  }
}

module functions 'modules/functions.bicep' = {
  scope: group
  params: {
    name: 'func-sluice-${token}'
    location: location
    tags: tags
    size: settings.functions
    identityName: identityName
    storageAccountName: storage.outputs.name
    packageContainerUri: storage.outputs.packageContainerUri
    insightsName: monitoring.outputs.insightsName
    vaultUri: vault.outputs.uri
    adminKeyUri: vault.outputs.adminKeyUri
    subnetId: networked ? network!.outputs.functionsSubnetId : ''
    postgresHost: usePostgres ? postgres!.outputs.host : ''
    approvers: approvers
    autoRollback: autoRollback
    otlpEndpoint: otlpEndpoint
  }
}

module receivers 'modules/receivers.bicep' = {
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    email: alertEmail
    slackWebhook: slackWebhook
    pagerDutyKey: pagerDutyKey
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    insightsId: monitoring.outputs.insightsId
    functionHost: functions.outputs.host
    functionAppId: functions.outputs.id
    instanceMemoryMB: settings.functions.instanceMemoryMB
    postgresId: usePostgres ? postgres!.outputs.id : ''
    databaseMaxConnections: settings.postgres.maxConnections
    thresholds: settings.alerts
    criticalGroupId: receivers.outputs.criticalId
    warningGroupId: receivers.outputs.warningId
  }
}

module budget 'modules/budget.bicep' = if (!empty(budgetStart)) {
  scope: group
  params: {
    amount: settings.budget
    start: budgetStart
    email: alertEmail
    actionGroupId: receivers.outputs.warningId
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output SLUICE_FUNCTION_APP string = functions.outputs.name
output SLUICE_URL string = 'https://${functions.outputs.host}'
output SLUICE_STORAGE_ACCOUNT string = storage.outputs.name
output SLUICE_KEY_VAULT string = vault.outputs.name
output SLUICE_POSTGRES_SERVER string = usePostgres ? postgres!.outputs.name : ''
output SLUICE_REDIS_HOST string = useRedis ? redis!.outputs.host : ''
