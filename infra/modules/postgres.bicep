// PostgreSQL without passwords and without a public address, restorable to any second of the last 35 days.
type Size = {
  tier: 'Burstable' | 'GeneralPurpose' | 'MemoryOptimized'
  sku: string
  storageGB: int
  @minValue(7)
  @maxValue(35)
  backupDays: int
  zoneRedundant: bool
  geoRedundantBackup: bool
  @description('max_connections of that SKU; the alert is 95 % of it.')
  maxConnections: int
}

param name string
param location string
param tags object
param size Size
param subnetId string
param privateDnsZoneId string

@description('The Entra administrator: Sluice\'s identity, or a person or group who then makes a role for it.')
param adminId string
param adminName string
param adminType string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: size.sku, tier: size.tier }
  properties: {
    version: '17'
    authConfig: { activeDirectoryAuth: 'Enabled', passwordAuth: 'Disabled', tenantId: tenant().tenantId }
    storage: { storageSizeGB: size.storageGB, autoGrow: 'Enabled' }
    backup: {
      backupRetentionDays: size.backupDays
      geoRedundantBackup: size.geoRedundantBackup ? 'Enabled' : 'Disabled'
    }
    highAvailability: { mode: size.zoneRedundant ? 'ZoneRedundant' : 'Disabled' }
    network: {
      delegatedSubnetResourceId: subnetId
      privateDnsZoneArmResourceId: privateDnsZoneId
      publicNetworkAccess: 'Disabled'
    }
  }

  resource admin 'administrators' = {
    name: adminId
    properties: { principalName: adminName, principalType: adminType, tenantId: tenant().tenantId }
  }

  resource database 'databases' = {
    name: 'sluice'
    dependsOn: [admin] // a server takes one change at a time
    properties: { charset: 'UTF8', collation: 'en_US.utf8' }
  }
}

output id string = server.id
output name string = server.name
output host string = server.properties.fullyQualifiedDomainName
