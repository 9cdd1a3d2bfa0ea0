using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Api.Health;
using Sluice.Api.Keys;
using Sluice.Domain.Plans;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Registry;

namespace Sluice.Api.Http;

/// <summary>What happens around every handler, on every host: who calls, may they, what went wrong, what the audit trail keeps.</summary>
public sealed class RoutePipeline(Doorkeeper doorkeeper, RequestFigures figures, TimeProvider time, ILogger<RoutePipeline> logger)
{
    /// <summary>Answers one request on a route.</summary>
    public async Task InvokeAsync(HttpContext http, Route route)
    {
        var started = Stopwatch.GetTimestamp();
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        if (http.Features.Get<IStatusCodePagesFeature>() is { } pages)
        {
            // Every handler says what it has to say, an empty answer included; only what no route answers is explained outside.
            pages.Enabled = false;
        }

        Call? call = null;
        IResult answer;
        try
        {
            call = await doorkeeper.AdmitAsync(http, route, http.RequestAborted);
            answer = await route.Handler(call, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            answer = Refuse(http, route, Translate(e, http));
        }

        if (route.Action is not null && (call ?? http.Items[nameof(Call)] as Call) is { } known)
        {
            await AuditAsync(http, route, known, answer);
        }

        await answer.ExecuteAsync(http);
        figures.Count(route, http.Response.StatusCode, Stopwatch.GetElapsedTime(started));
    }

    private Problem Translate(Exception exception, HttpContext http)
    {
        switch (exception)
        {
            case ProblemException e:
                return e.Problem;
            case BadHttpRequestException e:
                return Problem.ForStatus(e.StatusCode, http.Request.Method, http.Request.Path);
            case InstanceNotFoundException e:
                return Problem.NotFound(e.Message);
            case InstanceStateException e:
                return Problem.Conflict("wrong-state", e.Message);
            case HostStoppingException e:
                http.Response.Headers.RetryAfter = "10";
                return Problem.Of(StatusCodes.Status503ServiceUnavailable, "stopping", "The server is being stopped.", e.Message);
            case RegistryException { Error: RegistryError.InvalidCursor } e:
                return Problem.BadRequest([new PlanFault("bad-parameter", "cursor", 0, 0, e.Message)]);
            case RegistryException { IsTransient: true } e:
                Log.RequestFailed(logger, e, http.Request.Method, http.Request.Path, http.TraceIdentifier);
                return Problem.Of(StatusCodes.Status503ServiceUnavailable, "registry-unavailable", "The registry does not answer.", e.Message);
            case PlatformException e:
                Log.PlatformFailed(logger, e, http.Request.Method, http.Request.Path);
                return Problem.Of(StatusCodes.Status502BadGateway, "platform", "The platform did not do it.", e.Message);
            default:
                Log.RequestFailed(logger, exception, http.Request.Method, http.Request.Path, http.TraceIdentifier);
                return Problem.Of(
                    StatusCodes.Status500InternalServerError, "internal", "The server failed.", $"Its log explains it: request {http.TraceIdentifier}.");
        }
    }

    private static IResult Refuse(HttpContext http, Route route, Problem problem)
    {
        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return route.DurableErrors
            ? Results.Json(new { Message = problem.Detail ?? problem.Title }, DurableErrorOptions, statusCode: problem.Status)
            : (problem with { Instance = http.Request.Path }).ToResult();
    }

    // Refusals are kept too. Calls without a valid key never come here: they have no actor, and would let anybody fill the trail.
    private async Task AuditAsync(HttpContext http, Route route, Call call, IResult answer)
    {
        var status = answer is IStatusCodeHttpResult { StatusCode: { } code } ? code : StatusCodes.Status200OK;
        var problem = answer is IValueHttpResult { Value: Problem p } ? p : null;
        var entry = new AuditEntry(
            time.GetUtcNow(),
            call.Caller.Name,
            route.Action!,
            call.Subject ?? string.Join('/', http.Request.RouteValues.Values),
            call.Detail,
            status < 400 ? "accepted" : $"refused {status}: {problem?.Detail ?? problem?.Title}");
        await http.RequestServices.GetRequiredService<IEventLog>().AuditAsync(entry, CancellationToken.None);
    }

    private static readonly System.Text.Json.JsonSerializerOptions DurableErrorOptions = new();
}
