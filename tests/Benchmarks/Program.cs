using Sluice.Benchmarks.Catalog;
using Sluice.Benchmarks.Engine;
using Sluice.Benchmarks.Gateway;
using Sluice.Benchmarks.Judgement;
using Sluice.Benchmarks.Sync;

// The first argument names the benchmark. What follows a hyphen in a name is a process that the benchmark starts.
switch (args)
{
    case ["gateway", .. var rest] when rest is [] or ["--json"]:
        return await GatewayBenchmark.RunAsync(json: rest.Length > 0);
    case ["sync", .. var rest] when rest is [] or ["--json"]:
        return await SyncBenchmark.RunAsync(json: rest.Length > 0);
    case ["catalog", .. var rest] when rest is [] or ["--json"]:
        return await CatalogBenchmark.RunAsync(json: rest.Length > 0);
    case ["gateway-backend"]:
        return Backend.Run();
    case ["gateway-proxy", .. var ports]:
        return await Proxy.RunAsync([.. ports.Select(int.Parse)]);
    case ["engine", .. var options] when EngineArguments.Parse(options) is { } engine:
        return await EngineBenchmark.RunAsync(engine.Json, engine.Scale, engine.Only);
    case ["engine-part", var name, var full, var week]:
        return await EngineBenchmark.RunPartAsync(name, Scale.Parse(full, week));
    case ["engine-week", var fraction]:
        return await Week.RunChildAsync(int.Parse(fraction));
    case ["engine-recovery", var folder, var speed]:
        return await Recovery.RunChildAsync(folder, slow: speed == "slow");
    case ["judgement", .. var options] when JudgementArguments.Parse(options) is { } judgement:
        return JudgementBenchmark.Run(judgement);
    default:
        await Console.Error.WriteLineAsync($"""
            usage: Benchmarks gateway [--json]
                   Benchmarks sync [--json]
                   Benchmarks catalog [--json]
                   Benchmarks engine [--json] [--full] [--only {string.Join('|', EngineBenchmark.Names)}] [--week N]
                   (of the simulated week one part in N runs, 20 when not given; --full runs all)
                   Benchmarks judgement [--json] [--full] [--only {string.Join('|', JudgementBenchmark.Parts)}] [--seed N] [--runs N]
            """);
        return 2;
}
