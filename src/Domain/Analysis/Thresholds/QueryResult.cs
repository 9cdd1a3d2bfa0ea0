namespace Sluice.Domain.Analysis.Thresholds;

/// <summary>What a query gave: a number, a list of them, or why it could not be had.</summary>
/// <param name="Values">One per series, in the provider's order; empty when nothing matched. NaN and infinities are values.</param>
public sealed record QueryResult(IReadOnlyList<double> Values)
{
    /// <summary>Why there is no answer; no secret. Null when there is one.</summary>
    public string? Error { get; init; }

    /// <summary>The answer has no series at all.</summary>
    public bool IsEmpty => Values.Count == 0;

    /// <summary>One number.</summary>
    public static QueryResult Of(double value) => new([value]);

    /// <summary>No answer.</summary>
    public static QueryResult Failed(string error) => new([]) { Error = error };
}

/// <summary>What a threshold's query gave at one look.</summary>
/// <param name="Canary">For the revision that is judged.</param>
/// <param name="Stable">The same query for stable; null when it was not asked, or there is none.</param>
public sealed record QueryAnswer(QueryResult Canary, QueryResult? Stable = null);
