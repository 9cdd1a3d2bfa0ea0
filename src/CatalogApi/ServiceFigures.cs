using System.Globalization;
using System.Text;

namespace Sluice.CatalogApi;

/// <summary>What this process has counted since its start, in the Prometheus text format 0.0.4.</summary>
internal sealed class ServiceFigures
{
    // Upper bounds in seconds; the last bucket has none.
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1, 2.5, 5];

    private readonly long[] _answers = new long[Enum.GetValues<AnswerSource>().Length];
    private readonly long[] _statuses = new long[6];
    private readonly long[] _buckets = new long[Bounds.Length + 1];
    private long _ticks;

    /// <summary>Fraction of answers that came from a cache; null before the first.</summary>
    public double? HitRate => Answers is var (hits, all) && all > 0 ? (double)hits / all : null;

    private (long Hits, long All) Answers
    {
        get
        {
            var (memory, shared, database) = (Read(AnswerSource.Memory), Read(AnswerSource.Shared), Read(AnswerSource.Database));
            return (memory + shared, memory + shared + database);
        }
    }

    /// <summary>An answer was given, or there was nothing to give.</summary>
    public void Count(AnswerSource from) => Interlocked.Increment(ref _answers[(int)from]);

    /// <summary>Counts requests of the catalogue that pass.</summary>
    public async Task InvokeAsync(HttpContext http, RequestDelegate next, TimeProvider time)
    {
        if (!http.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal))
        {
            await next(http);
            return;
        }

        var started = time.GetTimestamp();
        await next(http);
        var elapsed = time.GetElapsedTime(started);
        Interlocked.Increment(ref _statuses[Math.Clamp(http.Response.StatusCode / 100, 1, 5)]);
        Interlocked.Increment(ref _buckets[Array.FindIndex(Bounds, bound => elapsed.TotalSeconds <= bound) is >= 0 and var bucket ? bucket : Bounds.Length]);
        Interlocked.Add(ref _ticks, elapsed.Ticks);
    }

    /// <summary>The text.</summary>
    /// <param name="entries">Answers kept in this process.</param>
    /// <param name="sharedFailures">Commands to Redis that went wrong; null when none is configured.</param>
    public string Write(int entries, long? sharedFailures)
    {
        var text = new StringBuilder();
        Family("catalog_cache_requests_total", "counter", "Answers by where they came from: memory and shared are hits, database is a miss.");
        foreach (var source in Enum.GetValues<AnswerSource>())
        {
            Sample($"catalog_cache_requests_total{{from=\"{source.ToString().ToLowerInvariant()}\"}}", Read(source));
        }

        if (HitRate is { } rate)
        {
            Family("catalog_cache_hit_ratio", "gauge", "Fraction of answers since the start that came from a cache.");
            Sample("catalog_cache_hit_ratio", rate);
        }

        Family("catalog_cache_entries", "gauge", "Answers kept in this process.");
        Sample("catalog_cache_entries", entries);
        if (sharedFailures is { } failures)
        {
            Family("catalog_shared_cache_failures_total", "counter", "Commands to Redis that went wrong.");
            Sample("catalog_shared_cache_failures_total", failures);
        }

        Family("catalog_http_requests_total", "counter", "Requests under /v1 by class of status.");
        for (var status = 1; status < _statuses.Length; status++)
        {
            Sample($"catalog_http_requests_total{{status=\"{status}xx\"}}", Interlocked.Read(ref _statuses[status]));
        }

        Family("catalog_http_request_duration_seconds", "histogram", "Time from a request under /v1 to the end of its answer.");
        var sum = 0L;
        for (var bucket = 0; bucket < _buckets.Length; bucket++)
        {
            sum += Interlocked.Read(ref _buckets[bucket]);
            Sample($"catalog_http_request_duration_seconds_bucket{{le=\"{(bucket < Bounds.Length ? Bounds[bucket].ToString(CultureInfo.InvariantCulture) : "+Inf")}\"}}", sum);
        }

        Sample("catalog_http_request_duration_seconds_sum", TimeSpan.FromTicks(Interlocked.Read(ref _ticks)).TotalSeconds);
        Sample("catalog_http_request_duration_seconds_count", sum);
        return text.ToString();

        void Family(string name, string kind, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {kind}\n");

        void Sample(string name, double value) => text.Append(CultureInfo.InvariantCulture, $"{name} {value:R}\n");
    }

    private long Read(AnswerSource from) => Interlocked.Read(ref _answers[(int)from]);
}
