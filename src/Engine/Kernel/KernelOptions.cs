using Sluice.Durable;

namespace Sluice.Engine.Kernel;

/// <summary>What a host sets for all executions; see the members of the same names in <see cref="EngineOptions"/>.</summary>
internal sealed record KernelOptions
{
    public static KernelOptions Default { get; } = new();

    public int MaxOrchestrationActions { get; init; } = 100_000;

    public TimeSpan? MaximumTimerInterval { get; init; }

    public string? DefaultVersion { get; init; }

    public bool KeepsHistories { get; init; } = true;

    /// <summary>What an activity is given, or answers, as it is kept.</summary>
    public string? Write(object? value) => KeepsHistories ? DurableJson.Write(value) : DurableJson.StandIn(value);
}
