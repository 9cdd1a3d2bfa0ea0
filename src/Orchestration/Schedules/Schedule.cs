using Sluice.Durable;

namespace Sluice.Orchestration.Schedules;

/// <summary>Something that happens again and again: one orchestration, never two of it at once.</summary>
/// <param name="Orchestrator">What is started; takes no input.</param>
/// <param name="Every">How often, counted from midnight UTC.</param>
public sealed record Schedule(OrchestratorRef<Unit, UpkeepReport> Orchestrator, TimeSpan Every)
{
    /// <summary>The one instance's id.</summary>
    public string InstanceId => Orchestrator.Name.ToLowerInvariant();
}

/// <summary>What a run of upkeep did.</summary>
/// <param name="Count">How many things it touched.</param>
/// <param name="Ids">Which, as far as they have ids; at most <see cref="MostIds"/>.</param>
public sealed record UpkeepReport(int Count, IReadOnlyList<string> Ids)
{
    /// <summary>Most ids a report names: it is an instance's output, and read by people.</summary>
    public const int MostIds = 50;

    internal static UpkeepReport Of(IReadOnlyList<string> ids) => new(ids.Count, [.. ids.Take(MostIds)]);
}
