using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Sluice.Functions.Hosting;
using Sluice.Orchestration.Schedules;

namespace Sluice.Functions.Triggers;

/// <summary>
/// Timers only ask what is due; the orchestrations they start are singletons. Schedules that can change without a restart are asked each
/// five minutes and decide by themselves.
/// </summary>
public sealed class Timers(Invocations invocations)
{
    /// <summary>Asks each minute whether rollouts have to be looked at.</summary>
    [Function("WatchdogTimer")]
    public Task Watchdog([TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        invocations.StartDueAsync([Scheduler.Watchdog], client, call.CancellationToken);

    /// <summary>Asks each five minutes what else is due.</summary>
    [Function("SchedulesTimer")]
    public async Task Schedules([TimerTrigger("30 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, FunctionContext call)
    {
        await invocations.StartDueAsync([Scheduler.Reminders, Scheduler.Retention], client, call.CancellationToken);
        await invocations.StartDueSyncsAsync(client, call.CancellationToken);
    }
}
