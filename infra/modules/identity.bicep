// The identity that the function app acts as. It outlives the app, so that recreating the app changes no role.
import { roles } from 'roles.bicep'

param name string
param location string
param tags object

@description('Service principal that may deploy new versions; empty for none.')
param deployerId string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

// Finding the app in the group and replacing its package; no right to give rights.
resource deployerRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in empty(deployerId) ? [] : [roles.reader, roles.websiteContributor]: {
    name: guid(resourceGroup().id, deployerId, role)
    properties: {
      principalId: deployerId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

output principalId string = identity.properties.principalId
