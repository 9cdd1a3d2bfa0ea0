namespace Sluice.CatalogApi;

/// <summary><c>GET /health</c>, which touches nothing, and <c>GET /health/deep</c>, which asks everything that the service needs, all at once.</summary>
internal sealed class HealthEndpoints(
    ApiSettings settings, DatabaseHealth database, CacheHealth cache, ExternalHealth external, ResourceHealth resources, TimeProvider time)
{
    // The whole answer comes within 5 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public Task ShallowAsync(HttpContext http)
    {
        var report = new HealthReport(settings.Faults.Unhealthy ? HealthStatus.Unhealthy : HealthStatus.Ok, Timestamps.Text(time.GetUtcNow()), settings.Version);
        Answer(http, report.Status);
        return http.Response.WriteAsJsonAsync(report, ApiJson.Wire.HealthReport, cancellationToken: http.RequestAborted);
    }

    public async Task DeepAsync(HttpContext http)
    {
        var (databaseCheck, cacheCheck, externalCheck) = (database.CheckAsync(), cache.CheckAsync(), external.CheckAsync());
        var checks = new HealthChecks(await databaseCheck, await cacheCheck, await externalCheck, resources.Check());
        var report = new DeepHealthReport(Overall(checks), Timestamps.Text(time.GetUtcNow()), settings.Version, checks);
        Answer(http, report.Status);
        await http.Response.WriteAsJsonAsync(report, ApiJson.Wire.DeepHealthReport, cancellationToken: http.RequestAborted);
    }

    /// <summary>Asks, for four seconds at most, whatever the other side does.</summary>
    internal static async Task<Asked<T>> AskAsync<T>(Func<CancellationToken, Task<T>> ask, TimeProvider time)
        where T : class
    {
        var started = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(Patience, time);
        try
        {
            // On a thread of its own: SQLite waits for its file without giving the thread back.
            var answer = await Task.Run(() => ask(deadline.Token), deadline.Token).WaitAsync(deadline.Token);
            return new Asked<T>(answer, null, Milliseconds(time.GetElapsedTime(started)));
        }
        catch (Exception failure)
        {
            var fault = failure is OperationCanceledException ? $"No answer in {Patience.TotalSeconds:0} s." : failure.Message;
            return new Asked<T>(null, fault, Milliseconds(time.GetElapsedTime(started)));
        }
    }

    internal static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 2);

    private HealthStatus Overall(HealthChecks checks)
    {
        if (settings.Faults.Unhealthy || checks.Database.Status == HealthStatus.Unhealthy)
        {
            return HealthStatus.Unhealthy;
        }

        HealthStatus[] all = [checks.Database.Status, checks.Cache.Status, checks.External.Status, checks.Resources.Status];
        return all.All(status => status == HealthStatus.Ok) ? HealthStatus.Ok : HealthStatus.Degraded;
    }

    private static void Answer(HttpContext http, HealthStatus status)
    {
        http.Response.StatusCode = status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        http.Response.Headers.CacheControl = "no-store";
    }
}

/// <summary>What came of asking.</summary>
/// <param name="Answer">Null when there was none.</param>
/// <param name="Fault">Why; null when there was one.</param>
/// <param name="LatencyMs">How long it took.</param>
internal readonly record struct Asked<T>(T? Answer, string? Fault, double LatencyMs)
    where T : class;
