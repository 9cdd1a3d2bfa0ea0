namespace Sluice.Platforms.Gateway;

/// <summary>The gateway could not do what it was asked. The message starts with the code: <c>PortInUse: …</c>.</summary>
/// <param name="code">One of the codes of <see cref="GatewayFault"/>.</param>
/// <param name="message">What was expected, what came, what to do.</param>
/// <param name="innerException">The cause.</param>
public sealed class GatewayException(string code, string message, Exception? innerException = null)
    : Exception($"{code}: {message}", innerException)
{
    /// <summary>What went wrong, for code to branch on.</summary>
    public string Code { get; } = code;
}

/// <summary>Codes of <see cref="GatewayException"/>.</summary>
public static class GatewayFault
{
    /// <summary>Another program listens on the address.</summary>
    public const string PortInUse = "PortInUse";

    /// <summary>The address cannot be listened on: not this machine's, or not allowed.</summary>
    public const string CannotListen = "CannotListen";

    /// <summary>A listener's settings contradict themselves or cannot be read.</summary>
    public const string InvalidListener = "InvalidListener";

    /// <summary>A route table's weights or revisions are wrong.</summary>
    public const string InvalidRoute = "InvalidRoute";

    /// <summary>There is no listener for the service and environment.</summary>
    public const string UnknownListener = "UnknownListener";

    /// <summary>A revision that still has a weight cannot be drained.</summary>
    public const string StillRouted = "StillRouted";
}
