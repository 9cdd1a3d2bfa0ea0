using Microsoft.AspNetCore.Http;

namespace Sluice.Api.Http;

/// <summary>One route of the API, the same on every host. Hosts bind <see cref="Handler"/> through <see cref="RoutePipeline"/>.</summary>
/// <param name="Method">GET, POST, DELETE.</param>
/// <param name="Pattern">Route template without leading slash, in the syntax both hosts share.</param>
/// <param name="Access">What it asks of its caller.</param>
/// <param name="Handler">Answers.</param>
public sealed record Route(string Method, string Pattern, Access Access, Func<Call, CancellationToken, Task<IResult>> Handler)
{
    /// <summary>The verb in the audit trail, for routes that change something; null for those that only look.</summary>
    public string? Action { get; init; }

    /// <summary>Set for routes that only the embedded host serves: Azure reserves what starts with <c>admin</c> and <c>runtime</c>.</summary>
    public bool EmbeddedOnly { get; init; }

    /// <summary>Whether errors are <c>{"Message": …}</c>, as Durable Functions writes them, instead of problem details.</summary>
    public bool DurableErrors { get; init; }
}
