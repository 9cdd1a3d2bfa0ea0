using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Domain.Plans;
using Sluice.Platforms.Simulated;
using Sluice.Registry;
using Sluice.Testing;

namespace Sluice.Cli.Tests;

/// <summary><c>replay --last</c>: a server is asked what its last releases did, and another plan judges them.</summary>
public sealed class ReplayTests
{
    private const string Variables = "variables:\n  TOKEN: { format: secret, fromSecret: token }\n";

    [Fact]
    public async Task The_last_releases_of_a_server_are_judged_by_another_plan_beside_what_became_of_them()
    {
        using var folder = new TemporaryFolder();
        using var data = new TemporaryFolder();
        await RecordAsync(data.Path);
        folder.Write("variables.yaml", Variables);
        var same = folder.Write("same.yaml", Plan("10m"));
        var patient = folder.Write("patient.yaml", Plan("1h"));
        await using var server = await Serving.StartAsync(data.Path);

        var (code, output, error) = await Capture.RunAsync("replay", same, "--last", "9", "--data", data.Path);
        var other = await ReleasesAsync("replay", patient, "--last", "9", "--data", data.Path, "--json");
        var newest = await ReleasesAsync("replay", same, "--last", "1", "--data", data.Path, "--json");

        Assert.True(code == 0, error);
        Assert.Matches(@"v3\.0\.0 +RolledBack +rolls back [^\n]+\nv2\.0\.0 +Success +promotes ", output);
        // An hour's soak warms up for longer than the bad release was recorded, and lasts longer than the good one.
        Assert.Equal([("v3.0.0", "RolledBack", "Inconclusive"), ("v2.0.0", "Success", "Inconclusive")], other);
        Assert.Equal([("v3.0.0", "RolledBack", "Fail")], newest);
    }

    [Fact]
    public async Task A_faulty_table_is_2_with_every_fault_and_its_line()
    {
        using var folder = new TemporaryFolder();
        folder.Write("variables.yaml", Variables);
        var series = folder.Write("counts.csv", "minute,canaryRequests,canaryErrors,stableRequests,stableErrors\n0,600,601,5400,27\n1,x,2,5410,31\n");

        var (code, output, error) = await Capture.RunAsync("replay", folder.Write("plan.yaml", Plan("10m")), "--series", series);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains($"{series}:2", error, StringComparison.Ordinal);
        Assert.Contains($"{series}:3", error, StringComparison.Ordinal);
    }

    /// <summary>A good release and a bad one, recorded as rollouts record them, in a server's registry.</summary>
    private static async Task RecordAsync(string folder)
    {
        await using var sim = await Simulation.StartAsync();
        sim.World.Seed("v1.0.0");
        sim.World.Secrets["token"] = "token";
        sim.World.Versions["v3.0.0"] = new Behaviour { ErrorRate = _ => 0.2 };
        var bundle = new Bundle(Plan("10m"), new Dictionary<string, string> { ["variables.yaml"] = Variables });
        await sim.RunAsync(bundle, "v2.0.0");
        await sim.RunAsync(bundle, "v3.0.0");

        await using var registry = await SluiceRegistry.OpenAsync(folder, null, NullLogger<SluiceRegistry>.Instance, default);
        await registry.Deployments.PutBundleAsync(bundle, default);
        foreach (var rollout in sim.Registry.Rollouts)
        {
            await registry.Deployments.AddRolloutAsync(rollout, default);
            await registry.Deployments.SetRolloutStatusAsync(rollout.Id, rollout.StatusSequence, rollout.Status!, default);
        }

        foreach (var deployment in sim.Registry.Deployments)
        {
            await registry.Deployments.PutDeploymentAsync(deployment, default);
        }

        foreach (var happened in sim.Registry.Events)
        {
            await registry.Events.AppendAsync(happened, default);
        }
    }

    private static async Task<List<(string Name, string Then, string Verdict)>> ReleasesAsync(params string[] command)
    {
        var (code, output, error) = await Capture.RunAsync(command);
        Assert.True(code == 0, error);
        return [.. JsonDocument.Parse(output).RootElement.EnumerateArray().Select(r => (
            r.GetProperty("name").GetString()!, r.GetProperty("then").GetString()!, r.GetProperty("now").GetProperty("verdict").GetString()!))];
    }

    private static string Plan(string soak) => $$"""
        schema: 1
        service: shop
        environments:
          production:
            platform: { kind: process, command: [run, "{version}"], directory: ., portVariable: PORT, health: /health, readyWithin: 60s, replicas: 1, stopWithin: 30s }
            router:   { kind: gateway, listen: "127.0.0.1:8080" }
            metrics:  { kind: gateway }
            variables: variables.yaml
            verifyRollbackAfter: 0s
        steps:
          - deploy: { environment: production }
          - setWeight: 10
          - soak: { duration: {{soak}}, every: 30s }
          - setWeight: 100
        analysis:
          metrics: [ { name: errors, limit: 0.05 } ]
        """;
}
