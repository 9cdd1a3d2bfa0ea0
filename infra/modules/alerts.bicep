// What people are told. Each rule says what to do; the queries are files under alerts/ and can be pasted into the portal as they are.
type Pair = { warning: string, critical: string }

type Thresholds = {
  @description('Asks /health from three places every five minutes.')
  availabilityTest: bool
  @description('Percent of HTTP requests that fail; decimals are allowed.')
  errorPercent: Pair
  p95Seconds: { warning: int, critical: int }
  p99Seconds: int
  databaseCpuPercent: { warning: int, critical: int }
  databaseMemoryPercent: int
}

type LogAlert = {
  name: string
  severity: 'critical' | 'warning' | 'info'
  @description('What happened and what to do, for who is woken by it.')
  text: string
  query: string
  @description('Which column of the query is compared.')
  column: string
  @description('Fires above this number.')
  threshold: string
  window: string
  @description('How far back the query looks, if further than the window.')
  lookBack: string?
  every: string
}

param location string
param tags object
param workspaceId string
param insightsId string
param functionHost string

param functionAppId string
param instanceMemoryMB int

@description('Empty without a database.')
param postgresId string
param databaseMaxConnections int

param thresholds Thresholds
param criticalGroupId string
param warningGroupId string

var severities = {
  critical: { number: 0, groups: [criticalGroupId] }
  warning: { number: 2, groups: [warningGroupId] }
  info: { number: 3, groups: [] }
}

var logAlerts LogAlert[] = [
  {
    name: 'silent'
    severity: 'critical'
    text: 'The watchdog has not run for five minutes (two, and three for the telemetry to arrive): no rollout is looked after. Look at the function app\'s log stream; a setting that is wrong is named there at the start.'
    query: loadTextContent('../alerts/silent.kql')
    column: 'Minutes'
    threshold: '5'
    window: 'PT15M'
    lookBack: 'P1D' // to tell silence from "never deployed"
    every: 'PT5M' // a query with union cannot be asked each minute
  }
  {
    name: 'http-errors-critical'
    severity: 'critical'
    text: 'Sluice\'s own API fails. Ask /health/deep which part is down; rollouts that run go on by themselves.'
    query: loadTextContent('../alerts/http-errors.kql')
    column: 'Percent'
    threshold: thresholds.errorPercent.critical
    window: 'PT5M'
    every: 'PT1M'
  }
  {
    name: 'http-errors'
    severity: 'warning'
    text: 'Some requests to Sluice\'s API fail. Look for RequestFailed in AppTraces: it names the route and the cause.'
    query: loadTextContent('../alerts/http-errors.kql')
    column: 'Percent'
    threshold: thresholds.errorPercent.warning
    window: 'PT5M'
    every: 'PT5M'
  }
  {
    name: 'http-slow-critical'
    severity: 'critical'
    text: 'Sluice\'s API is very slow. Look at the database\'s CPU and connections, and at AppDependencies for what requests wait for.'
    query: loadTextContent('../alerts/http-latency.kql')
    column: 'P95Seconds'
    threshold: string(thresholds.p95Seconds.critical)
    window: 'PT5M'
    every: 'PT5M'
  }
  {
    name: 'http-slow'
    severity: 'warning'
    text: 'Sluice\'s API is slow at p95. After a time without requests the first ones start an instance; if that is all, nothing is to be done.'
    query: loadTextContent('../alerts/http-latency.kql')
    column: 'P95Seconds'
    threshold: string(thresholds.p95Seconds.warning)
    window: 'PT15M'
    every: 'PT15M'
  }
  {
    name: 'http-tail-slow'
    severity: 'warning'
    text: 'Sluice\'s API is slow at p99. Look at AppDependencies for what the slowest requests wait for.'
    query: loadTextContent('../alerts/http-latency.kql')
    column: 'P99Seconds'
    threshold: string(thresholds.p99Seconds)
    window: 'PT15M'
    every: 'PT15M'
  }
  {
    name: 'rollback-stuck'
    severity: 'critical'
    text: 'A rollback cannot write to its platform and tries again: users may still get the bad release. Run sluice get ID for the reason; move the traffic by hand if the platform stays down.'
    query: loadTextContent('../alerts/rollback-stuck.kql')
    column: 'Entries'
    threshold: '0'
    window: 'PT5M'
    every: 'PT1M'
  }
  {
    name: 'messages-poisoned'
    severity: 'critical'
    text: 'A message of the task hub fails at each delivery, so an orchestration stands still. docs/azure.md, "A poison message", says how to find it and what to do.'
    query: loadTextContent('../alerts/messages-poisoned.kql')
    column: 'Messages'
    threshold: '0'
    window: 'PT5M'
    every: 'PT5M'
  }
  {
    name: 'health'
    severity: 'critical'
    text: 'A check of /health/deep failed: the entry names it. Database and storage are what Sluice cannot do without.'
    query: loadTextContent('../alerts/health.kql')
    column: 'Entries'
    threshold: '0'
    window: 'PT5M'
    every: 'PT5M'
  }
  {
    name: 'rollouts-rolled-back'
    severity: 'warning'
    text: 'A rollout went back by itself; users have the old version. Run sluice explain ID for the evidence.'
    query: loadTextContent('../alerts/rollouts-rolled-back.kql')
    column: 'Rollouts'
    threshold: '0'
    window: 'PT5M'
    every: 'PT5M'
  }
  {
    name: 'rollback-slow'
    severity: 'warning'
    text: 'A rollback took longer than the two minutes that are promised. Run sluice events ID to see which write was slow.'
    query: loadTextContent('../alerts/rollback-slow.kql')
    column: 'Seconds'
    threshold: '120'
    window: 'PT5M'
    every: 'PT5M'
  }
  {
    name: 'rollout-lost'
    severity: 'warning'
    text: 'Somebody ended, purged or suspended a running rollout with the Durable management API. The watchdog has started its recovery; sluice get ID shows it. Use sluice abort instead.'
    query: loadTextContent('../alerts/rollout-lost.kql')
    column: 'Entries'
    threshold: '0'
    window: 'PT5M'
    every: 'PT5M'
  }
  {
    name: 'activities-failing'
    severity: 'warning'
    text: 'An activity fails again and again. Its spans in AppDependencies have the type of the failure; mostly a platform or a metrics provider is down, and rollouts hold.'
    query: loadTextContent('../alerts/activities-failing.kql')
    column: 'Failures'
    threshold: '10'
    window: 'PT15M'
    every: 'PT5M'
  }
  {
    name: 'orchestrations-failing'
    severity: 'warning'
    text: 'An orchestration ended with an exception, which is a fault of Sluice itself. A rollout that held an environment is brought back by the watchdog within two minutes; report it with the entry of AppExceptions.'
    query: loadTextContent('../alerts/orchestrations-failing.kql')
    column: 'Failures'
    threshold: '0'
    window: 'PT5M'
    every: 'PT5M'
  }
  {
    name: 'events-lost'
    severity: 'warning'
    text: 'A wake-up was thrown away by the storage provider. Nothing is lost, but a command waits for the next tick; if it comes again, report it with the entry.'
    query: loadTextContent('../alerts/events-lost.kql')
    column: 'Messages'
    threshold: '0'
    window: 'PT15M'
    every: 'PT15M'
  }
  {
    name: 'metrics-unreadable'
    severity: 'info'
    text: 'A metrics provider cannot be read; rollouts that need it hold and say so.'
    query: loadTextContent('../alerts/metrics-unreadable.kql')
    column: 'Looks'
    threshold: '5'
    window: 'PT15M'
    every: 'PT15M'
  }
]

resource logRules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in logAlerts: {
    name: 'sluice-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Sluice: ${rule.name}'
      description: rule.text
      severity: severities[rule.severity].number
      enabled: true
      scopes: [workspaceId]
      windowSize: rule.window
      overrideQueryTimeRange: rule.?lookBack
      evaluationFrequency: rule.every
      autoMitigate: true
      // A new workspace does not know its tables before the first telemetry.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: rule.column
            timeAggregation: 'Maximum'
            operator: 'GreaterThan'
            threshold: json(rule.threshold)
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: severities[rule.severity].groups }
    }
  }
]

// Metrics of Azure's own resources are minutes faster than logs.
var appAlerts = [
  {
    name: 'app-memory'
    severity: 'critical'
    text: 'An instance of the function app uses more than 90 % of its memory and will soon be ended; what it was doing is done again elsewhere. Take more memory in stages/.'
    metric: 'AverageMemoryWorkingSet'
    aggregation: 'Average'
    operator: 'GreaterThan'
    threshold: string(instanceMemoryMB * 1024 * 1024 / 100 * 90)
    target: functionAppId
  }
]

var databaseAlerts = empty(postgresId)
  ? []
  : [
      {
        name: 'database-down'
        severity: 'critical'
        text: 'PostgreSQL does not answer. Rollouts stop at their next step and go on when it is back; look at the server\'s resource health.'
        metric: 'is_db_alive'
        aggregation: 'Maximum'
        operator: 'LessThan'
        threshold: '1'
        target: postgresId
      }
      {
        name: 'database-refuses'
        severity: 'critical'
        text: 'Connections to PostgreSQL fail. Either they are used up, or the identity has no role there: docs/azure.md, "The database cannot be reached".'
        metric: 'connections_failed'
        aggregation: 'Total'
        operator: 'GreaterThan'
        threshold: '10'
        target: postgresId
      }
      {
        name: 'database-connections'
        severity: 'critical'
        text: 'More than 95 % of PostgreSQL\'s connections are used. Look at pg_stat_activity for who holds them, or take a larger SKU.'
        metric: 'active_connections'
        aggregation: 'Average'
        operator: 'GreaterThan'
        threshold: string(databaseMaxConnections * 95 / 100)
        target: postgresId
      }
      {
        name: 'database-cpu-critical'
        severity: 'critical'
        text: 'PostgreSQL\'s CPU is nearly used up. Take a larger SKU in stages/; it is changed with a minute of downtime.'
        metric: 'cpu_percent'
        aggregation: 'Average'
        operator: 'GreaterThan'
        threshold: string(thresholds.databaseCpuPercent.critical)
        target: postgresId
      }
      {
        name: 'database-cpu'
        severity: 'warning'
        text: 'PostgreSQL\'s CPU is busy. Look at Query Store for what costs it.'
        metric: 'cpu_percent'
        aggregation: 'Average'
        operator: 'GreaterThan'
        threshold: string(thresholds.databaseCpuPercent.warning)
        target: postgresId
      }
      {
        name: 'database-memory'
        severity: 'critical'
        text: 'PostgreSQL\'s memory is nearly used up. Take a larger SKU in stages/.'
        metric: 'memory_percent'
        aggregation: 'Average'
        operator: 'GreaterThan'
        threshold: string(thresholds.databaseMemoryPercent)
        target: postgresId
      }
      {
        name: 'database-storage'
        severity: 'warning'
        text: 'PostgreSQL\'s disk is 85 % full. It grows by itself; a server that reaches 95 % before that becomes read-only.'
        metric: 'storage_percent'
        aggregation: 'Average'
        operator: 'GreaterThan'
        threshold: '85'
        target: postgresId
      }
    ]

resource metricRules 'Microsoft.Insights/metricAlerts@2026-01-01' = [
  for rule in concat(appAlerts, databaseAlerts): {
    name: 'sluice-${rule.name}'
    location: 'global'
    tags: tags
    properties: {
      description: rule.text
      severity: severities[rule.severity].number
      enabled: true
      scopes: [rule.target]
      windowSize: 'PT5M'
      evaluationFrequency: 'PT1M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: rule.name
            metricName: rule.metric
            timeAggregation: rule.aggregation
            operator: rule.operator
            threshold: json(rule.threshold)
            skipMetricValidation: true
          }
        ]
      }
      actions: [for group in severities[rule.severity].groups: { actionGroupId: group }]
    }
  }
]

resource availability 'Microsoft.Insights/webtests@2022-06-15' = if (thresholds.availabilityTest) {
  name: 'sluice-reachable'
  location: location
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    Name: 'sluice-reachable'
    SyntheticMonitorId: 'sluice-reachable'
    Enabled: true
    Kind: 'standard'
    Frequency: 300
    Timeout: 60
    RetryEnabled: true
    Locations: [for place in ['emea-nl-ams-azr', 'us-va-ash-azr', 'apac-sg-sin-azr']: { Id: place }]
    Request: { HttpVerb: 'GET', RequestUrl: 'https://${functionHost}/health', ParseDependentRequests: false }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 7 }
  }
}

resource unreachable 'Microsoft.Insights/metricAlerts@2026-01-01' = if (thresholds.availabilityTest) {
  name: 'sluice-unreachable'
  location: 'global'
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource', 'hidden-link:${availability.id}': 'Resource' })
  properties: {
    description: 'Sluice\'s API cannot be reached from two of three places. Look at the function app\'s state and at its region\'s health; rollouts that run go on by themselves.'
    severity: severities.critical.number
    enabled: true
    scopes: [availability.id, insightsId]
    windowSize: 'PT5M'
    evaluationFrequency: 'PT1M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: availability.id
      componentId: insightsId
      failedLocationCount: 2
    }
    actions: [{ actionGroupId: criticalGroupId }]
  }
}
