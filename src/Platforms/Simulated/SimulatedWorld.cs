using Sluice.Domain.Analysis;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Simulated;

/// <summary>How a version behaves once it runs.</summary>
public sealed record Behaviour
{
    /// <summary>From start to ready.</summary>
    public TimeSpan ReadyAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How many replicas it wants; they get ready one after another, each <see cref="ReadyAfter"/> after the one before.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>How many of its replicas are gone again, by the time since it was started.</summary>
    public Func<TimeSpan, int> Lost { get; init; } = _ => 0;

    /// <summary>Never gets ready.</summary>
    public bool NeverReady { get; init; }

    /// <summary>Gives up before it is ready.</summary>
    public bool Fails { get; init; }

    /// <summary>Fraction of its requests that fail, by the time since it was started.</summary>
    public Func<TimeSpan, double> ErrorRate { get; init; } = _ => 0;

    /// <summary>Whether its replicas are well, by the time since it was started.</summary>
    public Func<TimeSpan, bool> Healthy { get; init; } = _ => true;

    /// <summary>Failed checks of any smoke suite, by the time since it was started.</summary>
    public Func<TimeSpan, IReadOnlyList<string>> SmokeFailures { get; init; } = _ => [];

    /// <summary>Time to an answer, seconds.</summary>
    public double LatencySeconds { get; init; } = 0.02;

    /// <summary>What a load test of so many requests measures; the world's when null.</summary>
    public Func<int, LoadReport>? Load { get; init; }

    /// <summary>Time to an answer, seconds, by the time since it was started; null for the same all along.</summary>
    public Func<TimeSpan, double>? Latency { get; init; }
}

/// <summary>
/// Platform, router, metrics, smoke runner and load test of one imaginary place, in virtual time. It keeps the contracts: everything is
/// ensure, late fences are refused, traffic goes to ready revisions only, and every effect is in <see cref="Journal"/> once.
/// </summary>
public sealed class SimulatedWorld(TimeProvider time) : IPlatforms, IPlatform, ITrafficRouter, IMetricSource, IMetricQueries, ISmokeRunner, ILoadTest, ISecretStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Place> _places = [];
    private readonly List<string> _journal = [];
    private string _epoch = "epoch-1";

    /// <summary>How each version behaves; well when it is not named.</summary>
    public Dictionary<string, Behaviour> Versions { get; } = [];

    /// <summary>Secrets by name.</summary>
    public Dictionary<string, string> Secrets { get; } = [];

    /// <summary>Called before every access with its name (<c>router.set</c>, <c>platform.get</c>, <c>metrics.read</c> …); throws or hangs to play faults.</summary>
    public Func<string, CancellationToken, Task>? Before { get; set; }

    /// <summary>Called after a write was taken by the door but before it acts: a write that hangs on its way.</summary>
    public Func<string, Task>? OnTheWay { get; set; }

    /// <summary>Whether late writes are refused. A platform that keeps no fences does not.</summary>
    public bool KeepsFences { get; set; } = true;

    /// <summary>Users' requests a second, in each environment.</summary>
    public double RequestsPerSecond { get; set; } = 100;

    /// <summary>What users do in a stretch of at most a minute; when null, <see cref="RequestsPerSecond"/> exactly, without chance.</summary>
    public Func<Stretch, RevisionCounts>? Users { get; set; }

    /// <summary>Environments that nobody uses.</summary>
    public HashSet<string> WithoutUsers { get; } = [];

    /// <summary>What the router can do.</summary>
    public RouterCapabilities Capabilities { get; set; } = new(true, 1);

    /// <summary>What the load test measures.</summary>
    public LoadReport Load { get; set; } = new(1000, 0, 0.010, 0.020, 0.030, 500);

    /// <summary>What a provider answers to a query, with its arguments.</summary>
    public Func<string, QueryArguments, QueryResult> Answer { get; set; } = (_, _) => new QueryResult([]);

    /// <summary>Every effect: <c>production: start v2</c>, <c>production: v2 10, v1 90</c>, <c>production: stop v1</c>.</summary>
    public IReadOnlyList<string> Journal
    {
        get
        {
            lock (_gate)
            {
                return [.. _journal];
            }
        }
    }

    /// <summary>The weights a version was given in an environment, one entry per change.</summary>
    public IReadOnlyList<int> WeightsOf(string version, string environment = "production")
    {
        lock (_gate)
        {
            return [.. At(environment).Moves.Select(m => m.GetValueOrDefault(version))];
        }
    }

    /// <summary>Percent now.</summary>
    public int Weight(string version, string environment = "production")
    {
        lock (_gate)
        {
            var place = At(environment);
            return place.Weights.Where(w => place.VersionOf(w.Key) == version).Sum(w => w.Value);
        }
    }

    /// <summary>Whether a version runs.</summary>
    public bool Runs(string version, string environment = "production")
    {
        lock (_gate)
        {
            return At(environment).Revisions.Values.Any(r => r.Version == version && r.StoppedAt is null);
        }
    }

    /// <summary>The counts begin again, as after a restart of the gateway.</summary>
    public void LoseCounts()
    {
        lock (_gate)
        {
            _epoch += "'";
            foreach (var place in _places.Values)
            {
                Count(place);
                place.Counts.Clear();
            }
        }
    }

    /// <summary>A version that runs and has all traffic, as if it always had.</summary>
    public string Seed(string version, string environment = "production")
    {
        lock (_gate)
        {
            var place = At(environment);
            var revision = $"{version}-seed";
            place.Revisions[revision] = new Revision(version, time.GetUtcNow() - TimeSpan.FromDays(1));
            place.Weights[revision] = 100;
            return revision;
        }
    }

    IPlatform IPlatforms.Platform(EnvironmentSpec environment) => this;

    ITrafficRouter IPlatforms.Router(EnvironmentSpec environment) => this;

    IMetricSource? IPlatforms.Metrics(EnvironmentSpec environment) => environment.Metrics is MetricsSpec.None ? null : this;

    IMetricQueries IPlatforms.Queries(ProviderSpec provider) => this;

    /// <inheritdoc/>
    public Task<QueryResult> AskAsync(ProviderSpec provider, string query, QueryArguments arguments, CancellationToken cancellationToken) =>
        Do(new("query", cancellationToken), () => Answer(query, arguments));

    /// <inheritdoc/>
    public Task<RevisionState> EnsureStartedAsync(RevisionRequest request, CancellationToken cancellationToken) => Do(new("platform.start", cancellationToken), () =>
    {
        var place = At(request.Target.Environment.Name);
        Check(place, "revision " + request.Revision, request.Fence);
        if (place.Revisions.GetValueOrDefault(request.Revision) is not { StoppedAt: null })
        {
            place.Revisions[request.Revision] = new Revision(request.Version, time.GetUtcNow());
            _journal.Add($"{place.Name}: start {request.Version}");
        }

        return State(place, request.Revision);
    });

    /// <inheritdoc/>
    public Task<RevisionState> GetAsync(EnvironmentTarget target, string revision, CancellationToken cancellationToken) =>
        Do(new("platform.get", cancellationToken), () => State(At(target.Environment.Name), revision));

    /// <inheritdoc/>
    public Task<IReadOnlyList<RevisionState>> ListAsync(EnvironmentTarget target, CancellationToken cancellationToken) =>
        Do<IReadOnlyList<RevisionState>>(new("platform.list", cancellationToken), () =>
            [.. At(target.Environment.Name).Revisions.Keys.Select(r => State(At(target.Environment.Name), r))]);

    /// <inheritdoc/>
    public Task<RevisionState> EnsureStoppedAsync(EnvironmentTarget target, string revision, Fence fence, CancellationToken cancellationToken) => Do(new("platform.stop", cancellationToken), () =>
    {
        var place = At(target.Environment.Name);
        Check(place, "revision " + revision, fence);
        if (place.Revisions.GetValueOrDefault(revision) is { StoppedAt: null } running)
        {
            Count(place);
            running.StoppedAt = time.GetUtcNow();
            _journal.Add($"{place.Name}: stop {running.Version}");
        }

        return State(place, revision);
    });

    /// <inheritdoc/>
    public Task<Traffic> GetAsync(EnvironmentTarget target, CancellationToken cancellationToken) =>
        Do(new("router.get", cancellationToken), () => new Traffic(At(target.Environment.Name).Weights.ToDictionary()));

    /// <inheritdoc/>
    public Task<Traffic> SetAsync(EnvironmentTarget target, Traffic wanted, Fence fence, string idempotencyKey, CancellationToken cancellationToken) => Do(new("router.set", cancellationToken), () =>
    {
        var place = At(target.Environment.Name);
        Check(place, "traffic", fence);
        var current = new Traffic(place.Weights.ToDictionary());
        if (!current.Matches(wanted))
        {
            foreach (var (revision, weight) in wanted.Weights.Where(w => w.Value > current.Of(w.Key)))
            {
                if (State(place, revision).ReadyReplicas == 0)
                {
                    throw new PlatformException(PlatformError.Invalid, $"{revision} was to get {weight} % and is not ready.");
                }
            }

            Count(place);
            place.Weights.Clear();
            foreach (var (revision, weight) in wanted.Weights.Where(w => w.Value > 0))
            {
                place.Weights[revision] = weight;
            }

            var move = place.Weights.ToDictionary(w => place.VersionOf(w.Key), w => w.Value);
            place.Moves.Add(move);
            _journal.Add($"{place.Name}: " + (move.Count == 0 ? "nothing" : string.Join(", ", move.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key} {m.Value}"))));
        }

        return new Traffic(place.Weights.ToDictionary());
    });

    /// <inheritdoc/>
    public Task<ProbeEndpoint> GetProbeEndpointAsync(EnvironmentTarget target, string revision, CancellationToken cancellationToken) =>
        Do(new("router.probe", cancellationToken), () => new ProbeEndpoint(
            new Uri("http://probe.invalid"),
            new Dictionary<string, string> { ["environment"] = target.Environment.Name, ["revision"] = revision }));

    /// <inheritdoc/>
    public Task<MetricReading> ReadAsync(EnvironmentTarget target, CancellationToken cancellationToken) => Do(new("metrics.read", cancellationToken), () =>
    {
        var place = At(target.Environment.Name);
        Count(place);
        return new MetricReading(
            _epoch, time.GetUtcNow(), place.Counts.ToDictionary(c => c.Key, c => Users is null ? c.Value.Rounded() : c.Value.Drawn));
    });

    /// <inheritdoc/>
    public Task<SmokeReport> RunAsync(ProbeEndpoint endpoint, SmokeSuite suite, CancellationToken cancellationToken) => Do(new("smoke", cancellationToken), () =>
    {
        var revision = At(endpoint.Headers["environment"]).Revisions[endpoint.Headers["revision"]];
        var failures = Of(revision.Version).SmokeFailures(time.GetUtcNow() - revision.StartedAt);
        return new SmokeReport(Math.Max(0, suite.Checks.Count - failures.Count), failures, TimeSpan.FromSeconds(1));
    });

    /// <inheritdoc/>
    public Task<LoadReport> RunAsync(ProbeEndpoint endpoint, string path, int requests, int concurrency, CancellationToken cancellationToken) =>
        Do(new("load", cancellationToken), () => Of(At(endpoint.Headers["environment"]).VersionOf(endpoint.Headers["revision"])).Load?.Invoke(requests) ?? Load with { Requests = requests, Errors = Load.Errors * requests / Load.Requests });

    /// <inheritdoc/>
    public Task<string?> GetAsync(string name, CancellationToken cancellationToken) =>
        Do(new("secret", cancellationToken), () => Secrets.GetValueOrDefault(name));

    private async Task<T> Do<T>(WorldCall access, Func<T> act)
    {
        if (Before is { } before)
        {
            await before(access.Name, access.Token);
        }

        if (OnTheWay is { } onTheWay)
        {
            await onTheWay(access.Name);
        }

        lock (_gate)
        {
            return act();
        }
    }

    private Place At(string environment)
    {
        if (!_places.TryGetValue(environment, out var place))
        {
            _places[environment] = place = new Place(environment) { CountedTo = time.GetUtcNow() };
        }

        return place;
    }

    private void Check(Place place, string what, Fence fence)
    {
        if (place.Fences.GetValueOrDefault(what) is { } seen && fence < seen && KeepsFences)
        {
            throw new PlatformException(PlatformError.StaleWrite, $"{what} was written with {seen}; {fence} is late.");
        }

        place.Fences[what] = fence;
    }

    private Behaviour Of(string version) => Versions.GetValueOrDefault(version) ?? new Behaviour();

    private RevisionState State(Place place, string name)
    {
        if (!place.Revisions.TryGetValue(name, out var revision))
        {
            return new RevisionState(name, RevisionPhase.Absent, 0, 0, 0, "");
        }

        var behaviour = Of(revision.Version);
        var age = time.GetUtcNow() - revision.StartedAt;
        var (phase, message) = revision switch
        {
            { StoppedAt: not null } => (RevisionPhase.Stopped, ""),
            _ when behaviour.Fails => (RevisionPhase.Failed, "exit code 134"),
            _ when behaviour.NeverReady || age < behaviour.ReadyAfter * behaviour.Replicas => (RevisionPhase.Starting, "no answer from /health"),
            _ when !behaviour.Healthy(age) => (RevisionPhase.Unhealthy, "/health answers 503"),
            _ => (RevisionPhase.Ready, behaviour.Lost(age) > 0 ? "a replica was lost" : ""),
        };
        var ready = phase switch
        {
            RevisionPhase.Ready => behaviour.Replicas - behaviour.Lost(age),
            RevisionPhase.Starting when !behaviour.NeverReady && behaviour.ReadyAfter > TimeSpan.Zero => (int)(age / behaviour.ReadyAfter),
            _ => 0,
        };
        return new RevisionState(name, phase, ready, behaviour.Replicas, 0, message);
    }

    // Users' requests since the last count, spread by the weights of that time, in steps short enough to follow a changing error rate.
    private void Count(Place place)
    {
        var now = time.GetUtcNow();
        while (place.CountedTo < now)
        {
            var end = Users is null ? place.CountedTo + TimeSpan.FromSeconds(10) : NextMinute(place.CountedTo);
            end = end < now ? end : now;
            foreach (var (name, weight) in place.Weights)
            {
                var revision = place.Revisions[name];
                var stretch = new Stretch(place.Name, revision.Version, place.CountedTo, end, place.CountedTo - revision.StartedAt, weight);
                if (!place.Counts.TryGetValue(name, out var tally))
                {
                    place.Counts[name] = tally = new Tally();
                }

                if (WithoutUsers.Contains(place.Name))
                {
                    continue;
                }

                if (Users is { } users)
                {
                    tally.Drawn = tally.Drawn.Plus(users(stretch));
                    continue;
                }

                var requests = RequestsPerSecond * stretch.Length.TotalSeconds * weight / 100;
                var behaviour = Of(revision.Version);
                tally.Requests += requests;
                tally.Errors += requests * behaviour.ErrorRate(stretch.Age);
                tally.Latency[LatencyBuckets.IndexOf(behaviour.Latency?.Invoke(stretch.Age) ?? behaviour.LatencySeconds)] += requests;
            }

            place.CountedTo = end;
        }
    }

    private static DateTimeOffset NextMinute(DateTimeOffset moment) =>
        new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerMinute) + TimeSpan.TicksPerMinute, TimeSpan.Zero);

    private sealed class Place(string name)
    {
        public string Name => name;

        public DateTimeOffset CountedTo { get; set; }

        public Dictionary<string, Revision> Revisions { get; } = [];

        public Dictionary<string, int> Weights { get; } = [];

        public Dictionary<string, Tally> Counts { get; } = [];

        public Dictionary<string, Fence> Fences { get; } = [];

        public List<Dictionary<string, int>> Moves { get; } = [];

        public string VersionOf(string revision) => Revisions.TryGetValue(revision, out var known) ? known.Version : revision;
    }

    private sealed class Revision(string version, DateTimeOffset startedAt)
    {
        public string Version => version;

        public DateTimeOffset StartedAt => startedAt;

        public DateTimeOffset? StoppedAt { get; set; }
    }

    private sealed class Tally
    {
        public double Requests { get; set; }

        public double Errors { get; set; }

        public RevisionCounts Drawn { get; set; } = RevisionCounts.Zero;

        public double[] Latency { get; } = new double[LatencyBuckets.Count];

        public RevisionCounts Rounded() => new((long)Requests, (long)Errors, 0, 0, [.. Latency.Select(c => (long)c)]);
    }
}

/// <summary>A stretch of time in which users met one revision.</summary>
/// <param name="Environment">Where.</param>
/// <param name="Version">Of the revision.</param>
/// <param name="From">UTC.</param>
/// <param name="To">UTC; at most at the next full minute.</param>
/// <param name="Age">Of the revision at its begin, from when it was started.</param>
/// <param name="Weight">Percent of the environment's traffic.</param>
public sealed record Stretch(string Environment, string Version, DateTimeOffset From, DateTimeOffset To, TimeSpan Age, int Weight)
{
    /// <summary>How long it is.</summary>
    public TimeSpan Length => To - From;
}

/// <summary>A call to it.</summary>
internal readonly record struct WorldCall(string Name, CancellationToken Token);
