using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Testing;

/// <summary>Ports that nobody listens on at the moment.</summary>
public static class FreePort
{
    private const string SystemsRange = "/proc/sys/net/ipv4/ip_local_port_range";

    private static readonly int First = Random.Shared.Next(1 << 16);
    private static int _drawn;

    /// <summary>One of the loopback address: the kernel hands it out, and the program that is told it takes it a moment later.</summary>
    public static int Next()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>
    /// One of the loopback address for a listener that comes later, and comes back after it was killed: outside of the range from which the
    /// system hands ports out, and never given twice by this process.
    /// </summary>
    public static int Reserved()
    {
        // The wider of the two parts that the system leaves alone: some systems hand out everything above 16,000, others from 32,768 on.
        var (low, high) = HandedOut();
        var (from, to) = low - 10_000 >= 65_536 - high ? (10_000, low) : (high + 1, 65_536);
        if (from >= to)
        {
            return Next();
        }

        for (var tries = 0; tries < to - from; tries++)
        {
            var port = from + ((First + Interlocked.Increment(ref _drawn)) % (to - from));
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }

        throw new InvalidOperationException($"Every port from {from} to {to - 1} is taken.");
    }

    private static (int Low, int High) HandedOut()
    {
        // ip(7): two numbers, both inclusive. Elsewhere the range that IANA keeps for this.
        if (!File.Exists(SystemsRange))
        {
            return (49_152, 65_535);
        }

        var ends = File.ReadAllText(SystemsRange).Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[1], CultureInfo.InvariantCulture));
    }
}
