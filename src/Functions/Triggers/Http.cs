using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Sluice.Api.Health;
using Sluice.Functions.Hosting;

namespace Sluice.Functions.Triggers;

/// <summary>
/// The API. One trigger answers the whole table of routes, so that a new route needs nothing here. The host asks for a function key first,
/// the product then for its own.
/// </summary>
public sealed class Http(Invocations invocations, TimeProvider time)
{
    /// <summary>Answers every route but the shallow health.</summary>
    /// <remarks>The host tries the functions of an app in the order of their names, so this one's must come after those of all others with a route.</remarks>
    [Function("Routes")]
    public Task<IResult> Routes(
        [HttpTrigger(AuthorizationLevel.Function, "get", "post", "put", "delete", Route = "{*path}")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        invocations.AnswerAsync(request.HttpContext, client);

    /// <summary>Says that the process answers. Load balancers have no key; it looks at nothing, so that a database that is down does not make the host look dead.</summary>
    [Function("Health")]
    public IResult Health([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request) => HealthRoutes.Shallow(time);
}
