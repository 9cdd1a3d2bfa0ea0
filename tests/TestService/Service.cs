using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sluice.TestService;

/// <summary>
/// A service with one fault per switch: <c>crash</c>, <c>unhealthy</c>, <c>stubborn</c>, <c>ready-after=MS</c>, <c>fail-every=N</c> (each
/// Nth user's request), <c>crash-on-request</c> (of a user).
/// </summary>
internal static class Service
{
    private static readonly ConcurrentDictionary<string, bool> Flags = new();
    private static int _slow;
    private static int _failEvery;
    private static int _requests;

    public static async Task<int> RunAsync(string[] switches)
    {
        Console.WriteLine($"comes up with {string.Join(' ', switches)}");
        if (switches.Contains("crash"))
        {
            Console.WriteLine("cannot find the thing it needs");
            return 3;
        }

        if (switches.Contains("stubborn"))
        {
            System.Runtime.InteropServices.PosixSignalRegistration.Create(
                System.Runtime.InteropServices.PosixSignal.SIGTERM, signal => signal.Cancel = true);
        }

        Flags["unhealthy"] = switches.Contains("unhealthy");
        if (switches.FirstOrDefault(s => s.StartsWith("ready-after=", StringComparison.Ordinal)) is { } delay)
        {
            Flags["unhealthy"] = true;
            _ = Task.Delay(int.Parse(delay.Split('=')[1], CultureInfo.InvariantCulture)).ContinueWith(_ => Flags["unhealthy"] = false, TaskScheduler.Default);
        }

        if (switches.FirstOrDefault(s => s.StartsWith("fail-every=", StringComparison.Ordinal)) is { } every)
        {
            _failEvery = int.Parse(every.Split('=')[1], CultureInfo.InvariantCulture);
        }

        Flags["crash-on-request"] = switches.Contains("crash-on-request");
        using var listener = new TcpListener(IPAddress.Loopback, int.Parse(Environment.GetEnvironmentVariable("PORT")!, CultureInfo.InvariantCulture));
        listener.Start();
        while (true)
        {
            _ = ServeAsync(await listener.AcceptTcpClientAsync());
        }
    }

    private static async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.Latin1);
                while (await reader.ReadLineAsync() is { } request)
                {
                    while (await reader.ReadLineAsync() is { Length: > 0 })
                    {
                    }

                    var (status, body) = await AnswerAsync(request.Split(' ')[1]);
                    var head = $"HTTP/1.1 {status} Any\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n";
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(head + body));
                }
            }
            catch (IOException)
            {
                // The other side left.
            }
        }
    }

    private static async Task<(int Status, string Body)> AnswerAsync(string path)
    {
        switch (path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            case ["health"]:
                return (Flags["unhealthy"] ? 503 : 200, "");
            case ["set", "unhealthy", var value]:
                Flags["unhealthy"] = value == "on";
                return (200, "");
            case ["variable", var name]:
                return (200, Environment.GetEnvironmentVariable(name) ?? "(none)");
            case ["print", var megabytes]:
                for (var i = 0; i < int.Parse(megabytes, CultureInfo.InvariantCulture) * 1024; i++)
                {
                    Console.WriteLine(new string('x', 1023));
                }

                return (200, "");
            case ["slow", var milliseconds]:
                Interlocked.Increment(ref _slow);
                await Task.Delay(int.Parse(milliseconds, CultureInfo.InvariantCulture));
                return (200, "slow");
            case ["slow-count"]:
                return (200, Volatile.Read(ref _slow).ToString(CultureInfo.InvariantCulture));
            default:
                if (Flags["crash-on-request"])
                {
                    Environment.Exit(4);
                }

                var fails = _failEvery > 0 && Interlocked.Increment(ref _requests) % _failEvery == 0;
                return (fails ? 500 : 200, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
    }
}
