using Sluice.Domain.Freezes;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Every key a plan or a file of it may have, by the shape it belongs to. The published JSON Schemas say the same; a test compares.</summary>
internal static class PlanKeys
{
    public static readonly string[] Plan = ["schema", "service", "environments", "steps", "analysis", "concurrency", "freeze", "rollbackWindow", "emergency", "notify"];
    public static readonly string[] Environment = ["platform", "router", "metrics", "variables"];
    public static readonly string[] ProcessPlatform =
        ["kind", "command", "directory", "portVariable", "health", "readyWithin", "replicas", "stopWithin"];
    public static readonly string[] GatewayRouter = ["kind", "listen", "client", "sticky", "trustedProxies"];
    public static readonly string[] NoRouter = ["kind"];
    public static readonly string[] Metrics = ["kind"];
    public static readonly string[] Validate = ["environment"];
    public static readonly string[] Migrate = ["environment", "up", "down", "reversible", "expand", "database"];
    public static readonly string[] Deploy = ["environment", "weight"];
    public static readonly string[] Smoke = ["environment", "suite"];
    public static readonly string[] Baseline =
        ["environment", "path", "requests", "concurrency", "maxErrorRate", "maxP99", "regression"];
    public static readonly string[] Soak =
        ["environment", "duration", "every", "clock", "onFailure", "minRequests", "patience", "onNoData", "warmup"];
    public static readonly string[] Approval = ["environment", "approvers", "required", "timeout", "onTimeout"];
    public static readonly string[] Checklist = ["environment", "name", "items", "timeout", "onTimeout"];
    public static readonly string[] ChecklistItem = ["name", "by", "smoke", "metric", "limit", "minRequests", "condition"];
    public static readonly string[] SignOff = ["environment", "name", "by", "required", "since", "after", "within"];
    public static readonly string[] SetWeight = ["environment", "weight"];
    public static readonly string[] Hold = ["environment", "duration", "every"];
    public static readonly string[] Reduce = ["reduce"];
    public static readonly string[] Analysis = ["budget", "metrics"];
    public static readonly string[] Metric = ["name", "limit", "regression", "failureLimit", "minRequests"];
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
    public static readonly string[] MetricSources = ["gateway", "none"];
    public static readonly string[] MetricSourcesWithoutAdapter =
        ["prometheus", "datadog", "azure-monitor", "cloudwatch", "sentry", "json"];
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

    public static readonly IReadOnlyDictionary<string, SignOffMoment> SignOffMoments = new Dictionary<string, SignOffMoment>
    {
        ["promoted"] = SignOffMoment.Promoted,
        ["started"] = SignOffMoment.Started,
    };

    public static readonly IReadOnlyDictionary<string, MetricName> Metrics =
        Enum.GetValues<MetricName>().ToDictionary(metric => metric.Text());

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
