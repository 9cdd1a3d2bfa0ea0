namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads <c>analysis:</c>, <c>concurrency:</c> and <c>notify:</c>.</summary>
internal static class AnalysisSection
{
    private static readonly MetricSpec DefaultErrors = new(MetricName.Errors, 0.01, null, 0, 50);

    /// <summary>Without any metric declared, errors up to 1 in 100 are good.</summary>
    public static AnalysisSpec Read(Fields plan, IReadOnlyList<EnvironmentDraft> environments, Faults faults)
    {
        if (plan.Find("analysis") is not { } node)
        {
            return new AnalysisSpec(0.01, [DefaultErrors]);
        }

        var fields = Fields.Of(node, faults, PlanKeys.Analysis);
        var budget = fields.Number("budget", 0.0001, 0.5) ?? 0.01;
        var metrics = new List<MetricSpec>();
        var thresholds = new ThresholdSection(environments, faults);
        foreach (var item in fields.Items("metrics"))
        {
            if (ThresholdSection.Takes(item))
            {
                thresholds.Read(item);
                continue;
            }

            if (Metric(item, faults) is not { } metric)
            {
                continue;
            }

            if (metric.Name != MetricName.Errors && environments.FirstOrDefault(e => e.Metrics is MetricsSpec.Prometheus { Latency: null }) is { } blind)
            {
                faults.Add(
                    "no-histogram", item, $"'{metric.Name.Text()}' is judged by a histogram of answer times, and the metrics of '{blind.Name}' have none: its soaks would never pass.",
                    "add 'latency: …' there, or ask for the percentile itself: 'query: …' with a 'failureCondition' or 'regression: 1.5'");
            }

            if (metrics.Exists(m => m.Name == metric.Name))
            {
                faults.Add("duplicate-name", item, $"'{metric.Name.Text()}' is declared twice.", "put limit and regression into one entry");
            }

            metrics.Add(metric);
        }

        return new AnalysisSpec(budget, metrics.Count == 0 ? [DefaultErrors] : metrics)
        {
            Thresholds = thresholds.WithDryRuns(fields),
            Tolerance = fields.Number("tolerance", 1.5, 10) ?? Analysis.Sequential.DefaultFirstRatio,
            ClusterMean = fields.Number("clusterMean", 1, 1000) ?? 1,
            ClusterVariance = fields.Number("clusterVariance", 0, 1_000_000) ?? 0,
        };
    }

    public static Concurrency Concurrency(Fields plan) => plan.Word("concurrency", PlanWords.Concurrencies) ?? Plans.Concurrency.Queue;

    public static IReadOnlyList<NotifyRule> Notify(Fields plan, Faults faults)
    {
        var rules = new List<NotifyRule>();
        foreach (var item in plan.Items("notify"))
        {
            var fields = Fields.Of(item, faults, PlanKeys.Notify);
            var events = fields.Texts("events", "[rollback, approval]");
            foreach (var unknown in events.Where(e => !PlanWords.Events.Contains(e)))
            {
                faults.Add("unknown-value", fields.Where("events"), $"'{unknown}' is not an event.", Spelling.Suggest(unknown, PlanWords.Events));
            }

            rules.Add(new NotifyRule(events, fields.Text("to", "slack") ?? ""));
        }

        return rules;
    }

    /// <summary>A limit in the metric's unit: a fraction for errors, else a time.</summary>
    public static double? Limit(Fields fields, string key, MetricName name) => name == MetricName.Errors
        ? fields.Number(key, 0, 1)
        : fields.Duration(key, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(60))?.TotalSeconds;

    private static MetricSpec? Metric(Node node, Faults faults)
    {
        var fields = Fields.Of(node, faults, PlanKeys.Metric);
        var name = fields.Word("name", PlanWords.Metrics, "errors");
        var limit = name is { } named ? Limit(fields, "limit", named) : null;
        var regression = fields.Number("regression", 1, 100);
        var failureLimit = fields.Integer("failureLimit", 0, 1000) ?? 0;
        var minRequests = fields.Integer("minRequests", 1, 1_000_000) ?? 50;
        var weight = fields.Number("weight", 0.1, 100);
        if (node is Node.Mapping && !fields.Has("limit") && !fields.Has("regression"))
        {
            faults.Add("missing-key", node, "A metric without a bound decides nothing.", name == MetricName.Errors ? "add 'limit: 0.01'" : "add 'limit: 500ms' or 'regression: 1.5'");
        }

        return name is { } known ? new MetricSpec(known, limit, regression, failureLimit, minRequests) { Weight = weight } : null;
    }
}
