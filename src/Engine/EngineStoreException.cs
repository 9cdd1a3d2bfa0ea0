namespace Sluice.Engine;

/// <summary>
/// The engine's file cannot be used. The message starts with a code: <c>StoreUnwritable</c>, <c>StoreForeign</c>, <c>StoreNewer</c>,
/// <c>StoreCorrupt</c>, <c>StoreFull</c>, <c>StoreBusy</c> or <c>StoreFailed</c>.
/// </summary>
public sealed class EngineStoreException(string code, string message, Exception? innerException = null)
    : Exception($"{code}: {message}", innerException)
{
    /// <summary>The word at the front of the message.</summary>
    public string Code { get; } = code;
}
