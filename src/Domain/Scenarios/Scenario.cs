using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Scenarios;

/// <summary>
/// What happens around a rollout that is simulated: traffic, how the revisions behave, what breaks, what people say, when the host dies.
/// Made by <see cref="ScenarioCompiler"/>. Offsets count from the start of the rollout unless said otherwise.
/// </summary>
public sealed record Scenario
{
    /// <summary>The version rolled out.</summary>
    public required string Release { get; init; }

    /// <summary>The version that serves before; null for a first release.</summary>
    public required string? Stable { get; init; }

    /// <summary>When the rollout starts, UTC: matters for calendars and the time of day of the traffic.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>When the simulation gives up.</summary>
    public required TimeSpan Until { get; init; }

    /// <summary>Draws everything that is left to chance.</summary>
    public required int Seed { get; init; }

    /// <summary>What users ask for, in the plan's last environment.</summary>
    public required UserTraffic Traffic { get; init; }

    /// <summary>How the version that serves before behaves, by the time since the rollout's start.</summary>
    public required RevisionProfile StableProfile { get; init; }

    /// <summary>How the release behaves, by the time since its revision was started.</summary>
    public required RevisionProfile CanaryProfile { get; init; }

    /// <summary>Counts minute by minute, instead of traffic, error rates and latencies; null for those.</summary>
    public CountTable? Counts { get; init; }

    /// <summary>What breaks.</summary>
    public IReadOnlyList<ScenarioFault> Faults { get; init; } = [];

    /// <summary>What people say, by time.</summary>
    public IReadOnlyList<PersonSays> People { get; init; } = [];

    /// <summary>When the host dies; it comes back at once.</summary>
    public IReadOnlyList<HostCrash> Crashes { get; init; } = [];

    /// <summary>What must come out; null when it is only looked at.</summary>
    public Expectation? Expect { get; init; }
}

/// <summary>A value that changes in steps: each holds until the next.</summary>
/// <param name="Points">By time, the first at zero.</param>
public sealed record Series(IReadOnlyList<(TimeSpan At, double Value)> Points)
{
    /// <summary>The same all the time.</summary>
    public static Series Of(double value) => new([(TimeSpan.Zero, value)]);

    /// <summary>The value at a time.</summary>
    public double At(TimeSpan time)
    {
        var value = Points[0].Value;
        foreach (var point in Points)
        {
            if (point.At > time)
            {
                break;
            }

            value = point.Value;
        }

        return value;
    }
}

/// <summary>What users ask for.</summary>
/// <param name="PerMinute">Requests a minute.</param>
/// <param name="Swing">Share by which it swings about that over a day, 0 to 1.</param>
/// <param name="Peak">Time of day, UTC, at which it is highest.</param>
public sealed record UserTraffic(Series PerMinute, double Swing, TimeSpan Peak)
{
    /// <summary>Whether the source of metrics tells clients apart. Each is then seen once, but for the failures of a burst, which are one client's.</summary>
    public bool KnowsClients { get; init; }

    /// <summary>Requests a minute at a moment.</summary>
    /// <param name="offset">Since the rollout's start.</param>
    /// <param name="moment">UTC.</param>
    public double At(TimeSpan offset, DateTimeOffset moment) =>
        PerMinute.At(offset) * (1 + (Swing * Math.Cos(2 * Math.PI * (moment.UtcDateTime.TimeOfDay - Peak) / TimeSpan.FromDays(1))));
}

/// <summary>How a revision behaves.</summary>
/// <param name="ErrorRate">Fraction of its requests that fail.</param>
/// <param name="Latency">Median time to an answer, seconds.</param>
/// <param name="Spread">Standard deviation of the latency's natural logarithm.</param>
/// <param name="ReadyAfter">From start to ready; null for never.</param>
/// <param name="LoadErrorRate">Fraction of a load test's requests that fail: what only users provoke does not show there.</param>
public sealed record RevisionProfile(Series ErrorRate, Series Latency, double Spread, TimeSpan? ReadyAfter, double LoadErrorRate)
{
    /// <summary>How many failures come together, on average, 1 or more: a client that retries at once. Their number is geometric.</summary>
    public double Burst { get; init; } = 1;

    /// <summary>By how much the error rate changes from minute to minute: its coefficient of variation, 0 for not at all. The rates are gamma.</summary>
    public double Frailty { get; init; }
}

/// <summary>Counts of each minute since the release first got a part of the traffic; the last row repeats.</summary>
/// <param name="Canary">Requests and errors of the release.</param>
/// <param name="Stable">Those of the version beside it.</param>
public sealed record CountTable(IReadOnlyList<MinuteCounts> Canary, IReadOnlyList<MinuteCounts> Stable);

/// <summary>One arm in one minute.</summary>
public readonly record struct MinuteCounts(long Requests, long Errors);

/// <summary>Something breaks for a while.</summary>
/// <param name="Kind">What.</param>
/// <param name="At">When.</param>
/// <param name="For">How long.</param>
public sealed record ScenarioFault(FaultKind Kind, TimeSpan At, TimeSpan For)
{
    /// <summary>Of which revision; for <see cref="FaultKind.Crash"/> and <see cref="FaultKind.Smoke"/>.</summary>
    public Arm Arm { get; init; } = Arm.Canary;

    /// <summary>Which calls; for <see cref="FaultKind.Fail"/> and <see cref="FaultKind.Hang"/>.</summary>
    public string? Call { get; init; }

    /// <summary>Fraction of requests that fail besides; for <see cref="FaultKind.Outage"/>.</summary>
    public double ErrorRate { get; init; }

    /// <summary>How much later stable is hit, and recovers; for <see cref="FaultKind.Outage"/>.</summary>
    public TimeSpan StableLag { get; init; }

    /// <summary>Whether it is so at a time.</summary>
    public bool Covers(TimeSpan offset) => offset >= At && offset < At + For;
}

/// <summary>What can break.</summary>
public enum FaultKind
{
    /// <summary>Both revisions answer a part of their requests with errors: something they share is down.</summary>
    Outage,

    /// <summary>The replicas are not ready.</summary>
    Crash,

    /// <summary>The smoke suite fails.</summary>
    Smoke,

    /// <summary>Calls are refused.</summary>
    Fail,

    /// <summary>Calls get no answer.</summary>
    Hang,

    /// <summary>The source of metrics loses its counts once.</summary>
    LoseCounts,
}

/// <summary>One of the two revisions that serve.</summary>
public enum Arm
{
    /// <summary>The release.</summary>
    Canary,

    /// <summary>What served before.</summary>
    Stable,
}

/// <summary>A person says something.</summary>
/// <param name="At">When.</param>
/// <param name="Say">The command, as the API writes it.</param>
/// <param name="By">Who.</param>
/// <param name="Groups">Groups the person belongs to.</param>
/// <param name="Reason">Why; null for none.</param>
public sealed record PersonSays(TimeSpan At, string Say, string By, IReadOnlyList<string> Groups, string? Reason)
{
    /// <summary>The item of a checklist that is ticked, or the condition that is reported; null for other commands.</summary>
    public string? Item { get; init; }

    /// <summary>Whether it is done, or holds.</summary>
    public bool Passed { get; init; } = true;
}

/// <summary>The host dies. One of the two is set.</summary>
/// <param name="At">When.</param>
/// <param name="AfterActivity">After so many attempts at activities have acted, before the last one's result is recorded.</param>
public sealed record HostCrash(TimeSpan? At, int? AfterActivity);

/// <summary>What must come out.</summary>
public sealed record Expectation
{
    /// <summary>How it ends; null for any.</summary>
    public Outcome? Outcome { get; init; }

    /// <summary>Longest time to the rollback, from <see cref="From"/> after the release first got traffic beside stable; null for any.</summary>
    public TimeSpan? DetectedWithin { get; init; }

    /// <summary>How long after its first traffic the release turns bad.</summary>
    public TimeSpan From { get; init; }

    /// <summary>Longest time to the end; null for any.</summary>
    public TimeSpan? EndsWithin { get; init; }

    /// <summary>Text that a decision's message must hold; null for none.</summary>
    public string? Says { get; init; }

    /// <summary>Fraction of several runs in which all of this must hold, 0 to 1.</summary>
    public double InAtLeast { get; init; } = 1;
}
