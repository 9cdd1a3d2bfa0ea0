// The task hub (queues, tables, large payloads), the product's tables when there is no database, and the deployed package.
import { roles } from 'roles.bicep'

param name string
param location string
param tags object
param sku string
param identityPrincipalId string

@description('Who runs the deployment; empty for nobody.')
param principalId string
param principalType string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Reached with Entra tokens only. Scale controller, deployment and Durable Functions Monitor come from outside the network.
    publicNetworkAccess: 'Enabled'
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource package 'containers' = {
      name: 'app-package'
      properties: { publicAccess: 'None' }
    }

    // The tabs of Durable Functions Monitor; the name is the monitor's.
    resource monitor 'containers' = {
      name: 'durable-functions-monitor'
      properties: { publicAccess: 'None' }
    }
  }
}

resource identityRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [roles.storageBlobDataOwner, roles.storageQueueDataContributor, roles.storageTableDataContributor]: {
    scope: account
    name: guid(account.id, identityPrincipalId, role)
    properties: {
      principalId: identityPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource tabUploader 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(principalId)) {
  scope: account::blobs::monitor
  name: guid(account::blobs::monitor.id, principalId, roles.storageBlobDataContributor)
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
  }
}

output name string = account.name
output packageContainerUri string = '${account.properties.primaryEndpoints.blob}${account::blobs::package.name}'
