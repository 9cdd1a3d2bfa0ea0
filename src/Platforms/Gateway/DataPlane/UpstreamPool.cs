using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Platforms.Gateway;

/// <summary>The connections to one replica: those that wait for a request and those that carry one.</summary>
internal sealed class UpstreamPool(IPEndPoint endpoint, DataPlaneOptions options)
{
    private const int MaxIdle = 256;

    private readonly ConcurrentDictionary<UpstreamConnection, bool> _all = new();
    private readonly Lock _lock = new();

    // Used from its end, so that the connections at its start grow old and are closed.
    private readonly List<UpstreamConnection> _idle = [];
    private bool _retired;

    public IPEndPoint Endpoint => endpoint;

    public bool IsRetired
    {
        get
        {
            lock (_lock)
            {
                return _retired;
            }
        }
    }

    public bool IsEmpty => _all.IsEmpty;

    /// <summary>A connection that has served a request before, or null.</summary>
    /// <param name="alive">Whether to ask the operating system first if the replica has closed it: for requests that cannot be repeated.</param>
    public UpstreamConnection? TryTake(bool alive)
    {
        while (true)
        {
            UpstreamConnection connection;
            lock (_lock)
            {
                if (_idle.Count == 0)
                {
                    return null;
                }

                connection = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
            }

            if ((!alive || connection.LooksAlive) && connection.TryBegin(options.ForwardTimeout))
            {
                return connection;
            }

            Close(connection);
        }
    }

    /// <summary>A new connection.</summary>
    /// <exception cref="SocketException">The replica refused.</exception>
    /// <exception cref="TimeoutException">It did not answer in time.</exception>
    public async ValueTask<UpstreamConnection> ConnectAsync()
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var tooLate = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        try
        {
            await socket.ConnectAsync(endpoint, tooLate.Token);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is OperationCanceledException)
            {
                throw new TimeoutException($"{endpoint} did not accept a connection within {options.ConnectTimeout.TotalSeconds} s.", e);
            }

            throw;
        }

        var connection = new UpstreamConnection(socket, this, options.TimeProvider);

        // Begun before the sweeper can see it: one that has not yet begun looks as if it had stood still for ever.
        connection.TryBegin(options.ForwardTimeout);
        _all[connection] = true;
        return connection;
    }

    /// <summary>Takes a connection back whose exchange ended cleanly, to be used again.</summary>
    public void Return(UpstreamConnection connection)
    {
        if (connection.TryEnd())
        {
            lock (_lock)
            {
                if (!_retired && _idle.Count < MaxIdle)
                {
                    _idle.Add(connection);
                    return;
                }
            }
        }

        Close(connection);
    }

    /// <summary>Ends a connection that cannot be used again.</summary>
    public void Close(UpstreamConnection connection)
    {
        _all.TryRemove(connection, out _);
        connection.Dispose();
    }

    /// <summary>The replica left the table: what waits is closed, what is in flight ends and is closed then.</summary>
    public void Retire()
    {
        UpstreamConnection[] idle;
        lock (_lock)
        {
            _retired = true;
            idle = [.. _idle];
            _idle.Clear();
        }

        foreach (var connection in idle)
        {
            Close(connection);
        }
    }

    /// <summary>The replica is in the table (again).</summary>
    public void Revive()
    {
        lock (_lock)
        {
            _retired = false;
        }
    }

    public void AbortAll()
    {
        foreach (var connection in _all.Keys)
        {
            connection.Abort(AbortReason.Drain);
        }
    }

    public void Sweep()
    {
        var now = options.TimeProvider.GetTimestamp();
        foreach (var connection in _all.Keys)
        {
            connection.AbortIfStalled(now);
        }

        var old = new List<UpstreamConnection>();
        lock (_lock)
        {
            var count = _idle.TakeWhile(c => options.TimeProvider.GetElapsedTime(c.IdleSince, now) >= options.IdleTimeout).Count();
            old.AddRange(_idle.Take(count));
            _idle.RemoveRange(0, count);
        }

        foreach (var connection in old)
        {
            Close(connection);
        }
    }
}
