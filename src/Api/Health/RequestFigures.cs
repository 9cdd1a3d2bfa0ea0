using System.Collections.Concurrent;
using Sluice.Api.Http;

namespace Sluice.Api.Health;

/// <summary>Counts the API's own requests by route and status.</summary>
public sealed class RequestFigures
{
    private readonly ConcurrentDictionary<(string Method, string Pattern, int Status), (long Count, double Seconds)> _counts = new();

    /// <summary>Counts one answer.</summary>
    public void Count(Route route, int status, TimeSpan took) =>
        _counts.AddOrUpdate(
            (route.Method, route.Pattern, status),
            static (_, seconds) => (1, seconds),
            static (_, sum, seconds) => (sum.Count + 1, sum.Seconds + seconds),
            took.TotalSeconds);

    internal IReadOnlyList<Figure> Read()
    {
        var counts = _counts.OrderBy(c => c.Key.Pattern, StringComparer.Ordinal).ThenBy(c => c.Key.Status).ToList();
        return
        [
            new("sluice_http_requests_total", "Requests answered by the API.", FigureKind.Counter, [.. counts.Select(c => new Sample(c.Value.Count, Labels(c.Key)))]),
            new("sluice_http_request_seconds_total", "Time spent answering them.", FigureKind.Counter, [.. counts.Select(c => new Sample(c.Value.Seconds, Labels(c.Key)))]),
        ];
    }

    private static (string, string)[] Labels((string Method, string Pattern, int Status) key) =>
        [("method", key.Method), ("route", "/" + key.Pattern), ("status", key.Status.ToString())];
}
