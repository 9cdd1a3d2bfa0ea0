using Sluice.Catalog.Cache;
using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary>
/// What answers are kept under: it changes when a sync has ended, which the database tells, and when the key in Redis changes, which syncs and
/// a refresh by hand set. Looked up every few seconds by the first request that comes then; a look that hangs or fails leaves what was known.
/// </summary>
/// <param name="store">The catalogue.</param>
/// <param name="shared">Redis; null when none is configured.</param>
/// <param name="time">The clock.</param>
internal sealed class Generation(CatalogStore store, SharedCache? shared, TimeProvider time)
{
    /// <summary>How old what is known may be: so soon after a sync are its rows shown.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    // A request waits so long for a look, the look itself goes on.
    private static readonly TimeSpan RequestPatience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LookPatience = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private Known _known = new("", "", null);
    private Task<Known>? _look;

    /// <summary>The generation now.</summary>
    public async ValueTask<string> CurrentAsync()
    {
        var known = Volatile.Read(ref _known);
        if (known.At is { } at && time.GetElapsedTime(at) < Freshness)
        {
            return known.Text;
        }

        try
        {
            return (await LookOnceAsync().WaitAsync(RequestPatience, time)).Text;
        }
        catch (TimeoutException)
        {
            return known.Text;
        }
    }

    /// <summary>Forgets when it was looked up: the next request looks again.</summary>
    public void Expire()
    {
        lock (_gate)
        {
            _known = _known with { At = null };
        }
    }

    private Task<Known> LookOnceAsync()
    {
        lock (_gate)
        {
            return _look is { IsCompleted: false } ? _look : _look = Task.Run(LookAsync);
        }
    }

    private async Task<Known> LookAsync()
    {
        using var patience = new CancellationTokenSource(LookPatience, time);
        var started = time.GetTimestamp();
        var database = ReadAsync<CatalogStoreException>(store.ReadGenerationAsync, patience.Token);
        var redis = shared is null ? Task.FromResult<string?>("") : ReadAsync<RedisException>(async c => await shared.ReadGenerationAsync(c) ?? "", patience.Token);
        var (stored, told) = (await database, await redis);
        lock (_gate)
        {
            return _known = new Known(stored ?? _known.Database, told ?? _known.Redis, started);
        }
    }

    private static async Task<string?> ReadAsync<TFailure>(Func<CancellationToken, Task<string>> read, CancellationToken cancellationToken)
        where TFailure : Exception
    {
        try
        {
            return await read(cancellationToken);
        }
        catch (Exception e) when (e is TFailure or OperationCanceledException)
        {
            // Whoever loads an answer from there says so; the generation stays.
            return null;
        }
    }

    private sealed record Known(string Database, string Redis, long? At)
    {
        public string Text => $"{Database}/{Redis}";
    }
}
