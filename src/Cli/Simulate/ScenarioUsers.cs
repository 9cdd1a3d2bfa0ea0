using Sluice.Domain.Analysis;
using Sluice.Domain.Scenarios;
using Sluice.Platforms.Simulated;

namespace Sluice.Cli.Simulate;

/// <summary>
/// The users of a scenario: how many requests a revision gets in a stretch of time, how many fail, how long they take. Requests arrive
/// independently, each of a client of its own; latencies are lognormal.
/// </summary>
internal sealed class ScenarioUsers(Scenario scenario)
{
    private readonly Chance _chance = new(new Random(scenario.Seed));
    private readonly Dictionary<(double Median, double Spread), double[]> _latencies = [];
    private DateTimeOffset? _begun;

    /// <summary>Draws one stretch.</summary>
    public RevisionCounts Draw(Stretch stretch)
    {
        var arm = stretch.Version == scenario.Release ? Arm.Canary : Arm.Stable;
        _begun ??= arm == Arm.Canary ? stretch.From : null;
        return scenario.Counts is { } table ? Read(table, arm, stretch) : Draw(arm, stretch);
    }

    private RevisionCounts Draw(Arm arm, Stretch stretch)
    {
        var offset = stretch.From - scenario.Start;
        var (profile, age) = arm == Arm.Canary ? (scenario.CanaryProfile, stretch.Age) : (scenario.StableProfile, offset);
        var mean = scenario.Traffic.At(offset, stretch.From) * stretch.Length.TotalMinutes * stretch.Weight / 100;
        var shares = Shares(profile.Latency.At(age), profile.Spread);
        var latency = new long[shares.Length];
        var requests = 0L;
        for (var i = 0; i < shares.Length; i++)
        {
            latency[i] = _chance.Poisson(mean * shares[i]);
            requests += latency[i];
        }

        return Counted(requests, _chance.Binomial(requests, ErrorRate(arm, profile.ErrorRate.At(age), offset)), latency);
    }

    private double ErrorRate(Arm arm, double own, TimeSpan offset)
    {
        var good = 1 - own;
        foreach (var fault in scenario.Faults.Where(f => f.Kind == FaultKind.Outage))
        {
            if (fault.Covers(arm == Arm.Stable ? offset - fault.StableLag : offset))
            {
                good *= 1 - fault.ErrorRate;
            }
        }

        return 1 - good;
    }

    private RevisionCounts Read(CountTable table, Arm arm, Stretch stretch)
    {
        if (_begun is not { } begun)
        {
            return RevisionCounts.Zero;
        }

        var rows = arm == Arm.Canary ? table.Canary : table.Stable;
        var (from, to) = (Until(rows, stretch.From - begun), Until(rows, stretch.To - begun));
        var latency = new long[LatencyBuckets.Count];
        var profile = arm == Arm.Canary ? scenario.CanaryProfile : scenario.StableProfile;
        latency[LatencyBuckets.IndexOf(profile.Latency.At(stretch.Age))] = to.Requests - from.Requests;
        return Counted(to.Requests - from.Requests, to.Errors - from.Errors, latency);
    }

    /// <summary>All that came by a time: whole minutes, and of the last one its part.</summary>
    private static MinuteCounts Until(IReadOnlyList<MinuteCounts> rows, TimeSpan time)
    {
        var whole = (int)Math.Floor(time.TotalMinutes);
        var part = time.TotalMinutes - whole;
        var (requests, errors) = (0.0, 0.0);
        for (var minute = 0; minute <= whole; minute++)
        {
            var row = rows[Math.Min(minute, rows.Count - 1)];
            var share = minute < whole ? 1 : part;
            requests += row.Requests * share;
            errors += row.Errors * share;
        }

        return new MinuteCounts((long)Math.Floor(requests + 1e-6), (long)Math.Floor(errors + 1e-6));
    }

    private static RevisionCounts Counted(long requests, long errors, long[] latency) => new(requests, errors, 0, 0, latency)
    {
        ClientsSeen = requests,
        FailingClients = errors,
        NewlyFailingClients = errors,
        FirstRequests = requests,
        FirstErrors = errors,
    };

    private double[] Shares(double median, double spread)
    {
        if (!_latencies.TryGetValue((median, spread), out var shares))
        {
            shares = new double[LatencyBuckets.Count];
            var below = 0.0;
            for (var i = 0; i < shares.Length; i++)
            {
                var until = i < LatencyBuckets.UpperBounds.Count ? Lognormal.Below(LatencyBuckets.UpperBounds[i], median, spread) : 1;
                shares[i] = until - below;
                below = until;
            }

            _latencies[(median, spread)] = shares;
        }

        return shares;
    }
}
