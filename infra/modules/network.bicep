// One virtual network: the function app goes out through it, PostgreSQL and Redis are only in it.
param token string
param location string
param tags object

@description('One fixed outbound address, for platforms that allow by address. Without it the platform\'s default outbound access is used.')
param natGateway bool

resource outboundAddress 'Microsoft.Network/publicIPAddresses@2025-05-01' = if (natGateway) {
  name: 'pip-sluice-${token}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource gateway 'Microsoft.Network/natGateways@2025-05-01' = if (natGateway) {
  name: 'ng-sluice-${token}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: outboundAddress.id }] }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-sluice-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/24'] }
  }

  resource functions 'subnets' = {
    name: 'functions'
    properties: {
      addressPrefix: '10.20.0.0/26'
      defaultOutboundAccess: !natGateway
      natGateway: natGateway ? { id: gateway.id } : null
      serviceEndpoints: [{ service: 'Microsoft.Storage' }, { service: 'Microsoft.KeyVault' }]
      delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
    }
  }

  resource postgres 'subnets' = {
    name: 'postgres'
    dependsOn: [functions] // a network takes one change at a time
    properties: {
      addressPrefix: '10.20.0.64/28'
      defaultOutboundAccess: false
      delegations: [{ name: 'postgres', properties: { serviceName: 'Microsoft.DBforPostgreSQL/flexibleServers' } }]
    }
  }

  resource endpoints 'subnets' = {
    name: 'endpoints'
    dependsOn: [postgres]
    properties: { addressPrefix: '10.20.0.96/28', defaultOutboundAccess: false }
  }
}

resource postgresZone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: 'sluice-${token}.private.postgres.database.azure.com'
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: 'sluice'
    location: 'global'
    properties: { virtualNetwork: { id: network.id }, registrationEnabled: false }
  }
}

output virtualNetworkId string = network.id
output functionsSubnetId string = network::functions.id
output postgresSubnetId string = network::postgres.id
output endpointSubnetId string = network::endpoints.id
output postgresZoneId string = postgresZone.id
