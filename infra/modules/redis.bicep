// Azure Managed Redis without keys and without a public address.
param name string
param location string
param tags object
param sku string
param highAvailability bool
param subnetId string
param virtualNetworkId string
param identityPrincipalId string

resource cluster 'Microsoft.Cache/redisEnterprise@2025-07-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku }
  properties: {
    highAvailability: highAvailability ? 'Enabled' : 'Disabled'
    minimumTlsVersion: '1.2'
    publicNetworkAccess: 'Disabled'
  }

  resource database 'databases' = {
    name: 'default'
    properties: {
      accessKeysAuthentication: 'Disabled'
      clientProtocol: 'Encrypted'
      evictionPolicy: 'VolatileLRU'
    }

    resource access 'accessPolicyAssignments' = {
      name: 'sluice'
      properties: { accessPolicyName: 'default', user: { objectId: identityPrincipalId } }
    }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: 'pe-${name}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: 'redis', properties: { privateLinkServiceId: cluster.id, groupIds: ['redisEnterprise'] } }
    ]
  }

  resource zones 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: 'redis', properties: { privateDnsZoneId: zone.id } }] }
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: 'privatelink.redis.azure.net'
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: 'sluice'
    location: 'global'
    properties: { virtualNetwork: { id: virtualNetworkId }, registrationEnabled: false }
  }
}

output host string = '${cluster.properties.hostName}:${cluster::database.properties.port}'
