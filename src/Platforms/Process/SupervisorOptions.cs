namespace Sluice.Platforms.Process;

/// <summary>How revisions are watched; the same for all of a gateway.</summary>
public sealed class SupervisorOptions
{
    /// <summary>Time between two probes of a replica that has been ready. The default is 1 second.</summary>
    public TimeSpan ProbeEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between two probes of one that comes up. The default is 200 milliseconds.</summary>
    public TimeSpan ProbeEveryAtStart { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a probe waits for its answer. The default is 2 seconds.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Failed probes in a row that take a ready replica out of routing. The default is 3.</summary>
    public int UnhealthyAfter { get; init; } = 3;

    /// <summary>Wait before the first restart; doubled for each further death. The default is 1 second.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait before a restart. The default is 60 seconds.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Deaths within <see cref="DeathWindow"/> at which a replica is given up. The default is 5.</summary>
    public int MaxDeaths { get; init; } = 5;

    /// <summary>The default is 10 minutes.</summary>
    public TimeSpan DeathWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often a process is looked at. The default is 100 milliseconds.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromMilliseconds(100);
}
