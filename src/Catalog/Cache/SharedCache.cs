using Microsoft.Extensions.Logging;

namespace Sluice.Catalog.Cache;

/// <summary>
/// What the replicas of the catalogue service and the syncs share in Redis: the generation, which a sync changes after its commits, and
/// answers. It is never needed: whoever finds it away goes on without, and for a second nobody else waits for it.
/// </summary>
/// <param name="redis">Owned by this.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Told when it is away and when it is back.</param>
public sealed class SharedCache(IRedis redis, TimeProvider time, ILogger log) : IAsyncDisposable
{
    /// <summary>The key of the generation.</summary>
    public const string GenerationKey = "sluice:catalog:generation";

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private long _restsUntil = long.MinValue;
    private int _isAway;
    private long _failures;

    /// <summary>Where it is, without secrets.</summary>
    public string Place => redis.Place;

    /// <summary>Commands that went wrong since the start.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>The generation; null when none was ever set.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    public Task<string?> ReadGenerationAsync(CancellationToken cancellationToken) => SendAsync(["GET", GenerationKey], cancellationToken);

    /// <summary>Sets the generation: answers made under another are not given any more. The same again changes nothing.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    public Task WriteGenerationAsync(string generation, CancellationToken cancellationToken) =>
        SendAsync(["SET", GenerationKey, generation], cancellationToken);

    /// <summary>Sets the generation to a sync's id, and says in the log when that could not be done.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    public async Task InvalidateAsync(string syncId, CancellationToken cancellationToken)
    {
        try
        {
            await WriteGenerationAsync(syncId, cancellationToken);
        }
        catch (RedisException e)
        {
            log.CacheNotInvalidated(syncId, e.Message);
            throw;
        }
    }

    /// <summary>A kept text; null when there is none.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    public Task<string?> ReadAsync(string key, CancellationToken cancellationToken) => SendAsync(["GET", key], cancellationToken);

    /// <summary>Keeps a text.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    public Task WriteAsync(string key, string text, TimeSpan lifetime, CancellationToken cancellationToken) =>
        SendAsync(["SET", key, text, "EX", $"{(long)Math.Ceiling(lifetime.TotalSeconds)}"], cancellationToken);

    /// <summary>Asks whether it is there.</summary>
    /// <exception cref="RedisException">It is not.</exception>
    public Task PingAsync(CancellationToken cancellationToken) => SendAsync(["PING"], cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => redis.DisposeAsync();

    private async Task<string?> SendAsync(string[] command, CancellationToken cancellationToken)
    {
        if (time.GetTimestamp() < Interlocked.Read(ref _restsUntil))
        {
            throw new RedisException($"{Place} did not answer a moment ago; it is asked again within {Rest.TotalSeconds:0} s.");
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var reply = await redis.SendAsync(command, either.Token);
            if (Interlocked.Exchange(ref _isAway, 0) == 1)
            {
                log.CacheIsBack(Place);
            }

            return reply;
        }
        catch (OperationCanceledException e) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Away(new RedisException($"{Place} gave no answer in {Patience.TotalMilliseconds:0} ms.", e));
        }
        catch (RedisException e)
        {
            Away(e);
            throw;
        }
    }

    private RedisException Away(RedisException failure)
    {
        Interlocked.Increment(ref _failures);
        Interlocked.Exchange(ref _restsUntil, time.GetTimestamp() + (long)(Rest.TotalSeconds * time.TimestampFrequency));
        if (Interlocked.Exchange(ref _isAway, 1) == 0)
        {
            log.CacheIsAway(failure.Message);
        }

        return failure;
    }
}
