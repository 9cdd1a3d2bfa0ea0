using System.Net;
using System.Net.Sockets;

namespace Sluice.Testing;

/// <summary>Ports that nobody listens on at the moment.</summary>
internal static class FreePort
{
    /// <summary>One of the loopback address: the kernel hands it out, and the program that is told it takes it a moment later.</summary>
    public static int Next()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
