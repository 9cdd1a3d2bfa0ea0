using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary>Gives every error answer a body, and keeps what went wrong inside out of it.</summary>
internal sealed class ProblemAnswers(ILogger log)
{
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (CatalogStoreException failure) when (!http.Response.HasStarted)
        {
            log.DatabaseFailed(failure.Message);
            http.Response.Clear();
            http.Response.Headers.RetryAfter = "5";
            await Problem.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "The catalogue's database does not answer; try again.");
            return;
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            log.RequestFailed(failure, http.Request.Method, http.Request.Path);
            http.Response.Clear();
            await Problem.WriteAsync(http, StatusCodes.Status500InternalServerError, "The service failed; its log says why.");
            return;
        }

        if (!http.Response.HasStarted && http.Response is { StatusCode: >= 400, ContentLength: null, ContentType: null })
        {
            await Problem.WriteAsync(
                http,
                http.Response.StatusCode,
                http.Response.StatusCode == StatusCodes.Status405MethodNotAllowed
                    ? $"{http.Request.Method} is not answered here; the Allow header names what is."
                    : "There is nothing here. The catalogue is at /v1/models.");
        }
    }
}
