using System.Net;
using System.Net.Sockets;

namespace Sluice.Benchmarks.Gateway;

/// <summary>The service behind the proxies: one thread that answers every request with the same two bytes.</summary>
internal static class Backend
{
    private static ReadOnlySpan<byte> Answer => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"u8;

    /// <summary>Runs until it is killed or its standard input ends; prints the port first.</summary>
    public static int Run()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port);
        Self.ExitWithParent();

        var sockets = new Dictionary<int, Socket>();
        using var epoll = new Epoll();
        var accepting = (int)listener.Handle;
        epoll.Watch(accepting);
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var ready = epoll.Wait(-1);
            for (var i = 0; i < ready; i++)
            {
                var descriptor = epoll.Ready(i);
                if (descriptor == accepting)
                {
                    var socket = listener.Accept();
                    socket.NoDelay = true;
                    socket.Blocking = false;
                    sockets[(int)socket.Handle] = socket;
                    epoll.Watch((int)socket.Handle);
                    continue;
                }

                // Requests are small and come whole, one at a time.
                var received = Epoll.Receive(descriptor, buffer);
                if (received <= 0)
                {
                    sockets.Remove(descriptor, out var gone);
                    gone?.Dispose();
                }
                else if (buffer.AsSpan(0, received).EndsWith("\r\n\r\n"u8))
                {
                    _ = Epoll.Send(descriptor, Answer);
                }
            }
        }
    }
}
