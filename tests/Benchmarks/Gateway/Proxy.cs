using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Platforms.Gateway;

namespace Sluice.Benchmarks.Gateway;

/// <summary>The gateway in a process of its own, as in production. A line with a weight on standard input moves the canary to it.</summary>
internal static class Proxy
{
    /// <summary>Runs until standard input ends; prints the port first, then a line for each weight that is in force.</summary>
    public static async Task<int> RunAsync(int[] ports)
    {
        await using var plane = new DataPlane(new DataPlaneOptions(), NullLoggerFactory.Instance);
        Route(0);
        await plane.ListenAsync(new ListenerSpec("bench", "local", "127.0.0.1:0"), CancellationToken.None);
        Console.WriteLine(plane.Address("bench", "local")!.Port);

        while (await Console.In.ReadLineAsync() is { } line)
        {
            Route(int.Parse(line));
            Console.WriteLine(line);
        }

        return 0;

        void Route(int weight) => plane.Route("bench", "local", new RouteTable(
        [
            new("stable", 100 - weight, [new IPEndPoint(IPAddress.Loopback, ports[0])]),
            new("canary", weight, [new IPEndPoint(IPAddress.Loopback, ports[1])]),
        ]));
    }
}
