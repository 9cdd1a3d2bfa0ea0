namespace Sluice.CatalogApi;

/// <summary>Applies <see cref="FaultSettings"/> to the requests that pass.</summary>
/// <param name="settings">What goes wrong.</param>
/// <param name="time">Clock of the added latency.</param>
/// <param name="crash">Ends the process at once.</param>
internal sealed class FaultInjection(FaultSettings settings, TimeProvider time, Action crash)
{
    private long _requests;

    /// <summary>
    /// Whether request <paramref name="number"/>, counted from 1, fails. The failures so far are always the whole part of rate times requests,
    /// so every window of 100 holds the same number when the rate is in whole percent. Pure.
    /// </summary>
    public static bool Fails(long number, decimal rate) => decimal.Floor(number * rate) > decimal.Floor((number - 1) * rate);

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (!http.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal))
        {
            await next(http);
            return;
        }

        var number = Interlocked.Increment(ref _requests);
        if (settings.CrashAfter > 0 && number >= settings.CrashAfter)
        {
            http.Response.OnCompleted(() =>
            {
                crash();
                return Task.CompletedTask;
            });
        }

        if (settings.Latency > TimeSpan.Zero)
        {
            await Task.Delay(settings.Latency, time, http.RequestAborted);
        }

        if (Fails(number, settings.ErrorRate))
        {
            await Problem.WriteAsync(http, StatusCodes.Status500InternalServerError, "Injected by FAULT_ERROR_RATE.");
            return;
        }

        await next(http);
    }
}
