using System.Collections.Concurrent;
using System.Globalization;

namespace Sluice.Cli.Demo;

/// <summary>
/// Users: an open loop of requests at a fixed rate, played by a fixed number of clients in turn, so that a slow answer delays nobody
/// else. Each client has its own <c>X-Forwarded-For</c> address.
/// </summary>
internal sealed class Traffic(Uri address, int requestsPerSecond, int clients, TimeProvider time) : IAsyncDisposable
{
    /// <summary>The header in which the service names the release that answered.</summary>
    public const string ReleaseHeader = "X-Release";

    private static readonly string[] Paths =
        ["/v1/models?limit=1", "/v1/models?limit=20", "/v1/models?limit=5&provider=openai", "/v1/models?limit=10"];

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = 256,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        UseCookies = false,
        UseProxy = false,
    })
    { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };

    private readonly ConcurrentDictionary<string, ReleaseTally> _tallies = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    /// <summary>What each release answered, by its version; requests that no release answered stand under <c>none</c>.</summary>
    public IReadOnlyDictionary<string, ReleaseTally> Tallies => _tallies;

    /// <summary>Requests sent so far.</summary>
    public long Sent { get; private set; }

    /// <summary>The first failure that no bad release explains, for the report; null when there was none.</summary>
    public string? FirstUnexplained { get; private set; }

    /// <summary>Begins; returns at once.</summary>
    public void Start() => _running = RunAsync(_stopping.Token);

    /// <summary>Sends no further request and waits for the answers that are due.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var open = new ConcurrentDictionary<Task, bool>();
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(10), time);
        while (await NextAsync(ticks, cancellationToken))
        {
            var due = (long)(time.GetElapsedTime(began).TotalSeconds * requestsPerSecond);
            while (Sent < due)
            {
                var request = SendAsync(Sent++);
                open[request] = true;
                _ = request.ContinueWith(done => open.TryRemove(done, out _), TaskScheduler.Default);
            }
        }

        await Task.WhenAll(open.Keys);
    }

    private static async Task<bool> NextAsync(PeriodicTimer ticks, CancellationToken cancellationToken)
    {
        try
        {
            return await ticks.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task SendAsync(long number)
    {
        var client = (int)(number % clients);
        using var request = new HttpRequestMessage(HttpMethod.Get, Paths[number % Paths.Length]);
        request.Headers.Add("X-Forwarded-For", string.Create(CultureInfo.InvariantCulture, $"10.0.{client / 250}.{(client % 250) + 1}"));
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, CancellationToken.None);
            var release = response.Headers.TryGetValues(ReleaseHeader, out var values) ? values.First() : "none";
            Count(release, response.IsSuccessStatusCode, $"{(int)response.StatusCode} from {release}");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
        {
            Count("none", succeeded: false, failure.InnerException?.Message ?? failure.Message);
        }
    }

    private void Count(string release, bool succeeded, string what)
    {
        _tallies.GetOrAdd(release, _ => new ReleaseTally()).Add(succeeded);
        if (!succeeded && release == "none")
        {
            FirstUnexplained ??= what;
        }
    }
}

/// <summary>Requests that one release answered.</summary>
internal sealed class ReleaseTally
{
    private long _requests;
    private long _failed;

    /// <summary>All of them.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Those that did not get a 2xx.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Counts one.</summary>
    public void Add(bool succeeded)
    {
        Interlocked.Increment(ref _requests);
        if (!succeeded)
        {
            Interlocked.Increment(ref _failed);
        }
    }
}
