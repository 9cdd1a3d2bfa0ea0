using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Domain.Plans;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Http;

/// <summary>One request whose caller is known.</summary>
/// <param name="http">The request.</param>
/// <param name="key">Who calls; null on routes that ask for no key.</param>
/// <param name="groups">The groups the caller belongs to.</param>
public sealed class Call(HttpContext http, AccessKey? key, IReadOnlyList<string> groups)
{
    /// <summary>The request itself.</summary>
    public HttpContext Http => http;

    /// <summary>Who calls.</summary>
    public Caller Caller { get; } = new(key?.Name ?? "(nobody)", key?.Role ?? Role.Viewer, groups);

    /// <summary>What the audit trail says this was done to; by default the route's values.</summary>
    public string? Subject { get; set; }

    /// <summary>What the audit trail says beside it; no secrets.</summary>
    public string? Detail { get; set; }

    /// <summary>A service of the host.</summary>
    public T Service<T>()
        where T : notnull => http.RequestServices.GetRequiredService<T>();

    /// <summary>A part of the path.</summary>
    public string Value(string name) => http.Request.RouteValues[name] as string ?? "";

    /// <summary>The query parameters.</summary>
    public QueryReader Query => new(http.Request.Query);

    /// <summary>The Idempotency-Key header; null when absent.</summary>
    /// <exception cref="ProblemException">It has more than 255 characters or others than visible ASCII.</exception>
    public string? IdempotencyKey
    {
        get
        {
            var value = http.Request.Headers["Idempotency-Key"].ToString();
            if (value.Length == 0)
            {
                return null;
            }

            return value.Length <= 255 && value.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0
                ? value
                : throw new ProblemException(Problem.BadRequest(
                    [new PlanFault("bad-header", "Idempotency-Key", 0, 0, "An Idempotency-Key has 1 to 255 visible ASCII characters.")]));
        }
    }

    /// <summary>Where clients reach this server: scheme and host as they used them.</summary>
    public string BaseUrl => $"{http.Request.Scheme}://{http.Request.Host}";

    /// <summary>Whether the caller may see this service.</summary>
    public bool Covers(string service) => key is null || key.Services.Count == 0 || key.Services.Contains(service, StringComparer.OrdinalIgnoreCase);

    /// <summary>Refuses a service outside the caller's.</summary>
    /// <exception cref="ProblemException">403.</exception>
    public void Demand(string service)
    {
        if (!Covers(service))
        {
            throw new ProblemException(Problem.Forbidden($"Key '{Caller.Name}' is for {string.Join(", ", key!.Services)}, not for '{service}'."));
        }
    }

    /// <summary>Refuses a caller who may not see all services.</summary>
    /// <exception cref="ProblemException">403.</exception>
    public void DemandAllServices()
    {
        if (key is { Services.Count: > 0 })
        {
            throw new ProblemException(Problem.Forbidden($"Key '{Caller.Name}' is for {string.Join(", ", key.Services)} only; this is about all services."));
        }
    }

    /// <summary>The rollout of this id, if it exists and is the caller's to see.</summary>
    /// <exception cref="ProblemException">404 or 403.</exception>
    public async Task<RolloutRecord> DemandRolloutAsync(string id, CancellationToken cancellationToken)
    {
        var rollout = await Service<IDeploymentRegistry>().GetRolloutAsync(id, cancellationToken)
            ?? throw new ProblemException(Problem.NotFound($"There is no rollout '{id}'."));
        Demand(rollout.Service);
        return rollout;
    }

    /// <summary>The body as JSON.</summary>
    /// <exception cref="ProblemException">400 with the place of the fault, 413, or 415.</exception>
    public async Task<T> ReadBodyAsync<T>(CancellationToken cancellationToken)
        where T : class =>
        await ReadOptionalBodyAsync<T>(cancellationToken)
        ?? throw new ProblemException(Problem.BadRequest([new PlanFault("missing-body", "", 0, 0, "A JSON body is needed.")]));

    /// <summary>The body as JSON; null when there is none.</summary>
    /// <exception cref="ProblemException">400 with the place of the fault, 413, or 415.</exception>
    public async Task<T?> ReadOptionalBodyAsync<T>(CancellationToken cancellationToken)
        where T : class
    {
        var bytes = await RequestBody.ReadAsync(http.Request, cancellationToken);
        if (bytes.Length == 0)
        {
            return null;
        }

        if (!http.Request.HasJsonContentType())
        {
            throw new ProblemException(Problem.ForStatus(StatusCodes.Status415UnsupportedMediaType, http.Request.Method, http.Request.Path));
        }

        try
        {
            return JsonSerializer.Deserialize<T>(bytes, ApiJson.Requests);
        }
        catch (JsonException e)
        {
            throw new ProblemException(Problem.BadRequest([RequestBody.Fault(e)]));
        }
    }
}
