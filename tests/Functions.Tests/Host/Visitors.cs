namespace Sluice.Functions.Tests.Host;

/// <summary>A few users at an address, one request after another each, until disposed or the bound is reached.</summary>
internal sealed class Visitors : IAsyncDisposable
{
    private const int MostRequests = 4_000;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _visiting;
    private int _sent;

    public Visitors(Uri address, int users = 3)
    {
        _http.BaseAddress = address;
        _visiting = Task.WhenAll(Enumerable.Range(0, users).Select(_ => VisitAsync()));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _visiting;
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task VisitAsync()
    {
        while (!_stopping.IsCancellationRequested && Interlocked.Increment(ref _sent) is var number and <= MostRequests)
        {
            try
            {
                // People, not one person: who is asked to stay with a revision stays with it.
                using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Forwarded-For", $"10.1.{number / 250}.{(number % 250) + 1}" } } };
                using var answer = await _http.SendAsync(request, _stopping.Token);
                await Task.Delay(TimeSpan.FromMilliseconds(20), _stopping.Token);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // What they meet is counted by the gateway.
            }
        }
    }
}
