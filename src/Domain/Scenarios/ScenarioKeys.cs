using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Scenarios;

/// <summary>Every key and word a scenario may have. The published JSON Schema says the same; a test compares.</summary>
internal static class ScenarioKeys
{
    public static readonly string[] Scenario =
        ["schema", "description", "release", "stable", "start", "until", "seed", "traffic", "revisions", "counts", "faults", "people", "crashes", "expect"];
    public static readonly string[] Traffic = ["perMinute", "swing", "peak", "clients"];
    public static readonly string[] Revisions = ["stable", "canary"];
    public static readonly string[] Revision = ["errorRate", "burst", "frailty", "latency", "spread", "readyAfter", "loadErrorRate"];

    /// <summary>What of a revision chance draws; counts leave nothing to it.</summary>
    public static readonly string[] Drawn = ["errorRate", "burst", "frailty", "spread"];
    public static readonly string[] Point = ["at", "value"];
    public static readonly string[] Counts = ["canary", "stable"];
    public static readonly string[] Fault = ["kind", "at", "for", "revision", "call", "errorRate", "stableLag"];
    public static readonly string[] Person = ["at", "say", "by", "groups", "reason", "item", "condition", "passed"];
    public static readonly string[] Crash = ["at", "afterActivity"];
    public static readonly string[] Expect = ["outcome", "detectedWithin", "from", "endsWithin", "says", "inAtLeast"];

    public static readonly IReadOnlyDictionary<string, FaultKind> FaultKinds = new Dictionary<string, FaultKind>
    {
        ["outage"] = FaultKind.Outage,
        ["crash"] = FaultKind.Crash,
        ["smoke"] = FaultKind.Smoke,
        ["fail"] = FaultKind.Fail,
        ["hang"] = FaultKind.Hang,
        ["loseCounts"] = FaultKind.LoseCounts,
    };

    public static readonly IReadOnlyDictionary<string, Arm> Arms = new Dictionary<string, Arm> { ["canary"] = Arm.Canary, ["stable"] = Arm.Stable };

    /// <summary>Calls that can fail or hang, as the simulated world names them.</summary>
    public static readonly string[] Calls =
        ["platform.start", "platform.get", "platform.stop", "router.get", "router.set", "metrics.read", "smoke", "load", "registry"];

    /// <summary>What people can say.</summary>
    public static readonly string[] Says = ["approve", "reject", "abort", "pause", "resume", "promote", "promoteFull", "rollback", "skip", "tick", "report", "overrideFreeze"];

    public static readonly IReadOnlyDictionary<string, Outcome> Outcomes = Enum.GetValues<Outcome>().ToDictionary(o => o.ToString());
}
