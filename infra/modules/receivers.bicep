// Who is told: critical pages and writes to the channel, warnings write to the channel; information stays in the log.
param token string
param location string
param tags object
param email string

@secure()
param slackWebhook string

@secure()
param pagerDutyKey string

var emails = empty(email) ? [] : [{ name: 'email', emailAddress: email, useCommonAlertSchema: true }]

// Slack does not read Azure's alert schema; this workflow writes the one sentence that it does read.
resource slack 'Microsoft.Logic/workflows@2019-05-01' = if (!empty(slackWebhook)) {
  name: 'logic-sluice-slack-${token}'
  location: location
  tags: tags
  properties: {
    state: 'Enabled'
    definition: loadJsonContent('slack-workflow.json')
    parameters: { webhook: { value: slackWebhook } }
  }

  resource trigger 'triggers' existing = {
    name: 'alert'
  }
}

var slackReceivers = empty(slackWebhook)
  ? []
  : [
      {
        name: 'slack'
        resourceId: slack.id
        callbackUrl: slack::trigger!.listCallbackUrl().value
        useCommonAlertSchema: true
      }
    ]

var pagerDutyReceivers = empty(pagerDutyKey)
  ? []
  : [
      {
        name: 'pagerduty'
        serviceUri: 'https://events.pagerduty.com/integration/${pagerDutyKey}/enqueue'
        useCommonAlertSchema: true
      }
    ]

resource critical 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-sluice-critical'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'sluice-crit'
    emailReceivers: emails
    logicAppReceivers: slackReceivers
    webhookReceivers: pagerDutyReceivers
  }
}

resource warning 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-sluice-warning'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'sluice-warn'
    emailReceivers: emails
    logicAppReceivers: slackReceivers
  }
}

output criticalId string = critical.id
output warningId string = warning.id
