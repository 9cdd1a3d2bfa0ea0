using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Upkeep;

/// <summary>Rollouts that have not ended, as the registry has them.</summary>
internal static class OpenRollouts
{
    private static readonly Phase[] Phases = [Phase.Pending, Phase.Progressing, Phase.Paused];

    public static async Task<IReadOnlyList<RolloutRecord>> ListAsync(IDeploymentRegistry registry, CancellationToken cancellationToken)
    {
        // All first: what is done with one may move it to the next phase, and it would come again.
        var open = new Dictionary<string, RolloutRecord>(StringComparer.Ordinal);
        foreach (var phase in Phases)
        {
            string? cursor = null;
            do
            {
                var page = await registry.ListRolloutsAsync(new RolloutQuery(Phase: phase, Limit: 100, Cursor: cursor), cancellationToken);
                foreach (var rollout in page.Items)
                {
                    open[rollout.Id] = rollout;
                }

                cursor = page.Cursor;
            }
            while (cursor is not null);
        }

        return [.. open.Values];
    }
}
