using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Tests.Plans;

public sealed class ThresholdPlanTests
{
    private const string Good = """
        schema: 1
        service: shop
        environments:
          production:
            platform: { kind: process, command: [shop] }
            router: { kind: gateway, listen: "127.0.0.1:8080" }
            providers:
              prom: { kind: prometheus, url: "http://127.0.0.1:9090", headers: { X-Scope-OrgID: shop }, bearerFromSecret: PROM_TOKEN }
        steps:
          - deploy: { environment: production }
          - setWeight: 10
          - soak: { duration: 15m }
          - setWeight: 100
        analysis:
          dryRun: [queue-.*]
          metrics:
            - { name: errors, limit: 0.01 }
            - name: sync-failures
              query: 'sum(rate(failed{revision="{revision}"}[1m]))'
              unit: ratio
              failureCondition: "result > 5%"
              for: 5m
              count: 10
            - { name: queue-length, query: "sum(queue)", successCondition: "result < 10", severity: warning }
        """;

    [Fact]
    public void Everything_a_metric_of_ones_own_may_say_is_read()
    {
        var compilation = PlanCompiler.Compile(new Bundle(Good, new Dictionary<string, string>()));

        Assert.Empty(compilation.Faults);
        Assert.Empty(compilation.Warnings);
        var plan = compilation.Plan!;
        Assert.Equal(
            [
                new ThresholdSpec("sync-failures", "prom", """sum(rate(failed{revision="{revision}"}[1m]))""")
                {
                    Unit = MetricUnit.Ratio, FailureCondition = "result > 5%", For = TimeSpan.FromMinutes(5), Count = 10,
                },
                new ThresholdSpec("queue-length", "prom", "sum(queue)") { SuccessCondition = "result < 10", Severity = Severity.Warning, DryRun = true },
            ],
            plan.Analysis.Thresholds);
        var provider = Assert.IsType<ProviderSpec.Prometheus>(Assert.Single(plan.Environments[0].Providers));
        Assert.Equal(("prom", "http://127.0.0.1:9090", "PROM_TOKEN"), (provider.Name, provider.Access.Url, provider.Access.BearerSecret));
        Assert.Equal("shop", provider.Access.Headers["X-Scope-OrgID"]);
        Assert.Equal(plan.Analysis.Thresholds, plan.Analysis.ThresholdsIn(plan.Environments[0]));
        Assert.Empty(plan.Analysis.ThresholdsIn(plan.Environments[0] with { Providers = [] }));
    }

    [Theory]
    [InlineData("result > 5%\"", "result > 5%% or\"", "bad-condition", "5%% or", "'5%%' is not a number")]
    [InlineData("result > 5%\"", "result => 1\"", "bad-condition", "=> 1", "does not compare")]
    [InlineData("result > 5%\"", "result > 500ms\"", "bad-condition", "500ms", "'500ms' is a time, and the metric is in ratio")]
    [InlineData("successCondition: \"result < 10\"", "successCondition: result < 5%", "bad-condition", "5%", "the metric says no unit")]
    [InlineData("sum(queue)", "sum(queue", "bad-query", "(queue", "'(' is not closed")]
    [InlineData("sum(queue)", "queue[5m]", "bad-query", "queue[5m]", "asks for a range of samples")]
    [InlineData("sum(queue)", "'hello'", "bad-query", "'hello'", "is a text")]
    [InlineData("sum(queue)", "sum({revision})", "bad-query", "{revision})", "'{revision}' stands outside quotes")]
    [InlineData("sum(queue)", "sum(queue{a='{revison}'})", "unknown-placeholder", "{revison}", "'{revison}' is not replaced")]
    [InlineData("[queue-.*]", "[queue-.*, quue-length]", "no-match", "quue-length", "'quue-length' matches no metric")]
    [InlineData("[queue-.*]", "[queue]", "no-match", "queue]", "'queue' matches no metric")]
    [InlineData("[queue-.*]", "['(']", "bad-pattern", "'('", "no regular expression")]
    [InlineData("count: 10", "count: 10\n      failureLimit: 10", "contradiction", "10\n", "it is never reached")]
    [InlineData("count: 10", "failureLimit: -1", "contradiction", "-1", "decides nothing")]
    [InlineData("count: 10", "count: 3", "contradiction", "5m", "3 measurements do not span 5m")]
    [InlineData("for: 5m", "for: 1m\n      resource: cpu", "out-of-range", "1m", "5m or more, not after 1m")]
    [InlineData("for: 5m", "resource: cpu\n      whileStableHolds: false", "contradiction", "false", "load moves it as much")]
    [InlineData("sum(queue)\"", "sum(queue)\", resource: memory", "contradiction", "{ name: queue-length", "asked of either revision")]
    [InlineData("sum(queue)\", successCondition: \"result < 10\"", "sum(queue)\", regression: 1.5", "contradiction", "{ name: queue-length", "is compared with stable: the query must be one")]
    [InlineData("successCondition: \"result < 10\"", "regression: 0.9", "out-of-range", "0.9", "1 to 100")]
    [InlineData("\"sum(queue)\", successCondition: \"result < 10\"", "latency-p95, provider: counts, regression: 1.5", "contradiction", "1.5", "compared with stable's by the judge itself")]
    [InlineData("successCondition: \"result < 10\", ", "", "missing-key", "{ name: queue-length", "decides nothing")]
    [InlineData("name: queue-length", "name: sync-failures", "duplicate-name", "{ name: sync-failures", "declared twice")]
    [InlineData("name: queue-length", "name: errors", "duplicate-name", "{ name: errors", "declared twice")]
    [InlineData("severity: warning", "severity: warn", "unknown-value", "warn ", "critical | warning | info")]
    [InlineData("severity: warning", "provider: graphite", "unknown-provider", "graphite", "No environment has a provider 'graphite'")]
    [InlineData("severity: warning", "provider: counts", "unknown-value", "\"sum(queue)", "The counts know requests | errors")]
    [InlineData("kind: prometheus", "kind: datadog", "no-adapter", "datadog", "no adapter for 'datadog'")]
    [InlineData("http://127.0.0.1:9090", "http://me:secret@127.0.0.1:9090", "literal-secret", "\"http://me", "holds a user or a password")]
    [InlineData("http://127.0.0.1:9090", "http://127.0.0.1:9090/?token=123", "bad-url", "\"http://127", "what comes before /api/v1")]
    [InlineData("X-Scope-OrgID: shop", "Authorization: Bearer 123", "literal-secret", "Bearer 123", "Authorization is a secret")]
    [InlineData("bearerFromSecret: PROM_TOKEN", "bearerFromSecret: \"Bearer 123\"", "bad-name", "\"Bearer 123", "not its value")]
    public void What_cannot_work_is_refused_where_it_stands(string good, string bad, string code, string place, string message)
    {
        Assert.Contains(good, Good, StringComparison.Ordinal);
        var plan = Good.Replace(good, bad, StringComparison.Ordinal);

        var faults = PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string>())).Faults;

        var fault = Assert.Single(faults, f => f.Code == code);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith(place, (plan.Split('\n')[fault.Line - 1] + "\n")[(fault.Column - 1)..], StringComparison.Ordinal);
        Assert.DoesNotContain("123", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_without_a_histogram_is_judged_by_its_own_percentiles()
    {
        var plan = Good
            .Replace("    providers:", "    metrics: { kind: prometheus, url: \"http://127.0.0.1:9090\", requests: 'sum by (revision) (requests_total)', errors: 'sum by (revision) (errors_total)' }\n    providers:", StringComparison.Ordinal)
            .Replace("{ name: errors, limit: 0.01 }", "{ name: latency-p95, regression: 1.5 }", StringComparison.Ordinal)
            .Replace("- name: sync-failures\n", "- name: sync-failures\n      provider: prom\n", StringComparison.Ordinal)
            .Replace("{ name: queue-length, query", "{ name: queue-length, provider: prom, query", StringComparison.Ordinal);

        var fault = Assert.Single(PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string>())).Faults);
        Assert.Equal("no-histogram", fault.Code);
        Assert.Contains("the metrics of 'production' have none", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'regression: 1.5'", fault.Suggestion, StringComparison.Ordinal);

        var told = plan.Replace("{ name: latency-p95, regression: 1.5 }", "{ name: p95, provider: prom, query: 'p95{revision=\"{revision}\"}', unit: seconds, regression: 1.5 }", StringComparison.Ordinal);
        var compilation = PlanCompiler.Compile(new Bundle(told, new Dictionary<string, string>()));
        Assert.Empty(compilation.Faults);
        Assert.Equal(1.5, compilation.Plan!.Analysis.Thresholds[0].Regression);
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var bad = Good.Replace("5%", "5ms", StringComparison.Ordinal).Replace("sum(queue)", "sum(queue", StringComparison.Ordinal).Replace("queue-.*", "nothing", StringComparison.Ordinal);

        Assert.Equal(["no-match", "bad-condition", "bad-query"], PlanCompiler.Compile(new Bundle(bad, new Dictionary<string, string>())).Faults.Select(f => f.Code));
    }

    [Theory]
    [InlineData("[1m]", "[5m]", "overlapping-windows", "[5m] is wider than the interval of 1m: one bad minute is measured 5 times.")]
    [InlineData("count: 10", "initialDelay: 1h", "late-metric", "This soak of 15m waits for 'sync-failures', which is first measured after 1h.")]
    public void What_works_and_deserves_a_look_is_a_warning(string good, string other, string code, string message)
    {
        var compilation = PlanCompiler.Compile(new Bundle(Good.Replace(good, other, StringComparison.Ordinal), new Dictionary<string, string>()));

        Assert.Empty(compilation.Faults);
        var warning = Assert.Single(compilation.Warnings);
        Assert.Equal((code, message), (warning.Code, warning.Message));
    }

    [Fact]
    public void A_query_that_nobody_can_answer_says_what_to_add()
    {
        var plan = Good.Replace("    providers:\n", "", StringComparison.Ordinal).Replace(Good.Split('\n')[7] + "\n", "", StringComparison.Ordinal);

        var faults = PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string>())).Faults;

        Assert.Equal(2, faults.Count(f => f is { Code: "missing-key", Message: "The query has nobody to answer it: no environment has a provider." }));
    }

    [Theory]
    [InlineData("api-alerts", 4)]
    [InlineData("production-strict", 8)]
    [InlineData("service-critical", 3)]
    [InlineData("service-info", 3)]
    [InlineData("service-warning", 4)]
    [InlineData("sync-scheduler", 4)]
    public void Every_template_compiles_without_a_fault_or_warning(string template, int metrics)
    {
        var plan = Good[..Good.IndexOf("analysis:", StringComparison.Ordinal)] + $"analysis: {{ metrics: [{{ template: {template} }}] }}";

        var compilation = PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string>()));

        Assert.Empty(compilation.Faults);
        Assert.DoesNotContain(compilation.Warnings, w => w.Code != "late-metric");
        Assert.Equal(metrics, compilation.Plan!.Analysis.Thresholds.Count);
        Assert.Equal(6, ThresholdTemplates.Names.Count);
    }

    [Fact]
    public void The_tables_have_the_limits_people_know()
    {
        var plan = Good[..Good.IndexOf("analysis:", StringComparison.Ordinal)]
            + "analysis: { metrics: [{ template: api-alerts }, { template: production-strict }, { template: sync-scheduler }, { template: service-critical, omit: [api-down, error-rate-critical] }] }";

        var read = PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string>())).Plan!.Analysis.Thresholds
            .ToDictionary(t => t.Name, t => $"{t.FailureCondition} for {Durations.Format(t.For)}, {t.Severity}");

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["api-down"] = "result == 0 for 2m, Critical",
                ["high-error-rate"] = "result > 5% for 5m, Warning",
                ["high-latency"] = "result > 1s for 5m, Warning",
                ["connections-exhausted"] = "result > 95% for 5m, Critical",
                ["error-rate-warning"] = "result > 0.5% for 0s, Warning",
                ["error-rate-critical"] = "result > 1% for 0s, Critical",
                ["latency-warning"] = "result > 1s for 0s, Warning",
                ["latency-critical"] = "result > 3s for 0s, Critical",
                ["cpu-warning"] = "result > 70% for 5m, Warning",
                ["cpu-critical"] = "result > 85% for 5m, Critical",
                ["memory-growth"] = "result > 2%/h for 5m, Warning",
                ["memory-critical"] = "result > 90% for 5m, Critical",
                ["scheduler-stopped"] = "any(result, # > 28800s) for 0s, Critical",
                ["sync-error-rate"] = "default(result, 0) > 50% for 0s, Critical",
                ["slow-sync"] = "default(result, 0) > 60s for 0s, Critical",
                ["no-sync-runs"] = "result == 0 for 0s, Critical",
                ["database-connection-failed"] = "default(result, 0) > 0 for 0s, Critical",
            },
            read);
    }

    [Fact]
    public void A_template_takes_queries_of_ones_own_and_leaves_out_what_it_is_told_to()
    {
        var head = Good[..Good.IndexOf("analysis:", StringComparison.Ordinal)];

        var plan = PlanCompiler.Compile(new Bundle(
            head + "analysis: { metrics: [{ template: api-alerts, omit: [api-down, high-latency], queries: { high-error-rate: 'my_errors{r=\"{revision}\"}' } }] }", new Dictionary<string, string>())).Plan!;

        Assert.Equal(["connections-exhausted", "high-error-rate"], plan.Analysis.Thresholds.Select(t => t.Name).Order());
        Assert.Equal(("prom", "my_errors{r=\"{revision}\"}"), plan.Analysis.Thresholds.Where(t => t.Name == "high-error-rate").Select(t => (t.Provider, t.Query)).Single());

        var faults = PlanCompiler.Compile(new Bundle(
            head + "analysis: { metrics: [{ template: api-alert }, { template: api-alerts, omit: [nothing], queries: { neither: up } }] }", new Dictionary<string, string>())).Faults;
        Assert.Equal(["unknown-template", "unknown-value", "unknown-key"], faults.Select(f => f.Code));
        Assert.Equal("did you mean 'api-alerts'?", faults[0].Suggestion);
    }

    [Theory]
    [InlineData("requests: 'sum by (revision) (http_requests_total)'", "requests: 'sum by (revision) (rate(http_requests_total[1m]))'", "not-a-counter", "'rate' makes a rate")]
    [InlineData("requests: 'sum by (revision) (http_requests_total)'", "requests: 'sum by (revision) (r{a=\"{stable}\"})'", "unknown-placeholder", "returns a series for each revision")]
    [InlineData("requests: 'sum by (revision) (http_requests_total)',", "", "missing-key", "'requests' is missing")]
    [InlineData("requests: 'sum by (revision) (http_requests_total)'", "requests: 'sum by (revision) (http_requests_total'", "bad-query", "'(' is not closed")]
    [InlineData("revisionLabel: revision", "revisionLabel: re-vision", "bad-name", "cannot be the name of a label")]
    [InlineData("url: \"http://127.0.0.1:9090\"", "url: \"127.0.0.1:9090\"", "bad-url", "absolute http or https URL")]
    public void Counters_of_a_prometheus_must_be_raw(string good, string bad, string code, string message)
    {
        const string metrics = """
            metrics: { kind: prometheus, url: "http://127.0.0.1:9090", revisionLabel: revision, requests: 'sum by (revision) (http_requests_total)', errors: 'sum by (revision) (http_errors_total)' }
            """;
        var plan = Good.Replace("    providers:\n", $"    {metrics}\n    providers:\n", StringComparison.Ordinal).Replace("query: \"sum(queue)\"", "query: \"sum(queue)\", provider: prom", StringComparison.Ordinal)
            .Replace("      unit: ratio\n", "      unit: ratio\n      provider: prometheus\n", StringComparison.Ordinal);
        var compilation = PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string>()));
        Assert.Empty(compilation.Faults);
        Assert.Equal(["prometheus", "prom"], compilation.Plan!.Environments[0].Providers.Select(p => p.Name));

        var faults = PlanCompiler.Compile(new Bundle(plan.Replace(good, bad, StringComparison.Ordinal), new Dictionary<string, string>())).Faults;
        var fault = Assert.Single(faults, f => f.Path.StartsWith("environments.production.metrics", StringComparison.Ordinal));


        Assert.Equal(code, fault.Code);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""x{a="{revision}"}""", "v1", """x{a="v1"}""")]
    [InlineData("""x{a="{revision}"}""", "v\"} or up{b=\"\\\n", """x{a="v\"} or up{b=\"\\\n"}""")]
    [InlineData("x{a='{revision}'}", "it's", "x{a='it\\'s'}")]
    [InlineData("""x{a=~"{revision}|b"}""", "v1.2+x", """x{a=~"v1\\.2\\+x|b"}""")]
    [InlineData("""x{a !~ "{revision}"}""", "a\\b", """x{a !~ "a\\\\b"}""")]
    [InlineData("""sum by (revision) (x{a="{service}-{environment}",b="{stable}"})""", "v1", """sum by (revision) (x{a="shop-prod",b="v0"})""")]
    [InlineData("""x{a="{other}"}""", "v1", """x{a="{other}"}""")]
    public void No_value_changes_what_a_query_asks(string query, string revision, string filled) =>
        Assert.Equal(filled, QueryText.FillPromQl(query, new QueryArguments(revision, "v0", "prod", "shop")));

    [Fact]
    public void Values_are_encoded_in_a_URL_and_refused_in_a_path_that_they_would_end()
    {
        var arguments = new QueryArguments("a b/c?d'", "v0", "prod", "shop");

        Assert.Equal("http://h/x/a%20b%2Fc%3Fd%27?s=shop", QueryText.FillUrl("http://h/x/{revision}?s={service}", arguments));
        Assert.Null(QueryText.FillPath("$['{revision}'].x", arguments));
        Assert.Equal("$['v0'].x", QueryText.FillPath("$['{stable}'].x", arguments));
    }

    [Fact]
    public void The_objectives_of_a_baseline_are_read_with_their_criteria()
    {
        const string step = """
              - baseline: { path: /health, passScore: 80, compareWith: 3, objectives: [{ metric: p95, pass: ["<=+10%", "<300ms"], warning: ["<= +5ms"], weight: 2, key: true }, { metric: throughput, pass: [">=-10%"] }, { metric: p50 }] }
            """;
        var compilation = PlanCompiler.Compile(new Bundle(Good.Replace("  - setWeight: 10\n", step + "\n  - setWeight: 10\n", StringComparison.Ordinal), new Dictionary<string, string>()));

        Assert.Empty(compilation.Faults);
        var baseline = Assert.IsType<Step.Baseline>(compilation.Plan!.Steps[1]);
        Assert.Equal((80, 75, 3), (baseline.PassScore, baseline.WarningScore, baseline.CompareWith));
        Assert.Equal([new("<=+10%", "<=", 0.1, CriterionBase.Share), new("<300ms", "<", 0.3, CriterionBase.Absolute)], baseline.Objectives[0].Pass);
        Assert.Equal([new BaselineCriterion("<= +5ms", "<=", 0.005, CriterionBase.Difference)], baseline.Objectives[0].Warning);
        Assert.Equal([new BaselineCriterion(">=-10%", ">=", -0.1, CriterionBase.Share)], baseline.Objectives[1].Pass);
        Assert.Equal((2, true, 1, false), (baseline.Objectives[0].Weight, baseline.Objectives[0].Key, baseline.Objectives[2].Weight, baseline.Objectives[2].Key));
    }

    [Theory]
    [InlineData("objectives: [{ metric: p95, pass: [about 5ms] }]", "bad-criterion", "Expected a criterion, found 'about 5ms'.")]
    [InlineData("objectives: [{ metric: p95, pass: [\"<=5%\"] }]", "bad-criterion", "'<=5%': '5%' is a share, and the metric is in seconds.")]
    [InlineData("objectives: [{ metric: error-rate, pass: [\"<=5ms\"] }]", "bad-criterion", "'<=5ms': '5ms' is a time, and the metric is in ratio.")]
    [InlineData("objectives: [{ metric: p95, weight: 2 }]", "missing-key", "Without 'pass' it is only told, and counts for nothing.")]
    [InlineData("objectives: [{ metric: p95, pass: [\"<1s\"] }, { metric: p95 }]", "duplicate-name", "An objective for it stands above.")]
    [InlineData("warningScore: 95, objectives: [{ metric: p95 }]", "contradiction", "A warning from 95 % on is stricter than the pass from 90 % on.")]
    public void Objectives_that_cannot_be_judged_are_refused(string keys, string code, string message)
    {
        var plan = Good.Replace("  - setWeight: 10\n", $"  - baseline: {{ path: /health, {keys} }}\n  - setWeight: 10\n", StringComparison.Ordinal);

        var fault = Assert.Single(PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string>())).Faults);

        Assert.Equal((code, message), (fault.Code, fault.Message));
    }
}
