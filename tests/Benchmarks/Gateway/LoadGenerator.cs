using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Benchmarks.Gateway;

/// <summary>What a run saw.</summary>
/// <param name="Answered">Complete answers with status 200.</param>
/// <param name="Lost">Requests with another answer or none.</param>
/// <param name="Seconds">How long it ran.</param>
/// <param name="Latencies">In milliseconds, in ascending order; of open-loop runs only.</param>
internal sealed record LoadResult(long Answered, long Lost, double Seconds, double[] Latencies)
{
    public double PerSecond => Answered / Seconds;

    /// <summary>The nearest-rank percentile, in milliseconds.</summary>
    public double Percentile(double p) => Latencies[(int)Math.Ceiling(p * Latencies.Length) - 1];
}

/// <summary>One thread with keep-alive connections. Closed loop: each sends again when answered. Open loop: by the clock.</summary>
internal sealed class LoadGenerator : IDisposable
{
    private const int Connections = 32;
    private const int BodyLength = 2;

    private readonly Dictionary<int, Connection> _connections = [];
    private readonly Epoll _epoll = new();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Queue<Connection> _free = new();
    private readonly Queue<long> _due = new();
    private readonly List<double> _latencies = [];
    private long _answered;
    private long _lost;

    public LoadGenerator(int port)
    {
        for (var i = 0; i < Connections; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
            socket.Blocking = false;
            var connection = new Connection(socket);
            _connections.Add(connection.Descriptor, connection);
            _epoll.Watch(connection.Descriptor);
            _free.Enqueue(connection);
        }
    }

    private static ReadOnlySpan<byte> Request => "GET /v1/models?limit=1 HTTP/1.1\r\nHost: bench.example\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n"u8;

    /// <summary>As many requests as the connections carry.</summary>
    public LoadResult RunClosed(TimeSpan duration, CancellationToken stop = default)
    {
        var started = Stopwatch.GetTimestamp();
        while (_free.TryDequeue(out var connection))
        {
            Send(connection, 0);
        }

        while (Stopwatch.GetElapsedTime(started) < duration && !stop.IsCancellationRequested)
        {
            Receive(timer: -1, connection => Send(connection, 0));
        }

        return Finish(started);
    }

    /// <summary>So many requests per second whatever the answers do; latency counts from the moment a request was due.</summary>
    public LoadResult RunOpen(TimeSpan duration, int perSecond)
    {
        var interval = TimeSpan.FromSeconds(1.0 / perSecond);
        var timer = Epoll.CreateTimer(interval);
        _epoll.Watch(timer);
        var started = Stopwatch.GetTimestamp();
        var sent = 0L;
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            Receive(timer, _free.Enqueue);
            for (; Stopwatch.GetElapsedTime(started) >= interval * sent; sent++)
            {
                _due.Enqueue(started + (long)(interval.TotalSeconds * sent * Stopwatch.Frequency));
            }

            while (_due.Count > 0 && _free.TryDequeue(out var connection))
            {
                Send(connection, _due.Dequeue());
            }
        }

        var result = Finish(started);
        Epoll.Close(timer);
        return result;
    }

    public void Dispose()
    {
        foreach (var connection in _connections.Values)
        {
            connection.Socket.Dispose();
        }

        _epoll.Dispose();
    }

    private LoadResult Finish(long started)
    {
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var answered = _answered;

        // What is under way must end too: two seconds are forever here.
        var waiting = Stopwatch.GetTimestamp();
        while (_connections.Values.Any(c => c.IsBusy) && Stopwatch.GetElapsedTime(waiting) < TimeSpan.FromSeconds(2))
        {
            Receive(timer: -1, _ => { });
        }

        _lost += _connections.Values.Count(c => c.IsBusy);
        _latencies.Sort();
        return new LoadResult(answered, _lost, seconds, [.. _latencies]);
    }

    private void Send(Connection connection, long due)
    {
        connection.IsBusy = true;
        connection.Due = due;
        connection.Length = 0;
        if (Epoll.Send(connection.Descriptor, Request) != Request.Length)
        {
            Lose(connection);
        }
    }

    private void Receive(int timer, Action<Connection> answered)
    {
        var ready = _epoll.Wait(100);
        for (var i = 0; i < ready; i++)
        {
            var descriptor = _epoll.Ready(i);
            if (descriptor == timer)
            {
                Epoll.Drain(timer);
            }
            else if (_connections.TryGetValue(descriptor, out var connection) && Read(connection))
            {
                answered(connection);
            }
        }
    }

    private bool Read(Connection connection)
    {
        var answer = connection.Buffer;
        var received = Epoll.Receive(connection.Descriptor, answer.AsSpan(connection.Length));
        if (received <= 0)
        {
            Lose(connection);
            return false;
        }

        connection.Length += received;
        var data = answer.AsSpan(0, connection.Length);
        var head = data.IndexOf("\r\n\r\n"u8);
        if (head < 0 || data.Length < head + 4 + BodyLength)
        {
            return false;
        }

        if (!data.StartsWith("HTTP/1.1 200 "u8) || !data[(head + 4)..].SequenceEqual("ok"u8))
        {
            Lose(connection);
            return false;
        }

        connection.IsBusy = false;
        _answered++;
        if (connection.Due != 0)
        {
            _latencies.Add(Stopwatch.GetElapsedTime(connection.Due).TotalMilliseconds);
        }

        return true;
    }

    private void Lose(Connection connection)
    {
        _lost++;
        _connections.Remove(connection.Descriptor);
        connection.Socket.Dispose();
    }

    private sealed class Connection(Socket socket)
    {
        public Socket Socket => socket;

        public int Descriptor { get; } = (int)socket.Handle;

        public byte[] Buffer { get; } = new byte[4096];

        public int Length { get; set; }

        public bool IsBusy { get; set; }

        public long Due { get; set; }
    }
}
