using System.Text.Json;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Domain.Plans.Compilation;
using Sluice.Domain.Scenarios;

namespace Sluice.Domain.Tests.Plans;

/// <summary>The published schemas and the compiler know the same keys and words.</summary>
public sealed class SchemaTests
{
    private static readonly Dictionary<string, string[]> PlanShapes = new()
    {
        [""] = PlanKeys.Plan,
        ["environment"] = PlanKeys.Environment,
        ["platform"] = PlanKeys.ProcessPlatform,
        ["gatewayRouter"] = PlanKeys.GatewayRouter,
        ["noRouter"] = PlanKeys.NoRouter,
        ["metricsSource"] = PlanKeys.Metrics,
        ["prometheusMetrics"] = PlanKeys.PrometheusMetrics,
        ["provider"] = PlanKeys.Provider,
        ["basic"] = PlanKeys.Basic,
        ["secretHeader"] = PlanKeys.SecretHeader,
        ["step"] = [.. PlanKeys.Steps.Keys],
        ["stepValidate"] = PlanKeys.Validate,
        ["stepMigrate"] = PlanKeys.Migrate,
        ["stepDeploy"] = PlanKeys.Deploy,
        ["stepSmoke"] = PlanKeys.Smoke,
        ["stepBaseline"] = PlanKeys.Baseline,
        ["objective"] = PlanKeys.Objective,
        ["stepSoak"] = PlanKeys.Soak,
        ["stepApproval"] = PlanKeys.Approval,
        ["stepChecklist"] = PlanKeys.Checklist,
        ["checklistItem"] = PlanKeys.ChecklistItem,
        ["stepSignOff"] = PlanKeys.SignOff,
        ["stepSetWeight"] = PlanKeys.SetWeight,
        ["stepHold"] = PlanKeys.Hold,
        ["stepWatch"] = PlanKeys.Watch,
        ["stepVerifySync"] = PlanKeys.VerifySync,
        ["syncFailure"] = PlanKeys.SyncFailure,
        ["reduce"] = PlanKeys.Reduce,
        ["analysis"] = PlanKeys.Analysis,
        ["metric"] = PlanKeys.Metric,
        ["threshold"] = PlanKeys.Threshold,
        ["template"] = PlanKeys.Template,
        ["freeze"] = PlanKeys.Freeze,
        ["rollbackWindow"] = PlanKeys.RollbackWindow,
        ["notify"] = PlanKeys.Notify,
    };

    [Fact]
    public void The_plan_schema_has_the_compilers_keys() => Compare(Read("sluice"), PlanShapes);

    [Fact]
    public void The_environment_schema_has_the_compilers_keys() =>
        Compare(Read("environment"), new() { [""] = PlanKeys.VariablesFile, ["variable"] = PlanKeys.Variable });

    [Fact]
    public void The_smoke_schema_has_the_compilers_keys() =>
        Compare(Read("smoke"), new() { [""] = PlanKeys.SmokeFile, ["check"] = PlanKeys.Check, ["expect"] = PlanKeys.Expect });

    [Fact]
    public void The_schemas_have_the_compilers_words()
    {
        var plan = Read("sluice");
        Assert.Equal(PlanWords.Platforms, Words(plan, "platform", "kind"));
        Assert.Equal(PlanWords.Routers, Words(plan, "gatewayRouter", "kind").Concat(Words(plan, "noRouter", "kind")));
        Assert.Equal(PlanWords.MetricSources.Order(), Words(plan, "metricsSource", "kind").Concat(Words(plan, "prometheusMetrics", "kind")).Order());
        Assert.Equal(PlanWords.Providers, Words(plan, "provider", "kind"));
        Assert.Equal(PlanWords.BaselineMetrics.Keys, Words(plan, "objective", "metric"));
        Assert.Equal(PlanWords.Units.Keys, Words(plan, "threshold", "unit"));
        Assert.Equal(PlanWords.Severities.Keys, Words(plan, "threshold", "severity"));
        Assert.Equal(PlanWords.Resources.Keys, Words(plan, "threshold", "resource"));
        Assert.Equal(ThresholdTemplates.Names, Words(plan, "template", "template"));
        Assert.Equal(PlanWords.Concurrencies.Keys, Words(plan.GetProperty("properties").GetProperty("concurrency")));
        Assert.Equal(PlanWords.Clocks.Keys, Words(plan, "stepSoak", "clock"));
        Assert.Equal(PlanWords.NoDataActions.Keys, Words(plan, "stepSoak", "onNoData"));
        Assert.Equal(PlanWords.FailureActions.Keys, Words(Property(plan, "stepSoak", "onFailure").GetProperty("oneOf")[0]));
        Assert.Equal(PlanWords.TimeoutActions.Keys, Words(plan, "stepApproval", "onTimeout"));
        Assert.Equal(PlanWords.TimeoutActions.Keys, Words(plan, "stepChecklist", "onTimeout"));
        Assert.Equal(PlanWords.FreezeStarts.Keys, Words(plan, "freeze", "onStart"));
        Assert.Equal(PlanWords.FreezeActions.Keys, Words(plan, "freeze", "onRunning"));
        Assert.Equal(PlanWords.SignOffMoments.Keys, Words(plan, "stepSignOff", "since"));
        Assert.Equal(PlanWords.SyncKinds.Keys, Words(plan, "stepVerifySync", "kind"));
        Assert.Equal(PlanWords.SyncMoments.Keys, Words(plan, "stepVerifySync", "since"));
        Assert.Equal(PlanWords.SyncFailures.Keys, Words(Property(plan, "stepVerifySync", "onFailure").GetProperty("oneOf")[0]));
        Assert.Equal(PlanWords.Metrics.Keys, Words(plan, "checklistItem", "metric"));
        Assert.Equal(PlanWords.Metrics.Keys, Words(plan, "metric", "name"));
        Assert.Equal(NamedPlans.Names, Words(plan, "strategy", "name"));
        Assert.Equal(NamedPlans.Names, Words(plan.GetProperty("properties").GetProperty("strategy").GetProperty("oneOf")[0]));
        Assert.Equal(PlanWords.Events, Words(Property(plan, "notify", "events").GetProperty("items")));
        Assert.Equal(PlanWords.Formats.Keys, Words(Read("environment"), "variable", "format"));
        Assert.Equal(PlanWords.Methods, Words(Read("smoke"), "check", "method"));
    }

    [Fact]
    public void The_scenario_schema_has_the_compilers_keys_and_words()
    {
        var schema = Read("scenario");
        Compare(schema, new()
        {
            [""] = ScenarioKeys.Scenario,
            ["traffic"] = ScenarioKeys.Traffic,
            ["revisions"] = ScenarioKeys.Revisions,
            ["revision"] = ScenarioKeys.Revision,
            ["point"] = ScenarioKeys.Point,
            ["counts"] = ScenarioKeys.Counts,
            ["fault"] = ScenarioKeys.Fault,
            ["person"] = ScenarioKeys.Person,
            ["crash"] = ScenarioKeys.Crash,
            ["expect"] = ScenarioKeys.Expect,
        });
        Assert.Equal(ScenarioKeys.FaultKinds.Keys, Words(schema, "fault", "kind"));
        Assert.Equal(ScenarioKeys.Arms.Keys, Words(schema, "fault", "revision"));
        Assert.Equal(ScenarioKeys.Calls, Words(schema, "fault", "call"));
        Assert.Equal(ScenarioKeys.Says, Words(schema, "person", "say"));
        Assert.Equal(ScenarioKeys.Outcomes.Keys, Words(schema, "expect", "outcome"));
    }

    [Theory]
    [InlineData("sluice")]
    [InlineData("environment")]
    [InlineData("smoke")]
    [InlineData("scenario")]
    public void Every_key_is_described_and_every_reference_leads_somewhere(string name)
    {
        var schema = Read(name);
        var definitions = schema.GetProperty("$defs");
        foreach (var definition in definitions.EnumerateObject())
        {
            Assert.True(definition.Value.TryGetProperty("description", out _), definition.Name);
            if (definition.Name == "step" || !definition.Value.TryGetProperty("properties", out var properties))
            {
                continue;
            }

            Assert.All(properties.EnumerateObject(), p => Assert.True(
                p.Value.TryGetProperty("description", out _) || p.Value.TryGetProperty("$ref", out _), $"{definition.Name}.{p.Name}"));
        }

        foreach (var reference in References(schema))
        {
            Assert.True(definitions.TryGetProperty(reference["#/$defs/".Length..], out _), reference);
        }
    }

    private static void Compare(JsonElement schema, Dictionary<string, string[]> shapes)
    {
        foreach (var (shape, keys) in shapes)
        {
            var element = shape.Length == 0 ? schema : schema.GetProperty("$defs").GetProperty(shape);
            Assert.Equal(keys.Order(StringComparer.Ordinal), element.GetProperty("properties").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
            Assert.False(element.GetProperty("additionalProperties").GetBoolean(), shape);
        }

        var shaped = schema.GetProperty("$defs").EnumerateObject().Where(d => d.Value.TryGetProperty("properties", out _) && d.Name != "strategy").Select(d => d.Name);
        Assert.All(shaped, name => Assert.Contains(name, shapes.Keys));
    }

    private static JsonElement Property(JsonElement schema, string shape, string key) =>
        schema.GetProperty("$defs").GetProperty(shape).GetProperty("properties").GetProperty(key);

    private static IEnumerable<string> Words(JsonElement schema, string shape, string key) => Words(Property(schema, shape, key));

    private static IEnumerable<string> Words(JsonElement element) => element.GetProperty("enum").EnumerateArray().Select(e => e.GetString()!);

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => p.Name == "$ref" ? [p.Value.GetString()!] : References(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    private static JsonElement Read(string name) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Example.Root, "docs", "schema", $"{name}.schema.json"))).RootElement;
}
