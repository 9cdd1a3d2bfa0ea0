using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Api.Health;

namespace Sluice.Api.Tests;

/// <summary>The doctor, over HTTP.</summary>
public sealed class DiagnosisTests
{
    [Fact]
    public async Task A_rollout_that_waits_for_approval_says_which_event_would_wake_it_and_when_it_gives_up()
    {
        await using var server = await Server.StartAsync();
        var id = await server.StartPausedAsync();

        var (status, body, _) = await server.SendAsync("viewer", "GET", $"/api/instances/{id}/diagnosis");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((id, "Rollout", "Running"), ((string?)body!["instanceId"], (string?)body["name"], (string?)body["status"]));
        Assert.NotEmpty(body["events"]!.AsArray());
        Assert.NotEmpty(body["timers"]!.AsArray());
        Assert.Empty(body["faults"]!.AsArray());
        var reasons = body["reasons"]!.AsArray().Select(r => (string)r!).ToList();
        Assert.Contains(reasons, r => r.StartsWith("It waits for event '", StringComparison.Ordinal));
        Assert.Contains(reasons, r => r.StartsWith("Timer #", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_server_says_what_its_checks_found_what_stands_longest_and_what_has_failed()
    {
        await using var server = await Server.StartAsync(
            services => services
                .AddSingleton(new HealthProbe("disk", _ => throw new IOException("no room")))
                .AddSingleton(new FigureSource("engine", _ => Task.FromResult<IReadOnlyList<Figure>>(
                [
                    new("sluice_engine_activities", "Activities.", FigureKind.Gauge, [new Sample(3, [("state", "running")])]),
                    new("sluice_engine_turns_total", "Turns.", FigureKind.Counter, [new Sample(7, [])]),
                ]))),
            tasks => tasks.AddOrchestrator(new Durable.OrchestratorRef<int, int>("Fails"), _ => new Failing()));
        var id = await server.StartPausedAsync();
        await server.SendAsync(null, "POST", $"/runtime/webhooks/durabletask/orchestrators/Fails/bad?code={Server.SystemKeyText}&timeout=60&pollingInterval=1", "0");

        var (status, body, _) = await server.SendAsync("viewer", "GET", "/api/diagnosis");

        Assert.Equal((HttpStatusCode.OK, "unhealthy"), (status, (string?)body!["status"]));
        Assert.Equal("no room", (string?)Assert.Single(body["checks"]!.AsArray())!["message"]);
        Assert.Equal("sluice_engine_activities running", (string?)Assert.Single(body["gauges"]!.AsArray())!["name"]);
        Assert.Equal(1, (int)body["open"]!);
        Assert.Equal(id, (string?)Assert.Single(body["oldest"]!.AsArray())!["instanceId"]);
        Assert.Empty(body["faulty"]!.AsArray());
        Assert.Equal(("bad", "Broken: it broke."), ((string?)body["latestFailed"]![0]!["instanceId"], (string?)body["latestFailed"]![0]!["failure"]));
    }

    private sealed class Failing : Durable.Orchestrator<int, int>
    {
        public override Task<int> RunAsync(Durable.DurableContext context, int input) => throw new InvalidOperationException("Broken: it broke.");
    }
}
