using System.Text.Json.Serialization;

namespace Sluice.CatalogApi;

/// <summary>An error answer (RFC 9457, <c>application/problem+json</c>).</summary>
/// <param name="Title">The status in words.</param>
/// <param name="Status">HTTP status code.</param>
/// <param name="Detail">What was wrong and what to do.</param>
/// <param name="Errors">Each fault of the request; null when the detail says it all.</param>
internal sealed record Problem(
    string Title,
    int Status,
    string Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ParameterFault>? Errors)
{
    /// <summary>Answers 400 with every fault of a query.</summary>
    /// <returns>False when it has none; nothing was answered then.</returns>
    public static async Task<bool> RefusedAsync(HttpContext http, QueryReader query)
    {
        if (query.Faults.Count == 0)
        {
            return false;
        }

        await WriteAsync(http, StatusCodes.Status400BadRequest, "The query cannot be answered as it is; errors lists every fault.", query.Faults);
        return true;
    }

    public static Task WriteAsync(HttpContext http, int status, string detail, IReadOnlyList<ParameterFault>? errors = null)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.CacheControl = "no-store";
        var problem = new Problem(Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), status, detail, errors);
        return http.Response.WriteAsJsonAsync(problem, ApiJson.Wire.Problem, "application/problem+json", http.RequestAborted);
    }
}

/// <summary>One thing wrong with a request.</summary>
/// <param name="Parameter">Name of the query parameter.</param>
/// <param name="Detail">What was expected and what came.</param>
internal sealed record ParameterFault(string Parameter, string Detail);
