using System.Collections.Concurrent;
using System.Globalization;

namespace Sluice.CatalogApi;

/// <summary>So many requests per client and window. Windows are the same for everybody, so all counts are dropped together.</summary>
/// <param name="time">Clock of the windows.</param>
/// <param name="limit">Requests a client may make in one window.</param>
/// <param name="window">Length of a window.</param>
internal sealed class ClientRateLimit(TimeProvider time, int limit, TimeSpan window)
{
    // Beyond this many clients in one window the rest share one count: forged addresses must not fill the memory.
    private const int MostClients = 100_000;

    private readonly string _limitText = limit.ToString(CultureInfo.InvariantCulture);
    private readonly string _policy = string.Create(CultureInfo.InvariantCulture, $"{limit};w={(int)window.TotalSeconds}");
    private Window _current = new(time.GetTimestamp());

    /// <summary>Counts one request.</summary>
    public RateDecision Take(string client)
    {
        var current = Volatile.Read(ref _current);
        var elapsed = time.GetElapsedTime(current.StartedAt);
        if (elapsed >= window)
        {
            var next = new Window(time.GetTimestamp());
            var seen = Interlocked.CompareExchange(ref _current, next, current);
            current = seen == current ? next : seen;
            elapsed = TimeSpan.Zero;
        }

        var used = current.Count(client);
        var reset = Math.Max(1, (int)Math.Ceiling((window - elapsed).TotalSeconds));
        return new RateDecision(used <= limit, (int)Math.Max(0, limit - used), reset);
    }

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        // Also what makes everybody else work; a plain /health costs nothing.
        if (!http.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)
            && !http.Request.Path.StartsWithSegments("/health/deep", StringComparison.Ordinal))
        {
            await next(http);
            return;
        }

        var decision = Take(ClientAddress.Of(http.Connection.RemoteIpAddress, http.Request.Headers["X-Forwarded-For"]));
        var headers = http.Response.Headers;
        var reset = decision.ResetSeconds.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Limit"] = _limitText;
        headers["RateLimit-Remaining"] = decision.Remaining.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Reset"] = reset;
        headers["RateLimit-Policy"] = _policy;
        if (decision.Allowed)
        {
            await next(http);
            return;
        }

        headers.RetryAfter = reset;
        await Problem.WriteAsync(
            http, StatusCodes.Status429TooManyRequests, $"At most {limit} requests in {window.TotalSeconds:0} s per client; try again in {reset} s.");
    }

    private sealed class Window(long startedAt)
    {
        private readonly ConcurrentDictionary<string, Counter> _counters = new();
        private readonly Counter _everybodyElse = new();
        private int _clients;

        public long StartedAt => startedAt;

        public long Count(string client)
        {
            if (!_counters.TryGetValue(client, out var counter))
            {
                counter = Interlocked.Increment(ref _clients) <= MostClients
                    ? _counters.GetOrAdd(client, _ => new Counter())
                    : _everybodyElse;
            }

            return Interlocked.Increment(ref counter.Value);
        }
    }

    private sealed class Counter
    {
        public long Value;
    }
}

/// <summary>What a client may do now.</summary>
/// <param name="Allowed">Whether this request is within the limit.</param>
/// <param name="Remaining">Requests left in this window.</param>
/// <param name="ResetSeconds">Seconds until the window ends, at least 1.</param>
internal readonly record struct RateDecision(bool Allowed, int Remaining, int ResetSeconds);
