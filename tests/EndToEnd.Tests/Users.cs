using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Sluice.EndToEnd.Tests;

/// <summary>What one user's request met.</summary>
/// <param name="SentAt">UTC.</param>
/// <param name="AnsweredAt">UTC.</param>
/// <param name="Pid">The process that answered; null when none did that says its pid.</param>
/// <param name="Fault">Null when it was answered well.</param>
internal sealed record Answer(DateTimeOffset SentAt, DateTimeOffset AnsweredAt, int? Pid, string? Fault);

/// <summary>Users of a gateway's listener: an open loop of requests, so that a slow answer holds up nobody else.</summary>
internal sealed class Users : IAsyncDisposable
{
    private readonly Uri _address;
    private readonly HttpClient _http;
    private readonly int _perSecond;
    private readonly ConcurrentQueue<Answer> _answers = new();
    private readonly ConcurrentDictionary<Task, bool> _open = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private long _sent;
    private int _clients;

    /// <summary>Begins to send.</summary>
    /// <param name="address">Where; its path is asked for.</param>
    /// <param name="perSecond">How many.</param>
    public Users(Uri address, int perSecond)
    {
        _address = address;
        _perSecond = perSecond;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, MaxConnectionsPerServer = 64 })
        {
            Timeout = TimeSpan.FromSeconds(30),
        };
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    /// <summary>Everything answered so far, in the order of the answers.</summary>
    public IReadOnlyList<Answer> Answers => [.. _answers];

    /// <summary>Sends no more and waits for what is due.</summary>
    public async Task<IReadOnlyList<Answer>> StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        return Answers;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        var watch = Stopwatch.StartNew();
        while (!stopping.IsCancellationRequested)
        {
            for (var due = (long)(watch.Elapsed.TotalSeconds * _perSecond); _sent < due; _sent++)
            {
                var request = SendAsync();
                _open[request] = true;
                _ = request.ContinueWith(done => _open.TryRemove(done, out _), TaskScheduler.Default);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(_open.Keys);
    }

    private async Task SendAsync()
    {
        var sent = DateTimeOffset.UtcNow;
        int? pid = null;
        string? fault = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _address);

            // Many people behind one proxy: who limits its clients sees each of them now and then.
            var client = Interlocked.Increment(ref _clients) % 60_000;
            request.Headers.Add("X-Forwarded-For", string.Create(CultureInfo.InvariantCulture, $"10.1.{client / 250}.{(client % 250) + 1}"));
            using var response = await _http.SendAsync(request);
            var body = await response.Content.ReadAsStringAsync();
            pid = int.TryParse(body, CultureInfo.InvariantCulture, out var number) ? number : null;
            fault = response.IsSuccessStatusCode ? null : $"{(int)response.StatusCode} {body}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            fault = (e.InnerException ?? e).Message;
        }

        _answers.Enqueue(new Answer(sent, DateTimeOffset.UtcNow, pid, fault));
    }
}
