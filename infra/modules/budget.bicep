// Tells before the money is gone; it stops nothing.
param amount int
param start string
param email string
param actionGroupId string

var receivers = {
  contactEmails: empty(email) ? [] : [email]
  contactGroups: [actionGroupId]
}

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: 'sluice'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    notifications: {
      actual80: union(receivers, { enabled: true, operator: 'GreaterThan', threshold: 80, thresholdType: 'Actual' })
      forecast100: union(receivers, { enabled: true, operator: 'GreaterThan', threshold: 100, thresholdType: 'Forecasted' })
    }
  }
}
