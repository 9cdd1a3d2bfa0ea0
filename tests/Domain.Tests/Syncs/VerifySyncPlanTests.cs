using System.Text.Json;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Tests.Syncs;

/// <summary><c>verifySync</c> as plans write it.</summary>
public sealed class VerifySyncPlanTests
{
    private const string Server = "url: \"https://ops.example\", bearerFromSecret: OPS_KEY";

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        var step = Step($"{{ {Server} }}");

        Assert.Equal(("production", SyncKind.Prices, 1, SyncMoment.Deployed), (step.Environment, step.Sync, step.Runs, step.Since));
        Assert.Equal((TimeSpan.FromMinutes(1), null), (step.FirstWithin, step.Grace));
        Assert.Equal(new SyncCriteria(TimeSpan.FromMinutes(1), 1, null, Partial: false), step.Criteria);
        Assert.Equal(SyncFailureKind.Rollback, step.OnFailure.Kind);
        Assert.Equal(("https://ops.example", "OPS_KEY"), (step.Access.Url, step.Access.BearerSecret));
        Assert.Equal(TimeSpan.FromMinutes(45), Step($"{{ {Server}, kind: models }}").Criteria.MaxDuration);
    }

    [Fact]
    public void Everything_can_be_said_and_survives_being_stored()
    {
        var step = Step($$"""
            { {{Server}}, timeout: 5s, kind: models, runs: 3, since: traffic, firstWithin: 90s, grace: 30m, maxDuration: 2m, minFetched: 1000, maxQuarantined: 5,
              partial: true, onFailure: { providers: [openrouter, nearai, nearai] } }
            """.ReplaceLineEndings(" "));

        Assert.Equal((SyncKind.Models, 3, SyncMoment.Traffic), (step.Sync, step.Runs, step.Since));
        Assert.Equal((TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(30)), (step.FirstWithin, step.Grace));
        Assert.Equal(new SyncCriteria(TimeSpan.FromMinutes(2), 1000, 5, Partial: true), step.Criteria);
        Assert.Equal(["openrouter", "nearai"], step.OnFailure.Providers);
        Assert.Equal(TimeSpan.FromHours(12), Step($"{{ {Server}, onFailure: {{ widen: 12h }} }}").OnFailure.Interval);
        Assert.Equal(SyncFailureKind.Disable, Step($"{{ {Server}, onFailure: disable }}").OnFailure.Kind);
        Assert.Equal("verifySync 3 of models", step.Title);
        Assert.Equivalent(step, JsonSerializer.Deserialize<Step>(JsonSerializer.Serialize<Step>(step)), strict: true);
    }

    [Theory]
    [InlineData("{ }", "missing-key", "'url' is missing")]
    [InlineData("{ url: \"https://ops.example\" }", "missing-key", "'bearerFromSecret' is missing")]
    [InlineData("{ url: ops, bearerFromSecret: OPS_KEY }", "bad-url", "absolute http or https URL")]
    [InlineData("{ url: \"http://ops.example\", bearerFromSecret: OPS_KEY }", "bad-url", "no network in clear text")]
    [InlineData("{ url: \"https://ops.example?x=1\", bearerFromSecret: OPS_KEY }", "bad-url", "before /v1/admin")]
    [InlineData("{ url: \"https://u:p@ops.example\", bearerFromSecret: OPS_KEY }", "literal-secret", "a user or a password")]
    [InlineData("{ url: \"https://ops.example\", bearerFromSecret: \"sk 1\" }", "bad-name", "name of a secret")]
    [InlineData("{ SERVER, kind: both }", "unknown-value", "prices | models")]
    [InlineData("{ SERVER, since: now }", "unknown-value", "deployed | traffic | step")]
    [InlineData("{ SERVER, runs: 0 }", "out-of-range", "from 1 to 28")]
    [InlineData("{ SERVER, firstWithin: 60 }", "bad-duration", "found '60'")]
    [InlineData("{ SERVER, partial: maybe }", "bad-boolean", "true or false")]
    [InlineData("{ SERVER, onFailure: disabled }", "unknown-value", "rollback | pause | disable")]
    [InlineData("{ SERVER, onFailure: { widen: 90m } }", "bad-duration", "whole hours")]
    [InlineData("{ SERVER, onFailure: { widen: 30d } }", "out-of-range", "1h to 7d")]
    [InlineData("{ SERVER, onFailure: { providers: [] } }", "empty-list", "at least one")]
    [InlineData("{ SERVER, onFailure: { widen: 12h, providers: [nearai] } }", "contradiction", "one of 'widen: 12h' and 'providers: [...]'")]
    [InlineData("{ SERVER, onFailure: { narrow: 1h } }", "unknown-key", "'narrow'")]
    [InlineData("{ SERVER, headers: { X-Key: abc } }", "unknown-key", "'headers'")]
    public void What_is_wrong_is_refused_with_its_place(string step, string code, string message)
    {
        var compilation = Compile(step.Replace("SERVER", Server, StringComparison.Ordinal));

        var fault = Assert.Single(compilation.Faults, f => f.Code == code && f.Message.Contains(message, StringComparison.Ordinal));
        Assert.StartsWith("steps[2].verifySync", fault.Path, StringComparison.Ordinal);
        Assert.DoesNotContain(compilation.Faults, f => f.Message.Contains("u:p", StringComparison.Ordinal));
    }

    [Fact]
    public void There_is_no_revision_to_wait_for_before_the_deploy()
    {
        var plan = Plan($"{{ {Server}, environment: production }}").Replace("  - deploy: { environment: production }\n", "", StringComparison.Ordinal);

        Assert.Contains(PlanCompiler.Compile(new Bundle(plan, new Dictionary<string, string>())).Faults, f => f.Code == "before-deploy");
    }

    private static Step.VerifySync Step(string step)
    {
        var compilation = Compile(step);
        Assert.Empty(compilation.Faults);
        return compilation.Plan!.Steps.OfType<Step.VerifySync>().Single();
    }

    private static PlanCompilation Compile(string step) => PlanCompiler.Compile(new Bundle(Plan(step), new Dictionary<string, string>()));

    private static string Plan(string step) => $$"""
        schema: 1
        service: shop
        environments:
          production:
            platform: { kind: process, command: [shop] }
            router: { kind: gateway, listen: "127.0.0.1:8080" }
        steps:
          - deploy: { environment: production }
          - setWeight: 100
          - verifySync: {{step}}
        """.ReplaceLineEndings("\n");
}
