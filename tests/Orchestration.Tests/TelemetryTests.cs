using System.Diagnostics;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Telemetry;
using Sluice.Platforms.Simulated;
using Sluice.Testing;

namespace Sluice.Orchestration.Tests;

/// <summary>What whole rollouts trace and measure. Each test has a service of its own, as listeners hear everybody.</summary>
public sealed class TelemetryTests
{
    private const string Steps = """
          - deploy: { environment: production }
          - smoke: { suite: smoke.yaml }
          - baseline: { path: /, requests: 10, concurrency: 1 }
          - setWeight: 10
          - soak: { duration: 15m, every: 1m, warmup: 10s }
          - setWeight: 100
          - hold: { duration: 10m, every: 1m }
        """;

    [Fact]
    public async Task A_rollout_is_one_trace_with_a_span_for_every_activity_also_of_its_children()
    {
        using var recorder = new Recorder();
        await using var sim = await StartAsync(bad: false);

        var id = await RunAsync(sim, "trace-good", Outcome.Promoted);

        var spans = recorder.Of(id);
        Assert.All(spans, s => Assert.Equal(RolloutTrace.IdOf(id), s.TraceId));
        var activities = spans.Where(s => s.DisplayName.StartsWith("activity ", StringComparison.Ordinal)).ToList();
        Assert.Equal(sim.Engine.ActivitiesActed, activities.Count);
        Assert.Contains(activities, s => s.DisplayName == "activity Look" && s.GetTagItem("sluice.instance_id") is string child && child != id);
        Assert.Single(spans, s => s.DisplayName == "start Rollout");
        var whole = Assert.Single(spans, s => s.DisplayName == "rollout");
        Assert.Equal("Promoted", whole.GetTagItem("sluice.outcome"));
        Assert.True(whole.Duration > TimeSpan.FromMinutes(25), $"{whole.Duration}");
        Assert.DoesNotContain(spans, s => s.Status == ActivityStatusCode.Error);
    }

    [Fact]
    public async Task A_call_of_a_port_is_a_span_below_its_activity()
    {
        using var recorder = new Recorder();
        await using var sim = await StartAsync(bad: false);

        var id = await RunAsync(sim, "trace-ports", Outcome.Promoted);

        var activities = recorder.Of(id).ToDictionary(s => s.SpanId, s => s.DisplayName);
        var calls = recorder.Spans.Where(s => activities.ContainsKey(s.ParentSpanId)).Select(s => (s.DisplayName, activities[s.ParentSpanId])).ToHashSet();
        Assert.Superset(
            new HashSet<(string, string)>
            {
                ("platform StartRevision", "activity StartRevision"),
                ("platform StopRevision", "activity StopRevision"),
                ("router SetTraffic", "activity SetTraffic"),
                ("metrics Read", "activity Look"),
                ("smoke Run", "activity Smoke"),
                ("load-test Run", "activity Baseline"),
            },
            calls);
        Assert.All(recorder.Spans.Where(s => activities.ContainsKey(s.ParentSpanId)), s => Assert.Equal(RolloutTrace.IdOf(id), s.TraceId));
    }

    [Fact]
    public async Task A_rollback_has_its_own_spans_in_the_same_trace()
    {
        using var recorder = new Recorder();
        await using var sim = await StartAsync(bad: true);

        var id = await RunAsync(sim, "trace-bad", Outcome.RolledBack);

        var spans = recorder.Of(id);
        Assert.All(spans, s => Assert.Equal(RolloutTrace.IdOf(id), s.TraceId));
        Assert.Contains(spans, s => s.DisplayName == "activity SetTraffic" && (string?)s.GetTagItem("sluice.instance_id") == $"{id}:rollback");
        Assert.Single(spans, s => s.DisplayName == "rollback");
        var whole = Assert.Single(spans, s => s.DisplayName == "rollout");
        Assert.Equal((ActivityStatusCode.Error, "RolledBack"), (whole.Status, whole.StatusDescription));
    }

    [Fact]
    public async Task The_request_that_starts_a_rollout_and_its_trace_are_linked()
    {
        using var recorder = new Recorder();
        await using var sim = await StartAsync(bad: false);
        using var request = new Activity("request").Start();

        var id = await RunAsync(sim, "trace-link", Outcome.Promoted);

        var start = Assert.Single(recorder.Of(id), s => s.DisplayName == "start Rollout");
        Assert.Equal(request.TraceId, Assert.Single(start.Links).Context.TraceId);
        Assert.Equal(RolloutTrace.IdOf(id), Assert.Single(request.Links).Context.TraceId);
    }

    [Fact]
    public async Task A_good_release_counts_as_such()
    {
        using var recorder = new Recorder();
        await using var sim = await StartAsync(bad: false);

        await RunAsync(sim, "count-good", Outcome.Promoted);

        Assert.Single(recorder.Of("sluice.rollout.started", "count-good"));
        Assert.Equal("Promoted", Assert.Single(recorder.Of("sluice.rollout.ended", "count-good")).Tag("sluice.outcome"));
        Assert.InRange(Assert.Single(recorder.Of("sluice.rollout.duration", "count-good")).Value, 25 * 60, 60 * 60);
        Assert.InRange(Assert.Single(recorder.Of("sluice.rollout.time_to_full", "count-good")).Value, 15 * 60, 25 * 60);
        Assert.Single(recorder.Of("sluice.lock.wait.duration", "count-good"));
        Assert.Contains(recorder.Of("sluice.verdicts", "count-good"), v => (v.Tag("sluice.judge"), v.Tag("sluice.verdict")) == ("look", "Pass"));
        Assert.Single(recorder.Of("sluice.verdicts", "count-good"), v => (v.Tag("sluice.judge"), v.Tag("sluice.verdict")) == ("baseline", "Pass"));
        Assert.Contains(recorder.Of("sluice.look.duration", "count-good"), l => l.Tag("sluice.look") == "full");
        Assert.Contains(recorder.Of("sluice.look.duration", "count-good"), l => l.Tag("sluice.look") == "glance");
        Assert.Empty(recorder.Of("sluice.rollback.started", "count-good"));
    }

    // Every attempt is repeated in some life of the process: the counts stay those of one rollout.
    [Theory]
    [MemberData(nameof(CrashTests.Points), MemberType = typeof(CrashTests))]
    public async Task A_bad_release_counts_once_wherever_the_server_crashes(int activity)
    {
        using var recorder = new Recorder();
        await using var sim = await StartAsync(bad: true);
        sim.Engine.CrashAfterActivity = activity;
        var service = $"count-bad-{activity}";

        await RunAsync(sim, service, Outcome.RolledBack);

        Assert.Single(recorder.Of("sluice.rollout.started", service));
        Assert.Equal("RolledBack", Assert.Single(recorder.Of("sluice.rollout.ended", service)).Tag("sluice.outcome"));
        Assert.Single(recorder.Of("sluice.rollback.started", service));
        Assert.Single(recorder.Of("sluice.rollback.duration", service));
        Assert.Contains(recorder.Of("sluice.verdicts", service), v => v.Tag("sluice.verdict") == "Fail");
    }

    [Fact]
    public async Task A_failed_call_is_told_by_its_code_and_nothing_of_its_message()
    {
        using var recorder = new Recorder();
        await using var sim = await StartAsync(bad: false);
        var failed = false;
        sim.World.Before = (access, _) =>
        {
            if (access == "router.set" && !failed)
            {
                failed = true;
                throw new PlatformException(PlatformError.Throttled, "slow down, my-message");
            }

            return Task.CompletedTask;
        };

        var id = await RunAsync(sim, "code", Outcome.Promoted);

        var attempt = Assert.Single(recorder.Of(id), s => s.Status == ActivityStatusCode.Error);
        Assert.Equal(("activity SetTraffic", "Throttled", "Throttled"), (attempt.DisplayName, attempt.StatusDescription, attempt.GetTagItem("error.type")));
        var call = Assert.Single(recorder.Spans, s => s.ParentSpanId == attempt.SpanId && s.Status == ActivityStatusCode.Error);
        Assert.Equal(("router SetTraffic", "Throttled"), (call.DisplayName, call.StatusDescription));
    }

    [Fact]
    public async Task No_secret_value_file_reason_or_message_is_in_any_span_or_label()
    {
        const string Canary = "Xk7Canary";
        using var recorder = new Recorder();
        await using var sim = await StartAsync(bad: false);
        sim.World.Secrets["token"] = Canary;
        var thrown = new HashSet<string>();
        sim.World.Before = (access, _) => access switch
        {
            // What stands at the front of a message looks like a code.
            "smoke" when thrown.Add(access) => throw new InvalidOperationException($"{Canary}: {Canary}"),
            "platform.start" when thrown.Add(access) => throw new PlatformException(PlatformError.Unreachable, Canary),
            _ => Task.CompletedTask,
        };
        var bundle = Plans.In("""
              - validate: { environment: production }
              - migrate: { environment: production, up: [001_up.sql], down: [001_down.sql], reversible: true }

            """ + Steps);
        bundle = new Bundle(
            bundle.Plan.Replace("service: api", "service: canary", StringComparison.Ordinal),
            new Dictionary<string, string>(bundle.Files)
            {
                ["production.yaml"] = $"variables:\n  DATABASE_URL: {{ format: text, value: {Canary}.db }}\n  TOKEN: {{ format: secret, fromSecret: token, required: false }}\n",
                ["smoke.yaml"] = $"checks:\n  - {{ name: {Canary}, path: /{Canary} }}\n",
                ["001_up.sql"] = $"insert into a values ('{Canary}');\n",
            });
        var id = await sim.StartRolloutAsync(bundle, "v2.0.0");
        await sim.UntilAsync(id, s => s.Weight == 10);
        await sim.SayAsync(id, CommandKind.Abort, reason: Canary);
        await sim.EndOfAsync(id);

        Assert.Equal(["platform.start", "smoke"], thrown.Order());
        Assert.Single(recorder.Of(id), s => s.DisplayName == "rollback");
        Assert.All(recorder.Spans, s => Assert.DoesNotContain(Canary, Text(s), StringComparison.Ordinal));
        Assert.All(recorder.Measurements, m => Assert.DoesNotContain(Canary, string.Join(' ', m.Tags), StringComparison.Ordinal));
        Assert.All(recorder.Measurements, m => Assert.DoesNotContain(m.Tags, t => t.Value is string text && text.Contains(id, StringComparison.Ordinal)));
    }

    private static string Text(Activity span) => string.Join(
        '\n',
        [
            span.OperationName, span.DisplayName, span.StatusDescription, .. span.TagObjects.Select(t => $"{t}"),
            .. span.Baggage.Select(b => $"{b}"), .. span.Events.Select(e => e.Name + string.Join(' ', e.Tags)), .. span.Links.Select(l => $"{l.Tags}"),
        ]);

    private static async Task<Simulation> StartAsync(bool bad)
    {
        var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        if (bad)
        {
            sim.World.Versions["v2.0.0"] = new Behaviour { ErrorRate = _ => 0.6 };
        }

        return sim;
    }

    private static async Task<string> RunAsync(Simulation sim, string service, Outcome outcome)
    {
        var plan = Plans.In(Steps);
        var id = await sim.StartRolloutAsync(
            plan with { Plan = plan.Plan.Replace("service: api", $"service: {service}", StringComparison.Ordinal) }, "v2.0.0");
        Assert.Equal(outcome, (await sim.EndOfAsync(id)).Outcome);
        return id;
    }
}
