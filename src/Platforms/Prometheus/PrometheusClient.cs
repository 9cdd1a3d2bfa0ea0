using System.Globalization;
using System.Net;
using System.Text.Json;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Http;

namespace Sluice.Platforms.Prometheus;

/// <summary>One series of an answer.</summary>
/// <param name="Labels">By name.</param>
/// <param name="Value">NaN and infinities are values.</param>
internal sealed record Series(IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Instant queries of the HTTP API of Prometheus, and of whatever speaks it (Thanos, Mimir, a hosted one).</summary>
/// <remarks>An answer with warnings may be partial: no verdict is built on it.</remarks>
internal sealed class PrometheusClient(MetricServer server)
{
    /// <summary>Asks for the values at a time.</summary>
    /// <returns>A series each; one without labels for a scalar; none when nothing matches.</returns>
    /// <exception cref="PlatformException">
    /// <c>Invalid</c>: the query is refused, or gives no numbers; <c>Unauthorized</c>, <c>NotFound</c>, <c>Throttled</c>, <c>Unreachable</c>.
    /// </exception>
    public async Task<IReadOnlyList<Series>> QueryAsync(HttpAccess access, string query, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var url = new Uri(access.Url.TrimEnd('/') + "/api/v1/query");
        using var request = new HttpRequestMessage(HttpMethod.Post, url);
        request.Content = new FormUrlEncodedContent(
        [
            new("query", query),
            new("time", (at.ToUnixTimeMilliseconds() / 1000m).ToString(CultureInfo.InvariantCulture)),
            new("timeout", $"{(long)access.Timeout.TotalMilliseconds}ms"),
        ]);
        var (status, text) = await server.SendAsync(request, access, cancellationToken);
        var shown = MetricServer.Show(url);
        try
        {
            using var answer = JsonDocument.Parse(text);
            return Read(answer.RootElement, status, shown);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new PlatformException(Error(status), $"{shown} answered {(int)status}, and not as a Prometheus does: {MetricServer.Excerpt(text)}");
        }
    }

    private static IReadOnlyList<Series> Read(JsonElement answer, HttpStatusCode status, string shown)
    {
        if (answer.GetProperty("status").GetString() != "success")
        {
            var type = answer.TryGetProperty("errorType", out var t) ? t.GetString() : "error";
            throw new PlatformException(
                Error(status), $"{shown} answered {(int)status} {type}: {MetricServer.Excerpt(answer.TryGetProperty("error", out var e) ? e.GetString() ?? "" : "")}");
        }

        if (answer.TryGetProperty("warnings", out var warnings) && warnings.ValueKind == JsonValueKind.Array && warnings.GetArrayLength() > 0)
        {
            throw new PlatformException(PlatformError.Unreachable, $"{shown}: the answer may be partial: {MetricServer.Excerpt(warnings[0].GetString() ?? "")}");
        }

        var data = answer.GetProperty("data");
        var result = data.GetProperty("result");
        return data.GetProperty("resultType").GetString() switch
        {
            "vector" => [.. result.EnumerateArray().Select(Vector)],
            "scalar" => [new Series(new Dictionary<string, string>(), Number(result[1]))],
            var other => throw new PlatformException(
                PlatformError.Invalid, $"{shown}: the query returns a {other}, and numbers are needed{(other == "matrix" ? ": wrap it, such as rate(...) or max_over_time(...)" : "")}."),
        };
    }

    private static Series Vector(JsonElement series) => series.TryGetProperty("value", out var value)
        ? new Series(series.GetProperty("metric").EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString() ?? ""), Number(value[1]))
        : throw new PlatformException(PlatformError.Invalid, "The query returns a native histogram, and numbers are needed: use histogram_quantile(...) or histogram_count(...).");

    private static double Number(JsonElement value) => value.GetString() switch
    {
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        var text => double.Parse(text!, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static PlatformError Error(HttpStatusCode status) => (int)status switch
    {
        401 or 403 => PlatformError.Unauthorized,
        404 => PlatformError.NotFound,
        429 => PlatformError.Throttled,
        400 or 405 or 406 or 422 => PlatformError.Invalid,
        _ => PlatformError.Unreachable,
    };
}
