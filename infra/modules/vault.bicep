// Secrets by name: the first admin key, and whatever plans name with fromSecret.
import { roles } from 'roles.bicep'

param name string
param location string
param tags object

@minValue(7)
@maxValue(90)
param softDeleteDays int

@secure()
param adminKey string
param identityPrincipalId string

@description('Who runs the deployment; empty for nobody.')
param principalId string
param principalType string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    enableSoftDelete: true
    softDeleteRetentionInDays: softDeleteDays
    // Reached with Entra tokens only; people read the admin key from outside the network.
    publicNetworkAccess: 'Enabled'
  }

  // Each deployment brings a fresh value; only the first one is taken, so the key is never replaced and never printed.
  @onlyIfNotExists()
  resource adminKeySecret 'secrets' = {
    name: 'sluice-admin-key'
    properties: { value: adminKey, contentType: 'Sluice admin key' }
  }
}

resource identityReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, identityPrincipalId, roles.keyVaultSecretsUser)
  properties: {
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
  }
}

resource deployerReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(principalId)) {
  scope: vault
  name: guid(vault.id, principalId, roles.keyVaultSecretsUser)
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
  }
}

output name string = vault.name
output uri string = vault.properties.vaultUri
output adminKeyUri string = '${vault.properties.vaultUri}secrets/${vault::adminKeySecret.name}'
