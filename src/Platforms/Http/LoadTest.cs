using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Http;

/// <summary>
/// A closed loop: as many workers as <c>concurrency</c>, each with one connection that it keeps, each sending its next request when the
/// last is answered. An error is any answer but 2xx and 3xx (the path of a baseline is expected to work, so 4xx counts), and any
/// request without a complete answer. Percentiles are nearest-rank over the complete answers, errors included; 0 when there is none.
/// </summary>
public sealed class LoadTest(TimeProvider time) : ILoadTest
{
    private const int MaxRequests = 1_000_000;
    private const int MaxConcurrency = 1_000;

    /// <summary>Longest time for one request. The default is 30 seconds; longer counts as no complete answer.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public async Task<LoadReport> RunAsync(
        ProbeEndpoint endpoint, string path, int requests, int concurrency, CancellationToken cancellationToken)
    {
        if (requests is < 1 or > MaxRequests || concurrency is < 1 or > MaxConcurrency)
        {
            throw new PlatformException(
                PlatformError.Invalid,
                $"A load test has 1 to {MaxRequests} requests, 1 to {MaxConcurrency} at a time; got {requests} and {concurrency}.");
        }

        using var client = ProbeClient.Create(endpoint, concurrency);
        var next = 0;
        var errors = 0;
        var started = time.GetTimestamp();
        var workers = Enumerable.Range(0, Math.Min(requests, concurrency)).Select(_ => Task.Run(WorkAsync, cancellationToken)).ToList();
        var seconds = (await Task.WhenAll(workers)).SelectMany(s => s).Order().ToList();
        var elapsed = time.GetElapsedTime(started).TotalSeconds;
        return new LoadReport(
            requests, errors, Percentile(seconds, 0.50), Percentile(seconds, 0.95), Percentile(seconds, 0.99), elapsed > 0 ? requests / elapsed : 0);

        async Task<List<double>> WorkAsync()
        {
            var taken = new List<double>();
            while (Interlocked.Increment(ref next) <= requests)
            {
                if (await SendAsync(client, endpoint, path, cancellationToken) is not { } answer)
                {
                    Interlocked.Increment(ref errors);
                    continue;
                }

                taken.Add(answer.Seconds);
                if (answer.Status is < 200 or >= 400)
                {
                    Interlocked.Increment(ref errors);
                }
            }

            return taken;
        }
    }

    /// <summary>The smallest value that at least the fraction given of all are not above.</summary>
    internal static double Percentile(IReadOnlyList<double> sorted, double fraction) =>
        sorted.Count == 0 ? 0 : sorted[Math.Max(0, (int)Math.Ceiling(fraction * sorted.Count) - 1)];

    private async Task<(int Status, double Seconds)?> SendAsync(
        HttpClient client, ProbeEndpoint endpoint, string path, CancellationToken cancellationToken)
    {
        using var request = ProbeClient.Request(endpoint, HttpMethod.Get, path);
        using var bound = new CancellationTokenSource(RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            var started = time.GetTimestamp();
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            await response.Content.CopyToAsync(Stream.Null, either.Token);
            return ((int)response.StatusCode, time.GetElapsedTime(started).TotalSeconds);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return null;
        }
    }
}
