namespace Sluice.Catalog.Sources;

/// <summary>A source did not give what it promises, so that nothing of it counts. Its old rows stay.</summary>
/// <param name="message">For people: what was expected, what came, without secrets.</param>
/// <param name="innerException">What was thrown.</param>
public sealed class SourceException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether another try may go well: a server that is busy or away, a body that was torn.</summary>
    public bool MayHeal { get; init; }

    /// <summary>How long the server asks to wait before the next try.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
