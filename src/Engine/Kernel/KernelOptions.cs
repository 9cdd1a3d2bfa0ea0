namespace Sluice.Engine.Kernel;

/// <summary>What a host sets for all executions; see the members of the same names in <see cref="EngineOptions"/>.</summary>
internal sealed record KernelOptions
{
    public static KernelOptions Default { get; } = new();

    public int MaxOrchestrationActions { get; init; } = 100_000;

    public TimeSpan? MaximumTimerInterval { get; init; }

    public string? DefaultVersion { get; init; }
}
