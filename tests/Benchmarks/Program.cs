using Sluice.Benchmarks.Engine;
using Sluice.Benchmarks.Gateway;

// The first argument names the benchmark. What follows a hyphen in a name is a process that the benchmark starts.
switch (args)
{
    case ["gateway", .. var rest] when rest is [] or ["--json"]:
        return await GatewayBenchmark.RunAsync(json: rest.Length > 0);
    case ["gateway-backend"]:
        return Backend.Run();
    case ["gateway-proxy", .. var ports]:
        return await Proxy.RunAsync([.. ports.Select(int.Parse)]);
    case ["engine", .. var options] when EngineOptionsAre(options, out var only):
        return await EngineBenchmark.RunAsync(options.Contains("--json"), options.Contains("--full"), only);
    case ["engine-part", var name, var size]:
        return await EngineBenchmark.RunPartAsync(name, full: size == "full");
    case ["engine-recovery", var folder, var speed]:
        return await Recovery.RunChildAsync(folder, slow: speed == "slow");
    default:
        await Console.Error.WriteLineAsync($"""
            usage: Benchmarks gateway [--json]
                   Benchmarks engine [--json] [--full] [--only {string.Join('|', EngineBenchmark.Names)}]
            """);
        return 2;
}

static bool EngineOptionsAre(string[] options, out string? only)
{
    var at = Array.IndexOf(options, "--only");
    only = at >= 0 ? options.ElementAtOrDefault(at + 1) : null;
    return (at < 0 || EngineBenchmark.Names.Contains(only)) && options.Where((_, i) => at < 0 || (i != at && i != at + 1)).All(o => o is "--json" or "--full");
}
