using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Health;

/// <summary>Figures of rollouts and locks, from the registry.</summary>
internal static class RolloutFigures
{
    public static async Task<Figure> ReadAsync(IDeploymentRegistry registry, CancellationToken cancellationToken)
    {
        var samples = new List<Sample>();
        foreach (var phase in Enum.GetValues<Phase>())
        {
            var count = 0;
            string? cursor = null;
            do
            {
                var page = await registry.ListRolloutsAsync(new RolloutQuery(Phase: phase, Limit: 500, Cursor: cursor), cancellationToken);
                count += page.Items.Count;
                cursor = page.Cursor;
            }
            while (cursor is not null);

            samples.Add(new Sample(count, [("phase", phase.ToString())]));
        }

        return new Figure("sluice_rollouts", "Rollouts in the registry by phase.", FigureKind.Gauge, samples);
    }

    public static async Task<IReadOnlyList<Figure>> ReadLocksAsync(ICoordination coordination, CancellationToken cancellationToken)
    {
        var locks = await coordination.ListLocksAsync(cancellationToken);
        return
        [
            new("sluice_environment_locked", "1 for each environment that a rollout holds.", FigureKind.Gauge, [.. locks.Select(l => new Sample(1, Labels(l)))]),
            new("sluice_environment_waiting", "Rollouts in line for the environment.", FigureKind.Gauge, [.. locks.Select(l => new Sample(l.Waiting.Count, Labels(l)))]),
        ];
    }

    private static (string, string)[] Labels(LockState state) => [("service", state.Service), ("environment", state.Environment)];
}
