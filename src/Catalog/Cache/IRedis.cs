namespace Sluice.Catalog.Cache;

/// <summary>A Redis, however it is spoken to. Safe for concurrent use.</summary>
public interface IRedis : IAsyncDisposable
{
    /// <summary>Where it is, without user and password.</summary>
    string Place { get; }

    /// <summary>Sends one command.</summary>
    /// <param name="command">Its name and arguments, as text.</param>
    /// <param name="cancellationToken">Gives up; whether the command was carried out is not known then.</param>
    /// <returns>The reply as text; null when Redis says that there is none.</returns>
    /// <exception cref="RedisException">It does not answer, refuses the command, or what answers is no Redis.</exception>
    Task<string?> SendAsync(IReadOnlyList<string> command, CancellationToken cancellationToken);
}

/// <summary>Redis does not do what was asked.</summary>
/// <param name="message">For people; names the place, no secret.</param>
/// <param name="innerException">What the socket or the client said.</param>
public sealed class RedisException(string message, Exception? innerException = null) : Exception(message, innerException);
