using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Registry;
using Sluice.Testing;

namespace Sluice.Benchmarks.Engine;

/// <summary>
/// The published week of the largest deployer (Meta's Conveyor, OSDI '23): 30,000 services, 100,000 rollouts. Here each is the product's
/// own rollout of the plan <c>canary</c> behind a day's soak in staging, in virtual time and an imaginary world, engine and registry each in
/// its SQLite file. A part of it runs and is multiplied; half of that part shows whether one rollout costs the same however many there are.
/// </summary>
internal static class Week
{
    private const int Services = 30_000;
    private const int RolloutsInAll = 100_000;

    // Of about 15,000 rollouts at once, each with its soak, none is evicted: a server for so many is told so.
    private const int CachedInAll = 32_000;

    private static readonly TimeSpan Length = TimeSpan.FromDays(7);
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);
    private static readonly TimeSpan BetweenPurges = TimeSpan.FromHours(1);

    private static readonly Dictionary<string, string> Files = new()
    {
        ["variables.yaml"] = "variables:\n  DATABASE_URL: { format: text, value: main.db }\n",
        ["smoke.yaml"] = "checks:\n  - { name: healthy, path: /health }\n",
    };

    public static async Task<Figures> MeasureAsync(string folder, Scale scale)
    {
        var whole = await RunAsync(scale.Week);
        var half = await RunAsync(scale.Week * 2);
        return new Figures
        {
            ["weekCpuMinutes"] = whole["cpuMinutes"] * scale.Week,
            ["weekCostDifference"] = (whole["cpuMillisecondsPerRollout"] / half["cpuMillisecondsPerRollout"]) - 1,
            ["weekCpuMillisecondsPerRollout"] = whole["cpuMillisecondsPerRollout"],
            // What lives in memory grows with the rollouts under way; what the process takes on top of it does not.
            ["weekPeakMiB"] = whole["peakMiB"] + ((whole["liveMiB"] - half["liveMiB"]) * 2 * (scale.Week - 1)),
            ["weekPartPeakMiB"] = whole["peakMiB"],
        };
    }

    /// <summary>In a child: runs one part of the week.</summary>
    public static async Task<int> RunChildAsync(int fraction)
    {
        Self.ExitWithParent();
        var folder = Directory.CreateTempSubdirectory("sluice-week-").FullName;
        try
        {
            Console.WriteLine(await RunPartAsync(fraction, folder));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Figures> RunPartAsync(int fraction, string folder)
    {
        await using var registry = await SluiceRegistry.OpenAsync(folder, connectionString: null, NullLogger<SluiceRegistry>.Instance, default);
        await using var simulation = await Simulation.StartAsync(
            new VirtualEngineOptions { MaxCachedInstances = CachedInAll / fraction, Folder = folder }, registry);
        var engine = simulation.Engine;
        var services = Services / fraction;
        var rollouts = RolloutsInAll / fraction;
        for (var i = 0; i <= services; i++)
        {
            simulation.World.Seed("v0.1.0", Staging(i));
            simulation.World.Seed("v0.1.0", Production(i));
        }

        // The first rollout, of one service more, is the compiler's.
        await simulation.EndOfAsync(await simulation.StartRolloutAsync(Canary(services), "v1.0.0", "first"));

        var ids = new List<string>();
        var (begun, cpu) = (engine.Now, Environment.CpuUsage.TotalTime);
        var purge = begun + Kept;
        var live = 0L;
        for (var i = 0; i < rollouts; i++)
        {
            await AdvanceAsync(begun + (Length / rollouts * i));
            var service = i % services;
            ids.Add(await simulation.StartRolloutAsync(Canary(service), $"v1.{i / services}.0", $"{service}-{i}"));
        }

        // The last ones end a day and a half after the week.
        await AdvanceAsync(begun + Length + TimeSpan.FromHours(36));
        var used = Environment.CpuUsage.TotalTime - cpu;
        foreach (var id in ids)
        {
            if ((await registry.Deployments.GetRolloutAsync(id, default))?.Status is not { Outcome: Outcome.Promoted })
            {
                throw new InvalidOperationException($"{id} was not promoted: {await simulation.StatusAsync(id)}");
            }
        }

        using var self = Process.GetCurrentProcess();
        return new Figures
        {
            ["cpuMinutes"] = used.TotalMinutes,
            ["cpuMillisecondsPerRollout"] = used.TotalMilliseconds / rollouts,
            ["peakMiB"] = self.PeakWorkingSet64 / 1024.0 / 1024.0,
            ["liveMiB"] = live / 1024.0 / 1024.0,
        };

        async Task AdvanceAsync(DateTimeOffset moment)
        {
            while (purge < moment)
            {
                await engine.AdvanceAsync(purge - engine.Now);
                await engine.Client.PurgeAllInstancesAsync(new PurgeFilter(CreatedTo: purge - Kept));
                await registry.Events.PurgeEventsAsync(purge - Kept, default);
                purge += BetweenPurges;
                if (purge.Hour == 0)
                {
                    live = Math.Max(live, GC.GetTotalMemory(forceFullCollection: true));
                }
            }

            await engine.AdvanceAsync(moment - engine.Now);
        }
    }

    private static async Task<Figures> RunAsync(int fraction)
    {
        using var child = Process.Start(Self.StartInfo("engine-week", $"{fraction}"))!;
        var output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        return child.ExitCode == 0 ? Figures.Parse(output) : throw new InvalidOperationException($"The week's part 1/{fraction} ended with {child.ExitCode}.");
    }

    // Environments by service: the imaginary world knows places by their environment's name.
    private static string Staging(int service) => $"staging-{service}";

    private static string Production(int service) => $"production-{service}";

    private static Bundle Canary(int service) => new(
        $$"""
        schema: 1
        service: s{{service}}
        environments:
          {{Staging(service)}}:
            platform: { kind: process, command: [run, "{version}"], directory: ., portVariable: PORT, health: /health, readyWithin: 60s, replicas: 1, stopWithin: 30s }
            router:   { kind: gateway, listen: "127.0.0.1:8081" }
            variables: variables.yaml
          {{Production(service)}}:
            platform: { kind: process, command: [run, "{version}"], directory: ., portVariable: PORT, health: /health, readyWithin: 60s, replicas: 1, stopWithin: 30s }
            router:   { kind: gateway, listen: "127.0.0.1:8080" }
            metrics:  { kind: gateway }
            variables: variables.yaml
        steps:
          - deploy: { environment: {{Staging(service)}}, weight: 100 }
          - smoke:  { environment: {{Staging(service)}}, suite: smoke.yaml }
          - soak:   { environment: {{Staging(service)}}, duration: 24h, every: 5m, glance: 5m, clock: wall }
          - deploy: { environment: {{Production(service)}} }
          - smoke:  { environment: {{Production(service)}}, suite: smoke.yaml }
          - setWeight: 10
          - soak: { duration: 15m, every: 30s }
          - setWeight: 100
          - hold: 1h
        analysis:
          metrics: [ { name: errors, limit: 0.01 }, { name: latency-p99, limit: 500ms } ]
        """,
        Files);
}
