namespace Sluice.Benchmarks.Judgement.Traffic;

/// <summary>What traffic, its failures and its latency are like: all that a run is drawn from. The default is the profile of the tables.</summary>
internal sealed record Conditions
{
    /// <summary>Requests a second on both arms, mean over the day.</summary>
    public double RequestsPerSecond { get; init; } = 100;

    /// <summary>Share of stable's requests that fail.</summary>
    public double ErrorRate { get; init; } = 0.005;

    /// <summary>The canary's error rate over stable's, from <see cref="Onset"/> on.</summary>
    public double ErrorRatio { get; init; } = 1;

    /// <summary>The canary's latency over stable's, from <see cref="Onset"/> on.</summary>
    public double LatencyRatio { get; init; } = 1;

    /// <summary>When the release begins to be bad, from the first request on.</summary>
    public TimeSpan Onset { get; init; }

    /// <summary>Traffic goes up and down by 60 % over a day, the error rate of both arms by 30 %.</summary>
    public bool Diurnal { get; init; }

    /// <summary>Coefficient of variation of the error rate, drawn anew for each arm and minute.</summary>
    public double FrailtyCv { get; init; }

    /// <summary>Standard deviation of the error level of each arm, correlated by 0.8 from minute to minute.</summary>
    public double NoiseSd { get; init; }

    /// <summary>How failures come.</summary>
    public Failures Failures { get; init; } = Failures.Independent;

    /// <summary>Clients behind the requests; null when the source does not know clients.</summary>
    public int? Clients { get; init; } = 5_000;

    /// <summary>A client stays on its revision.</summary>
    public bool Sticky { get; init; }

    /// <summary>Both arms fail 5 % for 5 minutes; the canary begins and ends up to 2 minutes earlier or later than stable.</summary>
    public bool Outage { get; init; }

    /// <summary>After every rise of its weight the canary fails 5 % more and takes three times as long, for 2 minutes.</summary>
    public bool ColdStart { get; init; }

    /// <summary>Whether latency is counted.</summary>
    public bool Latency { get; init; } = true;

    /// <summary>Standard deviation of the level of latency of each arm, correlated by 0.8 from minute to minute.</summary>
    public double LatencyJitter { get; init; }
}

/// <summary>How failures are spread over requests and clients.</summary>
internal enum Failures
{
    /// <summary>Each request fails or not, whoever sent it.</summary>
    Independent,

    /// <summary>A client meets a failure and tries again at once: geometric numbers of failures with mean 5, on one revision.</summary>
    Bursts,

    /// <summary>Besides the independent ones, all requests of one client fail.</summary>
    BrokenClient,

    /// <summary>Besides the independent ones, 1 % of the clients (one at least) have a fifth of their requests fail.</summary>
    FlakyClients,
}
