using Microsoft.AspNetCore.Http;
using Sluice.Domain.Plans;

namespace Sluice.Api.Http;

/// <summary>An error as RFC 9457 writes it, with our members beside the standard ones.</summary>
/// <param name="Type"><c>urn:sluice:problem:CODE</c>; branch on this.</param>
/// <param name="Title">What went wrong, the same for every occurrence.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">This occurrence, and what to do; null when the title says it all.</param>
public sealed record Problem(string Type, string Title, int Status, string? Detail = null)
{
    /// <summary>Media type of the answer.</summary>
    public const string ContentType = "application/problem+json";

    /// <summary>Path of the request.</summary>
    public string? Instance { get; init; }

    /// <summary>Everything wrong with the input, all at once; null when nothing is listed.</summary>
    public IReadOnlyList<PlanFault>? Faults { get; init; }

    /// <summary>The rollout this is about: the running one for a conflict; null when it is about none.</summary>
    public string? RolloutId { get; init; }

    /// <summary>The sync this is about: the running one for a conflict; null when it is about none.</summary>
    public string? SyncId { get; init; }

    /// <summary>The answer that carries it.</summary>
    public IResult ToResult() => Results.Json(this, ApiJson.Options, ContentType, Status);

    /// <summary>A problem of one of our codes.</summary>
    public static Problem Of(int status, string code, string title, string? detail = null) => new($"urn:sluice:problem:{code}", title, status, detail);

    /// <summary>The request's own data is wrong.</summary>
    public static Problem BadRequest(IReadOnlyList<PlanFault> faults) =>
        Of(StatusCodes.Status400BadRequest, "bad-request", faults.Count == 1 ? "The request has a fault." : $"The request has {faults.Count} faults.", faults[0].Message)
            with
        { Faults = faults };

    /// <summary>What is asked for does not exist.</summary>
    public static Problem NotFound(string detail) => Of(StatusCodes.Status404NotFound, "not-found", "There is nothing here.", detail);

    /// <summary>The key does not allow it.</summary>
    public static Problem Forbidden(string detail) => Of(StatusCodes.Status403Forbidden, "forbidden", "This key may not do that.", detail);

    /// <summary>The state of things does not allow it now.</summary>
    public static Problem Conflict(string code, string detail) => Of(StatusCodes.Status409Conflict, code, "That cannot be done now.", detail);

    /// <summary>A problem for a status that no handler explained, such as those of routing.</summary>
    public static Problem ForStatus(int status, string method, string path) => status switch
    {
        StatusCodes.Status404NotFound => NotFound($"No route answers {path}."),
        StatusCodes.Status405MethodNotAllowed => Of(status, "method-not-allowed", "This route does not take that method.", $"{path} does not take {method}; the Allow header says what it takes."),
        StatusCodes.Status413PayloadTooLarge => TooLarge(),
        StatusCodes.Status415UnsupportedMediaType => Of(status, "unsupported-media-type", "Bodies are JSON.", "Send Content-Type: application/json."),
        _ => Of(status, "http-" + status, $"The request was refused with {status}."),
    };

    /// <summary>The body is larger than taken.</summary>
    public static Problem TooLarge() =>
        Of(StatusCodes.Status413PayloadTooLarge, "too-large", "The body is too large.", $"At most {Bundle.MaxBytes} bytes are taken.");
}

/// <summary>Ends a request with a problem, from however deep.</summary>
public sealed class ProblemException(Problem problem) : Exception(problem.Detail ?? problem.Title)
{
    /// <summary>What to answer.</summary>
    public Problem Problem { get; } = problem;
}
