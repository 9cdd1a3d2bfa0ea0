using System.Collections.ObjectModel;
using System.Text.Json.Serialization;
using Sluice.Domain.Checklists;

namespace Sluice.Domain.Plans;

/// <summary>One thing a rollout does, in order. The set is closed; a step without a handler fails the first test that runs it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Validate), "validate")]
[JsonDerivedType(typeof(Migrate), "migrate")]
[JsonDerivedType(typeof(Deploy), "deploy")]
[JsonDerivedType(typeof(Smoke), "smoke")]
[JsonDerivedType(typeof(Baseline), "baseline")]
[JsonDerivedType(typeof(Soak), "soak")]
[JsonDerivedType(typeof(Approval), "approval")]
[JsonDerivedType(typeof(Checklist), "checklist")]
[JsonDerivedType(typeof(SignOff), "signOff")]
[JsonDerivedType(typeof(SetWeight), "setWeight")]
[JsonDerivedType(typeof(Hold), "hold")]
[JsonDerivedType(typeof(Watch), "watch")]
[JsonDerivedType(typeof(VerifySync), "verifySync")]
public abstract record Step
{
    private Step()
    {
    }

    /// <summary>Where it happens; null only for a gate before any environment is touched.</summary>
    public string? Environment { get; init; }

    /// <summary>Whether it waits for people and touches no environment.</summary>
    [JsonIgnore]
    public bool IsGate => this is Approval or Checklist or SignOff;

    /// <summary>The name plans write.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>What people read in the tree: <c>setWeight 10 %</c>, <c>soak 15m</c>.</summary>
    [JsonIgnore]
    public abstract string Title { get; }

    /// <summary>Check the environment's variables and secrets, all faults at once, before anything is touched.</summary>
    public sealed record Validate : Step
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "validate";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"validate {Environment}";
    }

    /// <summary>Run SQL files, each once, checksummed.</summary>
    /// <param name="Up">Files in order.</param>
    /// <param name="Down">Files that undo them, in the order they run; empty when not reversible.</param>
    /// <param name="Reversible">Whether a rollback runs <paramref name="Down"/>.</param>
    /// <param name="Expand">The migration only adds, so older versions run on it: it does not forbid rolling back below it.</param>
    /// <param name="Database">The variable that holds the connection string.</param>
    public sealed record Migrate(
        IReadOnlyList<SqlFile> Up, IReadOnlyList<SqlFile> Down, bool Reversible, bool Expand, string Database) : Step
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "migrate";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"migrate {Environment}";
    }

    /// <summary>Bring the revision up until it is ready.</summary>
    /// <param name="Weight">Its share once ready: 0, or straight to this percentage.</param>
    public sealed record Deploy(int Weight) : Step
    {
        /// <summary>Longest time from start to ready; null for the platform's own.</summary>
        public TimeSpan? ReadyWithin { get; init; }

        /// <summary>Requests of our own that the revision answers before it gets its first traffic; 0 for none.</summary>
        public int WarmingRequests { get; init; } = 200;

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "deploy";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"deploy {Environment}" + (Weight > 0 ? $" at {Weight} %" : "");
    }

    /// <summary>Run a suite of HTTP checks against the new revision.</summary>
    /// <param name="Suite">The checks.</param>
    public sealed record Smoke(SmokeSuite Suite) : Step
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "smoke";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"smoke {Environment}";
    }

    /// <summary>A bounded load test of the new revision, recorded, and judged by absolute and relative criteria.</summary>
    /// <param name="Path">What is requested.</param>
    /// <param name="Requests">How many, 1 to 100,000.</param>
    /// <param name="Concurrency">How many at a time, 1 to 256.</param>
    /// <param name="MaxErrorRate">Fraction above which it fails; the default is 0.</param>
    /// <param name="MaxP99">Absolute bound of p99; null for none.</param>
    /// <param name="Regression">Factor over the mean of the last passing deployments above which it fails; null for none.</param>
    public sealed record Baseline(
        string Path, int Requests, int Concurrency, double MaxErrorRate, TimeSpan? MaxP99, double? Regression) : Step
    {
        /// <summary>Scored criteria besides.</summary>
        public IReadOnlyList<BaselineObjective> Objectives { get; init; } = [];

        /// <summary>Score of the objectives from which on it passes, percent.</summary>
        public int PassScore { get; init; } = 90;

        /// <summary>Score from which on it passes with a warning, percent.</summary>
        public int WarningScore { get; init; } = 75;

        /// <summary>How many of the last passing deployments it is compared with.</summary>
        public int CompareWith { get; init; } = 5;

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "baseline";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"baseline {Environment}";
    }

    /// <summary>Leave the traffic as it is while the analysis watches.</summary>
    /// <param name="Duration">How long on <paramref name="Clock"/>, above zero.</param>
    /// <param name="Every">Time between two looks at the metrics.</param>
    /// <param name="Clock">What time counts.</param>
    /// <param name="OnFailure">What a failed verdict leads to.</param>
    /// <param name="MinRequests">On the exposure clock an interval counts when the canary had at least this many requests.</param>
    /// <param name="TrafficTimeout">How long nothing may be learned (no traffic, no telemetry, a shared outage …) before <paramref name="OnNoData"/>.</param>
    /// <param name="OnNoData">What happens then.</param>
    /// <param name="Warmup">After readiness and each rise of the weight, time that enters neither the test nor the clock; hard limits and health act.</param>
    /// <param name="Suite">Checks that are run at each look on the wall clock; null for none.</param>
    public sealed record Soak(
        TimeSpan Duration,
        TimeSpan Every,
        SoakClock Clock,
        FailureAction OnFailure,
        int MinRequests,
        TimeSpan TrafficTimeout,
        NoDataAction OnNoData,
        TimeSpan Warmup,
        SmokeSuite? Suite) : Step
    {
        /// <summary>Time between two looks by the age of the soak; empty when it is <see cref="Every"/> all along.</summary>
        public IReadOnlyList<CadenceSpan> Cadence { get; init; } = [];

        /// <summary>Time between two looks at health and hard limits: at most <see cref="Every"/>, 30 s unless the plan says otherwise.</summary>
        public TimeSpan Glance { get; init; } = Detection.Glance;

        /// <summary>Limits that hold in this soak instead of the plan's, by the metric's name; in the metric's unit.</summary>
        public IReadOnlyDictionary<string, double> Limits { get; init; } = ReadOnlyDictionary<string, double>.Empty;

        /// <summary>The load test that ran before and is repeated at the end of a soak without users; null for none.</summary>
        public Baseline? LoadTest { get; init; }

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "soak";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"soak {Durations.Format(Duration)}";
    }

    /// <summary>Wait for people.</summary>
    /// <param name="Approvers">Names or groups of whom each may approve.</param>
    /// <param name="Required">How many distinct ones are needed.</param>
    /// <param name="Timeout">How long it waits.</param>
    /// <param name="OnTimeout">What happens then.</param>
    public sealed record Approval(IReadOnlyList<string> Approvers, int Required, TimeSpan Timeout, TimeoutAction OnTimeout) : Step
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "approval";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"approval by {string.Join(", ", Approvers)}";
    }

    /// <summary>Wait until all of a list is done, by people and by checks.</summary>
    /// <param name="Name">What people call the list.</param>
    /// <param name="Items">At least one.</param>
    /// <param name="Timeout">How long it waits.</param>
    /// <param name="OnTimeout">What happens then.</param>
    public sealed record Checklist(string Name, IReadOnlyList<ChecklistItem> Items, TimeSpan Timeout, TimeoutAction OnTimeout) : Step
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "checklist";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"checklist {Name}";
    }

    /// <summary>
    /// Wait until some time after a moment, then for people who say that it went well. It never moves traffic: one that nobody gives is
    /// reminded of and escalated. At the end of a plan the release counts as promoted, and its environments are free, before it.
    /// </summary>
    /// <param name="Name">What people call it: <c>day 7</c>.</param>
    /// <param name="By">Names or groups of whom each may sign off.</param>
    /// <param name="Required">How many distinct ones are needed.</param>
    /// <param name="Since">The moment that <paramref name="After"/> counts from.</param>
    /// <param name="After">Due so long after the moment.</param>
    /// <param name="Within">Overdue so long after it is due.</param>
    public sealed record SignOff(
        string Name, IReadOnlyList<string> By, int Required, SignOffMoment Since, TimeSpan After, TimeSpan Within) : Step
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "signOff";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"signOff {Name}";
    }

    /// <summary>Move traffic.</summary>
    /// <param name="Weight">Percent to the canary, 0 to 100.</param>
    public sealed record SetWeight(int Weight) : Step
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "setWeight";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"setWeight {Weight} %";
    }

    /// <summary>Keep the old revision warm while the new one has all traffic; a rollback within it moves only weights.</summary>
    /// <param name="Duration">How long.</param>
    /// <param name="Every">Time between two looks.</param>
    public sealed record Hold(TimeSpan Duration, TimeSpan Every) : Step
    {
        /// <summary>As in a soak.</summary>
        public IReadOnlyList<CadenceSpan> Cadence { get; init; } = [];

        /// <summary>As in a soak.</summary>
        public TimeSpan Glance { get; init; } = Detection.Glance;

        /// <summary>As in a soak.</summary>
        public TimeSpan Warmup { get; init; }

        /// <summary>As in a soak.</summary>
        public IReadOnlyDictionary<string, double> Limits { get; init; } = ReadOnlyDictionary<string, double>.Empty;

        /// <summary>Checks that each look runs against the new revision, and against the warm old one when they fail; null for none.</summary>
        public SmokeSuite? Suite { get; init; }

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "hold";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"hold {Durations.Format(Duration)}";
    }

    /// <summary>Look on after the release, once the environment is free for the next one: reports and reminders, nothing moves.</summary>
    /// <param name="Duration">How long it looks.</param>
    /// <param name="Every">Time between two looks.</param>
    /// <param name="Reports">Moments after the release of a report on the looks so far, ascending; the last is <paramref name="Duration"/>.</param>
    /// <param name="Reviews">Moments after the release of a reminder to review it, ascending; empty for none.</param>
    /// <param name="Suite">Checks that each look runs; null for none.</param>
    public sealed record Watch(
        TimeSpan Duration, TimeSpan Every, IReadOnlyList<TimeSpan> Reports, IReadOnlyList<TimeSpan> Reviews, SmokeSuite? Suite) : Step
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "watch";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"watch {Durations.Format(Duration)} after the release";
    }

    /// <summary>Wait for scheduled syncs of the environment's data, and check each: the first soon, the others when they are due.</summary>
    /// <param name="Sync">Which syncs.</param>
    /// <param name="Access">The server that runs them; its admin routes are below this URL.</param>
    /// <param name="Runs">How many, 1 to 28.</param>
    /// <param name="Since">The first one counts from here.</param>
    /// <param name="FirstWithin">It has ended so long after that.</param>
    /// <param name="Grace">Each later one has ended so long after it was due; null for a third of the interval.</param>
    /// <param name="Criteria">What a good one is.</param>
    /// <param name="OnFailure">What a bad or missing one leads to.</param>
    public sealed record VerifySync(
        SyncKind Sync, HttpAccess Access, int Runs, SyncMoment Since, TimeSpan FirstWithin, TimeSpan? Grace, SyncCriteria Criteria, SyncFailureAction OnFailure) : Step
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "verifySync";

        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"verifySync {Runs} of {Sync.ToString().ToLowerInvariant()}";
    }
}

/// <summary>How often a soak looks at its metrics while it is young enough.</summary>
/// <param name="Every">Time between two looks.</param>
/// <param name="Until">Until this age of the soak; null for its end.</param>
public sealed record CadenceSpan(TimeSpan Every, TimeSpan? Until)
{
    /// <summary>The cadence at an age of the soak; <paramref name="otherwise"/> when none is listed.</summary>
    public static TimeSpan At(IReadOnlyList<CadenceSpan> cadence, TimeSpan age, TimeSpan otherwise) => cadence.Count == 0
        ? otherwise
        : (cadence.FirstOrDefault(c => c.Until is null || age < c.Until) ?? cadence[^1]).Every;

    /// <summary>How many looks fit into a soak, at least 1.</summary>
    public static int Looks(IReadOnlyList<CadenceSpan> cadence, TimeSpan otherwise, TimeSpan duration)
    {
        var looks = 0.0;
        for (var age = TimeSpan.Zero; age < duration;)
        {
            var span = cadence.FirstOrDefault(c => c.Until is null || age < c.Until);
            var end = span?.Until is { } until && until < duration ? until : duration;
            looks += (end - age) / (span?.Every ?? (cadence.Count == 0 ? otherwise : cadence[^1].Every));
            age = end;
        }

        return Math.Max(1, (int)looks);
    }
}

/// <summary>What time a soak counts.</summary>
public enum SoakClock
{
    /// <summary>Intervals in which the canary had traffic and telemetry answered.</summary>
    Exposure,

    /// <summary>Time.</summary>
    Wall,
}

/// <summary>What a failed verdict leads to.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Weight">For <see cref="FailureActionKind.Reduce"/>, the weight to go back to.</param>
public sealed record FailureAction(FailureActionKind Kind, int? Weight = null)
{
    /// <summary>The default.</summary>
    public static FailureAction Rollback { get; } = new(FailureActionKind.Rollback);
}

/// <summary>What a failed verdict leads to.</summary>
public enum FailureActionKind
{
    /// <summary>Everything back.</summary>
    Rollback,

    /// <summary>Stay and wait for a person.</summary>
    Pause,

    /// <summary>Less traffic, then wait for a person.</summary>
    Reduce,
}

/// <summary>What happens when a soak learns nothing for too long.</summary>
public enum NoDataAction
{
    /// <summary>Go on waiting.</summary>
    Wait,

    /// <summary>Wait for a person.</summary>
    Pause,

    /// <summary>Everything back.</summary>
    Rollback,
}

/// <summary>What happens when nobody approves in time.</summary>
public enum TimeoutAction
{
    /// <summary>End without moving anything further, everything back, as if a person had aborted.</summary>
    Abort,

    /// <summary>Everything back.</summary>
    Rollback,

    /// <summary>Go on waiting.</summary>
    Wait,
}

/// <summary>What a sign-off counts from.</summary>
public enum SignOffMoment
{
    /// <summary>The new revision had all traffic, last of all environments.</summary>
    Promoted,

    /// <summary>The rollout began.</summary>
    Started,
}

/// <summary>An SQL file of the bundle.</summary>
/// <param name="Path">As written in the plan.</param>
/// <param name="Sha256">Of its bytes, lower-case hex.</param>
public sealed record SqlFile(string Path, string Sha256);

/// <summary>Declarative HTTP checks.</summary>
/// <param name="Checks">In order; all run, all failures are reported.</param>
/// <param name="Within">Longest time for the whole suite; at most 2 minutes.</param>
public sealed record SmokeSuite(IReadOnlyList<SmokeCheck> Checks, TimeSpan Within);

/// <summary>One HTTP request and what its answer must be.</summary>
/// <param name="Name">For people.</param>
/// <param name="Method">GET, POST …</param>
/// <param name="Path">Absolute path with query.</param>
/// <param name="Headers">Sent along.</param>
/// <param name="Body">Sent along; null for none.</param>
/// <param name="Status">The status expected.</param>
/// <param name="MaxLatency">Longest time to the whole answer; null for no bound.</param>
/// <param name="Json">Values expected at JSON paths such as <c>$.data[0].id</c>; <c>*</c> for any non-null value.</param>
/// <param name="ExpectHeaders">Header values expected; <c>*</c> for any.</param>
/// <param name="BodyContains">Text the body must hold; null for none.</param>
public sealed record SmokeCheck(
    string Name,
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Headers,
    string? Body,
    int Status,
    TimeSpan? MaxLatency,
    IReadOnlyDictionary<string, string> Json,
    IReadOnlyDictionary<string, string> ExpectHeaders,
    string? BodyContains);
