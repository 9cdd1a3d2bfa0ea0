using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary><c>GET /health</c>, which touches nothing, and <c>GET /health/deep</c>, which asks the database.</summary>
internal sealed class HealthEndpoints(ApiSettings settings, CatalogStore store, ResponseCache cache, TimeProvider time, ILogger log)
{
    private const string Ok = "ok";
    private const string Degraded = "degraded";
    private const string Unhealthy = "unhealthy";
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public Task ShallowAsync(HttpContext http)
    {
        var report = new HealthReport(settings.Faults.Unhealthy ? Unhealthy : Ok, Now(), settings.Version);
        Answer(http, report.Status);
        return http.Response.WriteAsJsonAsync(report, ApiJson.Wire.HealthReport, cancellationToken: http.RequestAborted);
    }

    public async Task DeepAsync(HttpContext http)
    {
        var database = await CheckDatabaseAsync();
        var report = new DeepHealthReport(
            settings.Faults.Unhealthy ? Unhealthy : database.Status,
            Now(),
            settings.Version,
            new HealthChecks(database, new CacheCheck(Ok, cache.Count)));
        Answer(http, report.Status);
        await http.Response.WriteAsJsonAsync(report, ApiJson.Wire.DeepHealthReport, cancellationToken: http.RequestAborted);
    }

    private static void Answer(HttpContext http, string status)
    {
        http.Response.StatusCode = status == Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        http.Response.Headers.CacheControl = "no-store";
    }

    private async Task<DatabaseCheck> CheckDatabaseAsync()
    {
        var kind = store.Address is DatabaseAddress.Postgres ? "postgresql" : "sqlite";
        var started = time.GetTimestamp();
        try
        {
            using var deadline = new CancellationTokenSource(Patience, time);
            var models = await store.CountAsync(deadline.Token).WaitAsync(deadline.Token);
            var latency = time.GetElapsedTime(started);
            return new DatabaseCheck(latency > Slow ? Degraded : Ok, kind, Milliseconds(latency), models, null);
        }
        catch (Exception failure)
        {
            // The reason names hosts and users, so it goes to the log; this answer is for everybody.
            log.DatabaseFailed(failure is OperationCanceledException ? $"The database gave no answer in {Patience.TotalSeconds:0} s." : failure.Message);
            return new DatabaseCheck(Unhealthy, kind, Milliseconds(time.GetElapsedTime(started)), null, "The database does not answer; the log says why.");
        }
    }

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 2);

    private string Now() => time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
}

/// <summary>What <c>/health</c> says; <c>status</c> is ok, degraded or unhealthy.</summary>
internal sealed record HealthReport(string Status, string Timestamp, string Version);

/// <summary>What <c>/health/deep</c> says.</summary>
internal sealed record DeepHealthReport(string Status, string Timestamp, string Version, HealthChecks Checks);

internal sealed record HealthChecks(DatabaseCheck Database, CacheCheck Cache);

internal sealed record DatabaseCheck(string Status, string Kind, double LatencyMs, long? Models, string? Detail);

internal sealed record CacheCheck(string Status, int Entries);
