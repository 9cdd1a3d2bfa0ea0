using Sluice.Benchmarks.Gateway;

// The first argument names the benchmark. `gateway-backend` and `gateway-proxy` are processes that the gateway's benchmark starts.
return args switch
{
    ["gateway", .. var rest] when rest is [] or ["--json"] => await GatewayBenchmark.RunAsync(json: rest.Length > 0),
    ["gateway-backend"] => Backend.Run(),
    ["gateway-proxy", .. var ports] => await Proxy.RunAsync([.. ports.Select(int.Parse)]),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: Benchmarks gateway [--json]");
    return 2;
}
