using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Upkeep;

/// <summary>Says again, once a day, what has waited for people for a day: an approval nobody gave, a pause nobody ended.</summary>
public sealed class Reminding(IDeploymentRegistry registry, IEventLog events, TimeProvider time)
{
    /// <summary>How long a rollout waits before it is mentioned, and between two mentions.</summary>
    public static TimeSpan After { get; } = TimeSpan.FromDays(1);

    /// <summary>Writes an event for each rollout that is due.</summary>
    /// <returns>Ids of the rollouts mentioned.</returns>
    public async Task<IReadOnlyList<string>> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var mentioned = new List<string>();
        foreach (var rollout in await OpenRollouts.ListAsync(registry, cancellationToken))
        {
            // A freeze window ends by itself, and a sign-off reminds of itself.
            if (rollout.Status is not { Phase: Phase.Paused, PauseReason: not (PauseReason.FreezeWindow or PauseReason.SignOff), StepStartedAt: { } since } status
                || now - since < After)
            {
                continue;
            }

            // The number of days is in the key: asked more often, or by two hosts at once, it is written once.
            var days = (int)((now - since) / After);
            var whom = status.WaitingFor.Count == 0 ? "" : $" for {string.Join(", ", status.WaitingFor)}";
            await events.AppendAsync(
                new DeploymentEvent(
                    $"{rollout.Id}#reminder-{status.StepIndex}-{days}",
                    rollout.Id,
                    rollout.Service,
                    status.Environment,
                    "reminder",
                    now,
                    $"{rollout.Release.Version} has waited{whom} since {Durations.Format(days * After)} ({status.PauseReason}): {status.Message}",
                    new Dictionary<string, string>
                    {
                        ["pauseReason"] = status.PauseReason.ToString() ?? "",
                        ["stepIndex"] = status.StepIndex.ToString(CultureInfo.InvariantCulture),
                    }),
                cancellationToken);
            mentioned.Add(rollout.Id);
        }

        return mentioned;
    }
}
