using System.Net;
using System.Net.Sockets;

namespace Sluice.Platforms.Tests.Gateway;

/// <summary>A replica of a revision that does with each connection what the test says.</summary>
internal sealed class RawReplica : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<string> _heads = [];
    private readonly List<Exception> _failures = [];
    private int _connections;

    private RawReplica(Func<RawConnection, int, Task> serve)
    {
        _listener.Start();
        _ = AcceptAsync(serve);
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The heads of the requests that came, where the replica reads whole messages.</summary>
    public IReadOnlyList<string> Heads
    {
        get
        {
            lock (_heads)
            {
                return [.. _heads];
            }
        }
    }

    /// <summary>Serves each connection by code, which gets the connection's number from 1.</summary>
    public static RawReplica Serving(Func<RawConnection, int, Task> serve) => new(serve);

    public static RawReplica Serving(Func<RawConnection, Task> serve) => new((connection, _) => serve(connection));

    /// <summary>Answers every request, whatever its body, with the same bytes.</summary>
    public static RawReplica Answering(string answer) => Answering(_ => answer);

    /// <summary>Answers every request by its head and body.</summary>
    public static RawReplica Answering(Func<(string Head, string Body), string> answer)
    {
        RawReplica replica = null!;
        replica = new RawReplica(async (connection, _) =>
        {
            while (true)
            {
                var message = await connection.ReadMessageAsync();
                if (message.Head.Length == 0)
                {
                    return;
                }

                lock (replica._heads)
                {
                    replica._heads.Add(message.Head);
                }

                await connection.SendAsync(answer(message));
            }
        });
        return replica;
    }

    /// <summary>An answer with a length.</summary>
    public static string Answer(int status = 200, string body = "ok", string fields = "") =>
        $"HTTP/1.1 {status} Some Reason\r\nContent-Length: {body.Length}\r\n{fields}\r\n{body}";

    /// <summary>An address on which nobody listens.</summary>
    public static IPEndPoint Nobody()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync(Func<RawConnection, int, Task> serve)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            socket.NoDelay = true;
            _ = ServeAsync(socket, Interlocked.Increment(ref _connections), serve);
        }
    }

    private async Task ServeAsync(Socket socket, int number, Func<RawConnection, int, Task> serve)
    {
        using var connection = new RawConnection(socket);
        try
        {
            await serve(connection, number);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            lock (_failures)
            {
                _failures.Add(e);
            }
        }
    }
}
