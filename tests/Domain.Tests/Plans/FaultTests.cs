using Sluice.Domain.Plans;

namespace Sluice.Domain.Tests.Plans;

public sealed class FaultTests
{
    private const string Good = """
        schema: 1
        service: shop
        environments:
          staging:
            platform: { kind: process, command: [shop] }
            router: { kind: gateway, listen: "127.0.0.1:8081" }
          production:
            platform: { kind: process, command: [shop] }
            router: { kind: gateway, listen: "127.0.0.1:8080" }
        steps:
          - deploy: { environment: staging, weight: 100 }
          - soak: { duration: 1h }
          - deploy: { environment: production }
          - setWeight: 10
          - soak: { duration: 15m }
          - setWeight: 100
          - hold: 1h
        """;

    [Fact]
    public void The_plan_that_the_other_tests_break_is_good()
    {
        var compilation = Compile(Good);

        Assert.Empty(compilation.Faults);
        Assert.Empty(compilation.Warnings);
    }

    [Theory]
    // Keys and shapes.
    [InlineData("schema: 1", "schema: 2", "unknown-schema", "schema", "reads schema 1", null)]
    [InlineData("schema: 1\n", "", "missing-key", "", "'schema' is missing", "add 'schema: 1'")]
    [InlineData("service: shop", "service: Shop!", "bad-name", "service", "'Shop!'", "lower-case letters")]
    [InlineData("service: shop", "servise: shop", "unknown-key", "servise", "'servise' is not a key here", "did you mean 'service'?")]
    [InlineData("duration: 15m", "durration: 15m", "unknown-key", "steps[4].soak.durration", "not a key", "did you mean 'duration'?")]
    [InlineData("{ duration: 15m }", "[15m]", "wrong-type", "steps[4].soak", "found a list", null)]
    [InlineData("- setWeight: 10\n", "- setWieght: 10\n", "unknown-step", "steps[3].setWieght", "not a step", "did you mean 'setWeight'?")]
    [InlineData("- setWeight: 10\n", "- setWeight: 10\n    hold: 1h\n", "wrong-type", "steps[3]", "found 2 keys", "start each step with '- '")]
    [InlineData("- setWeight: 10\n", "- deploy\n", "wrong-type", "steps[3]", "found 'deploy'", null)]
    [InlineData("service: shop", "service: shop\nservice: shop", "duplicate-key", "service", "given twice", null)]
    [InlineData("{ kind: process, command: [shop] }\n    router: { kind: gateway, listen: \"127.0.0.1:8081\"", "{ kind: process, command: [] }\n    router: { kind: gateway, listen: \"127.0.0.1:8081\"", "empty-list", "environments.staging.platform.command", "at least one", null)]
    // Values.
    [InlineData("duration: 15m", "duration: 15", "bad-duration", "steps[4].soak.duration", "found '15'", "add a unit")]
    [InlineData("duration: 15m", "duration: 0s", "out-of-range", "steps[4].soak.duration", "found 0s", null)]
    [InlineData("setWeight: 10\n", "setWeight: 10%\n", "bad-number", "steps[3].setWeight", "found '10%'", "leave out the %")]
    [InlineData("setWeight: 10\n", "setWeight: 101\n", "out-of-range", "steps[3].setWeight", "from 0 to 100, found 101", null)]
    [InlineData("duration: 15m", "duration: 15m, clock: waal", "unknown-value", "steps[4].soak.clock", "exposure | wall", "did you mean 'wall'?")]
    [InlineData("steps:", "concurrency: que\nsteps:", "unknown-value", "concurrency", "queue | supersede | refuse", "did you mean 'queue'?")]
    [InlineData("steps:", "analysis: { metrics: [{ name: errors, limit: 1% }] }\nsteps:", "bad-number", "analysis.metrics[0].limit", "found '1%'", "write the fraction: 0.01")]
    [InlineData("steps:", "analysis: { metrics: [{ name: errors }] }\nsteps:", "missing-key", "analysis.metrics[0]", "decides nothing", "add 'limit: 0.01'")]
    [InlineData("steps:", "analysis: { metrics: [{ name: latency-p98, limit: 1s }] }\nsteps:", "unknown-value", "analysis.metrics[0].name", "latency-p99", "did you mean")]
    [InlineData("steps:", "freeze: [{ name: w, from: friday, to: mon 08:00 }]\nsteps:", "bad-freeze", "freeze[0].from", "found 'friday'", null)]
    [InlineData("steps:", "freeze: [{ name: w, timeZone: Berlin, from: fri 16:00, to: mon 08:00 }]\nsteps:", "bad-freeze", "freeze[0].timeZone", "'Berlin' is not an IANA time zone", "Europe/Berlin")]
    [InlineData("steps:", "freeze: [{ name: w, from: fri 16:00, to: 2026-12-19 }]\nsteps:", "bad-freeze", "freeze[0].to", "two kinds", null)]
    [InlineData("steps:", "freeze: [{ name: w, from: fri 16:00 }]\nsteps:", "missing-key", "freeze[0]", "'to' is missing", "add 'to: mon 08:00'")]
    [InlineData("steps:", "freeze: [{ name: w, from: fri, to: mon, environments: [prod] }]\nsteps:", "unknown-environment", "freeze[0].environments", "'prod'", null)]
    [InlineData("steps:", "freeze: [{ name: w, from: fri, to: mon, onRunning: stop }]\nsteps:", "unknown-value", "freeze[0].onRunning", "pause | continue | rollback", null)]
    [InlineData("steps:", "rollbackWindow: {}\nsteps:", "missing-key", "rollbackWindow", "without a bound", "revisions: 3")]
    [InlineData("steps:", "notify: [{ events: [rolback], to: slack }]\nsteps:", "unknown-value", "notify[0].events", "'rolback'", "did you mean 'rollback'?")]
    [InlineData("steps:", "analysis: { metrics: [{ name: errors, limit: 0.01, weight: 0 }] }\nsteps:", "out-of-range", "analysis.metrics[0].weight", "found 0", null)]
    // Platforms and routers.
    [InlineData("kind: process, command: [shop] }\n    router: { kind: gateway, listen: \"127.0.0.1:8081\"", "kind: fly }\n    router: { kind: gateway, listen: \"127.0.0.1:8081\"", "no-adapter", "environments.staging.platform.kind", "no adapter for 'fly' in this build", "known: process")]
    [InlineData("kind: process, command: [shop] }\n    router: { kind: gateway, listen: \"127.0.0.1:8081\"", "kind: proces }\n    router: { kind: gateway, listen: \"127.0.0.1:8081\"", "unknown-kind", "environments.staging.platform.kind", "'proces'", "did you mean 'process'?")]
    [InlineData("kind: gateway, listen: \"127.0.0.1:8081\"", "kind: haproxy", "no-adapter", "environments.staging.router.kind", "haproxy", null)]
    [InlineData("127.0.0.1:8081", "127.0.0.1", "bad-address", "environments.staging.router.listen", "found '127.0.0.1'", null)]
    [InlineData("127.0.0.1:8081", "127.0.0.1:8080", "contradiction", "environments.production.router.listen", "taken by 'staging'", null)]
    [InlineData("127.0.0.1:8081", "0.0.0.0:8080", "contradiction", "environments.production.router.listen", "taken by 'staging'", null)]
    [InlineData("command: [shop] }\n    router: { kind: gateway, listen: \"127.0.0.1:8081\"", "command: [\"shop-{tag}\"] }\n    router: { kind: gateway, listen: \"127.0.0.1:8081\"", "unknown-placeholder", "environments.staging.platform.command", "'{tag}'", "only {version} and {commit}")]
    [InlineData("kind: gateway, listen: \"127.0.0.1:8081\" }", "kind: none }\n    metrics: { kind: gateway }", "contradiction", "environments.staging.metrics", "need the gateway", null)]
    // Steps and their order.
    [InlineData("environment: production }", "environment: prodction }", "unknown-environment", "steps[2].deploy.environment", "'prodction'", "did you mean 'production'?")]
    [InlineData("- deploy: { environment: staging, weight: 100 }\n", "- smoke: { suite: smoke.yaml }\n  - deploy: { environment: staging, weight: 100 }\n", "no-environment", "steps[0].smoke", "no deploy above it", "add 'environment: NAME'")]
    [InlineData("- deploy: { environment: staging, weight: 100 }\n", "- setWeight: { weight: 5, environment: staging }\n  - deploy: { environment: staging, weight: 100 }\n", "before-deploy", "steps[0].setWeight", "before any deploy to 'staging'", null)]
    [InlineData("- setWeight: 10\n", "- deploy: { environment: production }\n", "contradiction", "steps[3].deploy", "deployed to already", null)]
    [InlineData("- setWeight: 10\n", "- validate: { environment: staging }\n  - setWeight: 10\n", "environment-order", "steps[3].validate.environment", "goes back to 'staging'", null)]
    [InlineData("kind: gateway, listen: \"127.0.0.1:8080\"", "kind: none", "weight-undeliverable", "steps[3].setWeight", "Nothing can deliver 10 %", "add 'router")]
    [InlineData("  - setWeight: 100\n", "", "contradiction", "steps[5].hold", "here it has 10 %", "add 'setWeight: 100'")]
    [InlineData("duration: 15m", "duration: 15m, every: 20m", "contradiction", "steps[4].soak.every", "never looks within 15m", null)]
    [InlineData("duration: 15m", "duration: 15m, every: [1m until 5m, 2m until 4m, 5m]", "contradiction", "steps[4].soak.every[1]", "ends later than the one before", "such as [1m until 1h")]
    [InlineData("duration: 15m", "duration: 15m, every: [1m, 2m]", "contradiction", "steps[4].soak.every[1]", "only the last has no 'until'", null)]
    [InlineData("duration: 15m", "duration: 15m, every: [1m up to 5m]", "bad-duration", "steps[4].soak.every[0]", "'5m until 8h'", null)]
    [InlineData("duration: 15m", "duration: 15m, every: [10m until 5m, 1m]", "contradiction", "steps[4].soak.every[0]", "never looks before", null)]
    [InlineData("duration: 15m", "duration: 15m, glance: 1m", "contradiction", "steps[4].soak.glance", "rarer than the look every 30s", "at most 30s")]
    [InlineData("duration: 15m", "duration: 15m, limits: { erors: 0.1 }", "unknown-metric", "steps[4].soak.limits.erors", "has no 'erors'", "did you mean 'errors'?")]
    [InlineData("duration: 15m", "duration: 15m, limits: { errors: 1% }", "bad-number", "steps[4].soak.limits.errors", "found '1%'", "write the fraction: 0.01")]
    [InlineData("- hold: 1h", "- watch: 1h\n  - hold: 1h", "contradiction", "steps[7].hold", "after the watch of 'production'", "move the watch to the end")]
    [InlineData("  - setWeight: 100\n  - hold: 1h", "  - watch: 1h", "contradiction", "steps[5].watch", "here the new revision has 10 %", null)]
    [InlineData("- hold: 1h", "- watch: { reports: [30m, 10m] }", "contradiction", "steps[6].watch.reports", "each later than the one before", null)]
    [InlineData("- hold: 1h", "- watch: { duration: 10h, every: 1m }", "out-of-range", "steps[6].watch.every", "more than the 300", null)]
    [InlineData("listen: \"127.0.0.1:8080\" }", "listen: \"127.0.0.1:8080\" }\n    traffic: 100", "bad-number", "environments.production.traffic", "found '100'", "such as 100rps")]
    [InlineData("duration: 15m", "duration: 15m, onFailure: { reduce: 10 }", "contradiction", "steps[4].soak.onFailure.reduce", "the weight is 10 % here", null)]
    [InlineData("duration: 15m", "duration: 15m, onFailure: explode", "unknown-value", "steps[4].soak.onFailure", "rollback | pause", null)]
    [InlineData("- setWeight: 10\n  - soak: { duration: 15m }\n", "- soak: { duration: 15m, clock: exposure }\n", "contradiction", "steps[3].soak.clock", "at 0 % the canary gets none", null)]
    [InlineData("- setWeight: 10\n", "- approval: { approvers: [] }\n  - setWeight: 10\n", "empty-list", "steps[3].approval.approvers", "at least one", null)]
    [InlineData("- setWeight: 10\n", "- checklist: { name: go, items: [{ name: a }] }\n  - setWeight: 10\n", "missing-key", "steps[3].checklist.items[0]", "Nothing says when 'a' is done", "by: [ana]")]
    [InlineData("- setWeight: 10\n", "- checklist: { name: go, items: [{ name: a, by: [ana], condition: ci }] }\n  - setWeight: 10\n", "contradiction", "steps[3].checklist.items[0]", "has by and condition", "one of")]
    [InlineData("- setWeight: 10\n", "- checklist: { name: go, items: [{ name: a, by: [ana] }, { name: a, condition: ci }] }\n  - setWeight: 10\n", "duplicate-name", "steps[3].checklist.items[1]", "'a' is on the list twice", null)]
    [InlineData("- setWeight: 10\n", "- checklist: { name: go, items: [{ name: a, metric: errors }] }\n  - setWeight: 10\n", "missing-key", "steps[3].checklist.items[0]", "'limit' is missing", "add 'limit: 0.01'")]
    [InlineData("- setWeight: 10\n", "- checklist: { name: go, items: [{ name: a, metric: latency-p99, limit: 0.5 }] }\n  - setWeight: 10\n", "bad-duration", "steps[3].checklist.items[0].limit", "found '0.5'", null)]
    [InlineData("- setWeight: 10\n", "- checklist: { name: go, items: [{ name: a, condition: ci, limit: 1 }] }\n  - setWeight: 10\n", "contradiction", "steps[3].checklist.items[0].limit", "'limit' belongs to a metric", "add 'metric: errors'")]
    [InlineData("- deploy: { environment: staging, weight: 100 }\n", "- checklist: { name: go, items: [{ name: a, smoke: smoke.yaml }] }\n  - deploy: { environment: staging, weight: 100 }\n", "no-environment", "steps[0].checklist.items[0]", "says no environment", "add 'environment: NAME'")]
    [InlineData("- setWeight: 10\n", "- signOff: { name: day 1, by: [ana], after: 1d, since: promotd }\n  - setWeight: 10\n", "unknown-value", "steps[3].signOff.since", "promoted | started", "did you mean 'promoted'?")]
    [InlineData("- setWeight: 10\n", "- signOff: { name: day 1, by: [] }\n  - setWeight: 10\n", "missing-key", "steps[3].signOff", "'after' is missing", "add 'after: 24h'")]
    [InlineData("- setWeight: 10\n", "- baseline: { path: v1 }\n  - setWeight: 10\n", "bad-path", "steps[3].baseline.path", "absolute path", null)]
    // Files.
    [InlineData("- setWeight: 10\n", "- smoke: { suite: smoke.yml }\n  - setWeight: 10\n", "missing-file", "steps[3].smoke.suite", "'smoke.yml' does not exist", "did you mean 'smoke.yaml'?")]
    [InlineData("- setWeight: 10\n", "- smoke: { suite: ../smoke.yaml }\n  - setWeight: 10\n", "bad-path", "steps[3].smoke.suite", "not a path below", null)]
    [InlineData("- setWeight: 10\n", "- smoke: { suite: /etc/passwd }\n  - setWeight: 10\n", "bad-path", "steps[3].smoke.suite", "not a path below", null)]
    [InlineData("- setWeight: 10\n", "- migrate: { up: [a.sql], reversible: true, database: DB }\n  - setWeight: 10\n", "missing-key", "steps[3].migrate.reversible", "needs the files that undo it", null)]
    [InlineData("- setWeight: 10\n", "- migrate: { up: [a.sql] }\n  - setWeight: 10\n", "unknown-variable", "steps[3].migrate", "DATABASE_URL, which 'production' does not declare", null)]
    public void A_fault_is_named_with_its_place_and_what_to_write(
        string from, string to, string code, string path, string message, string? suggestion)
    {
        Assert.Contains(from, Good, StringComparison.Ordinal);

        var compilation = Compile(Good.Replace(from, to, StringComparison.Ordinal), ("smoke.yaml", "checks: [{ path: /health }]"), ("a.sql", "SELECT 1;"));

        Assert.Null(compilation.Plan);
        var fault = compilation.Faults.FirstOrDefault(f => f.Code == code && f.Path == path);
        Assert.True(fault is not null, $"Expected {code} at {path}, found:\n{string.Join("\n", compilation.Faults)}");
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.True(suggestion is null || fault.Suggestion?.Contains(suggestion, StringComparison.Ordinal) == true, fault.ToString());
        Assert.True(fault is { Line: > 0, Column: > 0 }, fault.ToString());
    }

    [Fact]
    public void Every_fault_is_reported_with_its_line_not_only_the_first()
    {
        var compilation = Compile("""
            schema: 1
            service: shop
            environments:
              production:
                platform: { kind: process, comand: [shop], replicas: 99 }
                router: { kind: gatway }
            steps:
              - deploy: { environment: production, weight: lots }
              - soak: { duration: soon, evry: 30s }
              - hlod: 1h
            """);

        Assert.Equal(
            [
                (5, "missing-key"), (5, "unknown-key"), (5, "out-of-range"), (6, "unknown-kind"), (8, "bad-number"), (9, "bad-duration"), (9, "unknown-key"),
                (10, "unknown-step"),
            ],
            compilation.Faults.Select(f => (f.Line, f.Code)));
    }

    [Theory]
    [InlineData("", "empty", 1)]
    [InlineData("# only a comment\n", "empty", 1)]
    [InlineData("schema: 1\n\tservice: x\n", "syntax", 2)]
    [InlineData("a: [1, 2\nb: 3", "syntax", 1)]
    [InlineData("schema: &one 1\nservice: shop\n", "anchor", 1)]
    [InlineData("schema: 1\nservice: !!str shop\n", "tag", 2)]
    [InlineData("schema: 1\n---\nschema: 1\n", "several-documents", 2)]
    [InlineData("just text", "wrong-type", 1)]
    [InlineData("[1, 2]", "wrong-type", 1)]
    public void What_is_no_plan_at_all_is_refused_with_its_line(string text, string code, int line)
    {
        Assert.Contains((code, line), Compile(text).Faults.Select(f => (f.Code, f.Line)));
    }

    [Fact]
    public void A_hundred_thousand_brackets_are_refused_before_a_tree_is_built()
    {
        Assert.Equal("too-deep", Assert.Single(Compile(new string('[', 100_000)).Faults).Code);
        Assert.Equal("too-deep", Assert.Single(Compile(string.Concat(Enumerable.Repeat("{a: ", 100_000))).Faults).Code);
    }

    [Fact]
    public void Too_many_values_or_bytes_are_refused()
    {
        Assert.Equal("too-large", Assert.Single(Compile("[" + string.Concat(Enumerable.Repeat("1,", 30_000)) + "]").Faults).Code);
        Assert.Equal("too-large", Assert.Single(Compile(Good, ("big.sql", new string('x', Bundle.MaxBytes))).Faults).Code);
    }

    [Fact]
    public void A_plan_in_JSON_is_the_same_plan()
    {
        const string json = """
            {
            	"schema": 1, "service": "shop",
            	"environments": { "production": {
            		"platform": { "kind": "process", "command": ["sh\u006fp"] },
            		"router": { "kind": "gateway", "listen": "127.0.0.1:8080" } } },
            	"steps": [ { "deploy": { "environment": "production" } }, { "setWeight": 10 }, { "soak": "15m" }, { "setWeight": 100 } ]
            }
            """;

        var plan = Compile(json).Plan;

        Assert.NotNull(plan);
        Assert.Equal(["shop"], Assert.IsType<PlatformSpec.Process>(plan.Environments[0].Platform).Command);
        Assert.Equal(["deploy production", "setWeight 10 %", "soak 15m", "setWeight 100 %"], plan.Steps.Select(s => s.Title));
    }

    [Theory]
    [InlineData("- setWeight: 100\n", "- setWeight: 5\n  - setWeight: 100\n", "weight-falls", "falls from 10 % to 5 %")]
    [InlineData("  - setWeight: 100\n  - hold: 1h", "", "not-promoted", "ends with the new revision at 10 %")]
    [InlineData("listen: \"127.0.0.1:8080\" }", "listen: \"127.0.0.1:8080\" }\n    traffic: 20rps", "short-soak", "errors × 2 would be seen in")]
    [InlineData("listen: \"127.0.0.1:8080\" }", "listen: \"127.0.0.1:8080\" }\n    traffic: 3rpm", "short-soak", "At 0.05 requests a second")]
    [InlineData("duration: 15m", "duration: 15m, every: 5m, glance: 5m", "slow-detection", "seen within 10m")]
    [InlineData("duration: 1h", "duration: 1h, minRequests: 5", "no-effect", "no effect on the wall clock")]
    [InlineData("kind: gateway, listen: \"127.0.0.1:8081\"", "kind: none", "no-metrics", "looks at health only")]
    [InlineData("service: shop", "service: shop", "unused-file", "nothing names it")]
    public void What_works_but_deserves_a_look_is_a_warning(string from, string to, string code, string message)
    {
        var compilation = Compile(Good.Replace(from, to, StringComparison.Ordinal), ("notes.txt", "hello"));

        Assert.Empty(compilation.Faults);
        Assert.Contains(compilation.Warnings, w => w.Code == code && w.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_random_edit_of_the_example_never_throws_and_a_refusal_always_says_why()
    {
        var random = new Random(7);
        var text = Example.Bundle.Plan;
        for (var i = 0; i < 500; i++)
        {
            var at = random.Next(text.Length);
            var length = Math.Min(random.Next(12), text.Length - at);
            var piece = text[at..(at + length)];
            var edited = text[..at] + (random.Next(3) == 0 ? piece + piece : "") + text[(at + length)..];

            var compilation = PlanCompiler.Compile(Example.Bundle with { Plan = edited });

            Assert.Equal(compilation.Plan is null, compilation.Faults.Count > 0);
            Assert.NotNull(PlanFiles.Referenced(edited));
        }
    }

    private static PlanCompilation Compile(string plan, params (string Path, string Text)[] files) =>
        PlanCompiler.Compile(new Bundle(plan, files.ToDictionary(f => f.Path, f => f.Text)));
}
