using Sluice.Domain.Analysis;
using Sluice.Domain.Scenarios;
using Sluice.Platforms.Simulated;

namespace Sluice.Cli.Simulate;

/// <summary>
/// The users of a scenario: how many requests a revision gets in a stretch of time, how many fail, how long they take. Requests arrive
/// independently, and fail so, or in bursts; latencies are lognormal.
/// </summary>
internal sealed class ScenarioUsers(Scenario scenario)
{
    private readonly Chance _chance = new(new Random(scenario.Seed));
    private readonly Dictionary<(double Median, double Spread), double[]> _latencies = [];
    private readonly Dictionary<Arm, (DateTimeOffset Minute, double Factor)> _frailties = [];
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

        var rate = ErrorRate(arm, Math.Min(1, profile.ErrorRate.At(age) * Frailty(arm, profile, stretch)), offset);
        var (errors, bursts) = Fail(requests, rate, profile.Burst);
        var counts = new RevisionCounts(requests, errors, 0, 0, latency);
        return scenario.Traffic.KnowsClients ? ByClient(counts, bursts) : counts;
    }

    private (long Errors, long Bursts) Fail(long requests, double rate, double burst)
    {
        if (burst <= 1)
        {
            var failed = _chance.Binomial(requests, rate);
            return (failed, failed);
        }

        var (errors, bursts) = (0L, 0L);
        for (var left = _chance.Poisson(requests * rate / burst); left > 0 && errors < requests; left--)
        {
            errors = Math.Min(requests, errors + _chance.Geometric(burst));
            bursts++;
        }

        return (errors, bursts);
    }

    // A burst is one client's, and over within the shortest window: what follows its first failure is stale in all of them.
    private static RevisionCounts ByClient(RevisionCounts counts, long bursts)
    {
        var fresh = counts.Requests - (counts.Errors - bursts);
        return counts with
        {
            ClientsSeen = fresh,
            FailingClients = bursts,
            FreshRequests = [.. ErrorUnit.Windows.Select(_ => fresh)],
            FreshErrors = [.. ErrorUnit.Windows.Select(_ => bursts)],
        };
    }

    /// <summary>The factor of the minute; each revision has its own.</summary>
    private double Frailty(Arm arm, RevisionProfile profile, Stretch stretch)
    {
        if (profile.Frailty <= 0)
        {
            return 1;
        }

        var minute = stretch.From.AddTicks(-(stretch.From.Ticks % TimeSpan.TicksPerMinute));
        if (!_frailties.TryGetValue(arm, out var known) || known.Minute != minute)
        {
            _frailties[arm] = known = (minute, _chance.Gamma(profile.Frailty));
        }

        return known.Factor;
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
        return new RevisionCounts(to.Requests - from.Requests, to.Errors - from.Errors, 0, 0, latency);
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
