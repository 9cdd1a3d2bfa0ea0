using Sluice.Domain.Freezes;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Every key a plan or a file of it may have, by the shape it belongs to. The published JSON Schemas say the same; a test compares.</summary>
internal static class PlanKeys
{
    public static readonly string[] Plan =
    [
        "schema", "service", "environments", "strategy", "steps", "analysis", "concurrency", "freeze", "rollbackWindow", "emergency", "notify",
    ];
    public static readonly string[] Environment =
        ["platform", "router", "metrics", "providers", "variables", "traffic", "autoRollback", "verifyRollbackAfter"];
    public static readonly string[] ProcessPlatform =
        ["kind", "command", "directory", "portVariable", "health", "readyWithin", "replicas", "stopWithin"];
    public static readonly string[] GatewayRouter = ["kind", "listen", "client", "sticky", "trustedProxies"];
    public static readonly string[] NoRouter = ["kind"];
    public static readonly string[] Metrics = ["kind"];
    public static readonly string[] PrometheusMetrics =
        ["kind", "url", "headers", "bearerFromSecret", "basic", "timeout", "revisionLabel", "requests", "errors", "latency", "delay"];
    public static readonly string[] Provider = ["kind", "url", "headers", "bearerFromSecret", "basic", "timeout"];
    public static readonly string[] Basic = ["user", "fromSecret"];
    public static readonly string[] SecretHeader = ["fromSecret"];
    public static readonly string[] Validate = ["environment"];
    public static readonly string[] Migrate = ["environment", "up", "down", "reversible", "expand", "database"];
    public static readonly string[] Deploy = ["environment", "weight", "readyWithin", "warmingRequests"];
    public static readonly string[] Smoke = ["environment", "suite"];
    public static readonly string[] Baseline =
        ["environment", "path", "requests", "concurrency", "maxErrorRate", "maxP99", "regression", "objectives", "passScore", "warningScore", "compareWith"];
    public static readonly string[] Objective = ["metric", "pass", "warning", "weight", "key"];
    public static readonly string[] Soak =
        ["environment", "duration", "every", "glance", "clock", "limits", "onFailure", "minRequests", "trafficTimeout", "onNoData", "warmup"];
    public static readonly string[] Approval = ["environment", "approvers", "required", "timeout", "onTimeout"];
    public static readonly string[] Checklist = ["environment", "name", "items", "timeout", "onTimeout"];
    public static readonly string[] ChecklistItem = ["name", "by", "smoke", "metric", "limit", "minRequests", "condition"];
    public static readonly string[] SignOff = ["environment", "name", "by", "required", "since", "after", "within"];
    public static readonly string[] SetWeight = ["environment", "weight"];
    public static readonly string[] Hold = ["environment", "duration", "every", "glance", "limits", "warmup"];
    public static readonly string[] Watch = ["environment", "duration", "every", "reports", "reviews"];
    public static readonly string[] VerifySync =
    [
        "environment", "kind", "url", "bearerFromSecret", "timeout", "runs", "since", "firstWithin", "grace", "maxDuration", "minFetched", "maxQuarantined",
        "partial", "onFailure",
    ];
    public static readonly string[] SyncFailure = ["widen", "providers"];
    public static readonly string[] Reduce = ["reduce"];
    public static readonly string[] Analysis = ["budget", "tolerance", "clusterMean", "clusterVariance", "metrics", "dryRun"];
    public static readonly string[] Metric = ["name", "limit", "regression", "failureLimit", "minRequests", "weight"];
    public static readonly string[] Threshold =
    [
        "name", "query", "provider", "unit", "successCondition", "failureCondition", "interval", "initialDelay", "count", "failureLimit",
        "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit", "for", "severity", "resource", "whileStableHolds", "regression", "dryRun",
    ];
    public static readonly string[] Template = ["template", "provider", "queries", "omit"];
    public static readonly string[] Freeze = ["name", "timeZone", "from", "to", "environments", "onStart", "onRunning", "overrideBy"];
    public static readonly string[] RollbackWindow = ["revisions", "age"];
    public static readonly string[] Notify = ["events", "to"];

    public static readonly string[] VariablesFile = ["variables"];
    public static readonly string[] Variable = ["required", "format", "value", "fromVariable", "fromSecret", "oneOf", "description"];

    public static readonly string[] SmokeFile = ["within", "checks"];
    public static readonly string[] Check = ["name", "method", "path", "headers", "body", "expect"];
    public static readonly string[] Expect = ["status", "json", "headers", "bodyContains", "within"];

    public static readonly IReadOnlyDictionary<string, string[]> Steps = new Dictionary<string, string[]>
    {
        ["validate"] = Validate,
        ["migrate"] = Migrate,
        ["deploy"] = Deploy,
        ["smoke"] = Smoke,
        ["baseline"] = Baseline,
        ["soak"] = Soak,
        ["approval"] = Approval,
        ["checklist"] = Checklist,
        ["signOff"] = SignOff,
        ["setWeight"] = SetWeight,
        ["hold"] = Hold,
        ["watch"] = Watch,
        ["verifySync"] = VerifySync,
    };
}

/// <summary>The closed sets of words in plans.</summary>
internal static class PlanWords
{
    public static readonly string[] Platforms = ["process"];
    public static readonly string[] PlatformsWithoutAdapter =
        ["fly", "railway", "vercel", "digitalocean", "compose", "container-apps", "app-service"];
    public static readonly string[] Routers = ["gateway", "none"];
    public static readonly string[] RoutersWithoutAdapter = ["platform", "haproxy", "nginx"];
    public static readonly string[] MetricSources = ["gateway", "prometheus", "none"];
    public static readonly string[] MetricSourcesWithoutAdapter = ["datadog", "azure-monitor", "cloudwatch", "sentry", "json"];
    public static readonly string[] Providers = ["prometheus", "json"];
    public static readonly string[] ProvidersWithoutAdapter = ["datadog", "azure-monitor", "cloudwatch", "sentry"];
    public static readonly string[] Events = ["rollback", "approval", "start", "success", "failure", "pause"];
    public static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    public static readonly IReadOnlyDictionary<string, Concurrency> Concurrencies = new Dictionary<string, Concurrency>
    {
        ["queue"] = Concurrency.Queue,
        ["supersede"] = Concurrency.Supersede,
        ["refuse"] = Concurrency.Refuse,
    };

    public static readonly IReadOnlyDictionary<string, SoakClock> Clocks = new Dictionary<string, SoakClock>
    {
        ["exposure"] = SoakClock.Exposure,
        ["wall"] = SoakClock.Wall,
    };

    /// <summary><c>{ reduce: N }</c> is the third.</summary>
    public static readonly IReadOnlyDictionary<string, FailureActionKind> FailureActions = new Dictionary<string, FailureActionKind>
    {
        ["rollback"] = FailureActionKind.Rollback,
        ["pause"] = FailureActionKind.Pause,
    };

    public static readonly IReadOnlyDictionary<string, NoDataAction> NoDataActions = new Dictionary<string, NoDataAction>
    {
        ["wait"] = NoDataAction.Wait,
        ["pause"] = NoDataAction.Pause,
        ["rollback"] = NoDataAction.Rollback,
    };

    public static readonly IReadOnlyDictionary<string, TimeoutAction> TimeoutActions = new Dictionary<string, TimeoutAction>
    {
        ["rollback"] = TimeoutAction.Rollback,
        ["abort"] = TimeoutAction.Abort,
        ["wait"] = TimeoutAction.Wait,
    };

    public static readonly IReadOnlyDictionary<string, FreezeStart> FreezeStarts = new Dictionary<string, FreezeStart>
    {
        ["block"] = FreezeStart.Block,
        ["queue"] = FreezeStart.Queue,
    };

    public static readonly IReadOnlyDictionary<string, FreezeAction> FreezeActions = new Dictionary<string, FreezeAction>
    {
        ["pause"] = FreezeAction.Pause,
        ["continue"] = FreezeAction.Continue,
        ["rollback"] = FreezeAction.Rollback,
    };

    public static readonly IReadOnlyDictionary<string, SyncKind> SyncKinds = new Dictionary<string, SyncKind>
    {
        ["prices"] = SyncKind.Prices,
        ["models"] = SyncKind.Models,
    };

    public static readonly IReadOnlyDictionary<string, SyncMoment> SyncMoments = new Dictionary<string, SyncMoment>
    {
        ["deployed"] = SyncMoment.Deployed,
        ["traffic"] = SyncMoment.Traffic,
        ["step"] = SyncMoment.Step,
    };

    /// <summary><c>{ widen: D }</c> and <c>{ providers: [...] }</c> are the others.</summary>
    public static readonly IReadOnlyDictionary<string, SyncFailureKind> SyncFailures = new Dictionary<string, SyncFailureKind>
    {
        ["rollback"] = SyncFailureKind.Rollback,
        ["pause"] = SyncFailureKind.Pause,
        ["disable"] = SyncFailureKind.Disable,
    };

    public static readonly IReadOnlyDictionary<string, SignOffMoment> SignOffMoments = new Dictionary<string, SignOffMoment>
    {
        ["promoted"] = SignOffMoment.Promoted,
        ["started"] = SignOffMoment.Started,
    };

    public static readonly IReadOnlyDictionary<string, MetricName> Metrics =
        Enum.GetValues<MetricName>().ToDictionary(metric => metric.Text());

    public static readonly IReadOnlyDictionary<string, BaselineMetric> BaselineMetrics = new Dictionary<string, BaselineMetric>
    {
        ["error-rate"] = BaselineMetric.ErrorRate,
        ["p50"] = BaselineMetric.P50,
        ["p95"] = BaselineMetric.P95,
        ["p99"] = BaselineMetric.P99,
        ["throughput"] = BaselineMetric.Throughput,
    };

    public static readonly IReadOnlyDictionary<string, MetricUnit> Units =
        Enum.GetValues<MetricUnit>().ToDictionary(Analysis.Thresholds.Units.Name);

    public static readonly IReadOnlyDictionary<string, Severity> Severities = new Dictionary<string, Severity>
    {
        ["critical"] = Severity.Critical,
        ["warning"] = Severity.Warning,
        ["info"] = Severity.Info,
    };

    public static readonly IReadOnlyDictionary<string, ResourceKind> Resources = new Dictionary<string, ResourceKind>
    {
        ["cpu"] = ResourceKind.Cpu,
        ["memory"] = ResourceKind.Memory,
        ["memory-growth"] = ResourceKind.MemoryGrowth,
        ["connections"] = ResourceKind.Connections,
    };

    public static readonly IReadOnlyDictionary<string, VariableFormat> Formats = new Dictionary<string, VariableFormat>
    {
        ["text"] = VariableFormat.Text,
        ["url"] = VariableFormat.Url,
        ["postgres-url"] = VariableFormat.PostgresUrl,
        ["key"] = VariableFormat.Key,
        ["secret"] = VariableFormat.Secret,
        ["integer"] = VariableFormat.Integer,
        ["boolean"] = VariableFormat.Boolean,
        ["enum"] = VariableFormat.Enum,
    };
}
