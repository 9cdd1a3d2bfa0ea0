using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Platforms.Gateway;

/// <summary>One revision behind a listener: its replicas' connections, its requests in flight and its counters.</summary>
internal sealed class Revision(string name, DataPlaneOptions options) : IDisposable
{
    private readonly Dictionary<IPEndPoint, UpstreamPool> _pools = [];
    private TaskCompletionSource? _idle;
    private int _inFlight;
    private uint _turn;

    public string Name { get; } = name;

    /// <summary>The same for the same name in every process: sticky cookies outlive the gateway that set them.</summary>
    public ulong Id { get; } = BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    public RevisionCounters Counters { get; } = new();

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>A number that differs from one request to the next, so that replicas take turns.</summary>
    public uint NextTurn() => Interlocked.Increment(ref _turn);

    public void Enter() => Interlocked.Increment(ref _inFlight);

    public void Leave()
    {
        if (Interlocked.Decrement(ref _inFlight) == 0)
        {
            Volatile.Read(ref _idle)?.TrySetResult();
        }
    }

    /// <summary>Completes at a moment with no request in flight.</summary>
    public Task WhenIdleAsync()
    {
        TaskCompletionSource idle;
        lock (_pools)
        {
            idle = _idle is { Task.IsCompleted: false } waiting ? waiting : new(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _idle, idle);
        }

        if (InFlight == 0)
        {
            idle.TrySetResult();
        }

        return idle.Task;
    }

    /// <summary>Makes these the revision's replicas; called under the listener's lock.</summary>
    public UpstreamPool[] SetEndpoints(IReadOnlyList<IPEndPoint> endpoints)
    {
        foreach (var pool in Pools())
        {
            if (!endpoints.Contains(pool.Endpoint))
            {
                pool.Retire();
            }
        }

        return [.. endpoints.Distinct().Select(PoolOf)];
    }

    /// <summary>Cuts what is in flight.</summary>
    public void Cut()
    {
        foreach (var pool in Pools())
        {
            pool.AbortAll();
        }
    }

    /// <summary>Cuts exchanges that stand still and closes connections that nobody has used for long.</summary>
    public void Sweep()
    {
        foreach (var pool in Pools())
        {
            pool.Sweep();
        }

        lock (_pools)
        {
            foreach (var pool in _pools.Values)
            {
                if (pool.IsRetired && pool.IsEmpty)
                {
                    _pools.Remove(pool.Endpoint);
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (var pool in Pools())
        {
            pool.Retire();
            pool.AbortAll();
        }
    }

    private UpstreamPool[] Pools()
    {
        lock (_pools)
        {
            return [.. _pools.Values];
        }
    }

    private UpstreamPool PoolOf(IPEndPoint endpoint)
    {
        lock (_pools)
        {
            if (!_pools.TryGetValue(endpoint, out var pool))
            {
                _pools.Add(endpoint, pool = new UpstreamPool(endpoint, options));
            }

            pool.Revive();
            return pool;
        }
    }
}
