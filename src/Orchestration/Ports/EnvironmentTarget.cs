using Sluice.Domain.Plans;

namespace Sluice.Orchestration.Ports;

/// <summary>Where a port acts: one environment of one service, with its compiled settings.</summary>
/// <param name="Service">The service.</param>
/// <param name="Environment">Its environment.</param>
public sealed record EnvironmentTarget(string Service, EnvironmentSpec Environment);

/// <summary>
/// Guards a write against a late one: the rollout's lock number, then the number of the write within it, both strictly increasing.
/// A platform that has seen a higher fence refuses a lower one with <c>StaleWrite</c>; the same fence again is the same effect.
/// </summary>
/// <param name="Lock">Number of the environment's lock.</param>
/// <param name="Write">Number of the write in the rollout.</param>
public sealed record Fence(long Lock, long Write) : IComparable<Fence>
{
    /// <inheritdoc/>
    public int CompareTo(Fence? other) =>
        other is null ? 1 : Lock != other.Lock ? Lock.CompareTo(other.Lock) : Write.CompareTo(other.Write);

    /// <summary>Whether the left is earlier.</summary>
    public static bool operator <(Fence left, Fence right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left is later.</summary>
    public static bool operator >(Fence left, Fence right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left is not later.</summary>
    public static bool operator <=(Fence left, Fence right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left is not earlier.</summary>
    public static bool operator >=(Fence left, Fence right) => left.CompareTo(right) >= 0;
}

/// <summary>
/// A platform refused or failed an operation. Verdicts, rejections and expired gates are results, not exceptions: this type is for
/// the world being broken. The message starts with <see cref="Error"/>, because a message is all that survives every host.
/// </summary>
public sealed class PlatformException(PlatformError error, string message, Exception? innerException = null)
    : Exception($"{error}: {message}", innerException)
{
    /// <summary>What went wrong, for code to branch on. Stored in histories: values are added, never renamed.</summary>
    public PlatformError Error { get; } = error;

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient => Error is PlatformError.Unreachable or PlatformError.Throttled or PlatformError.NotApplied;
}

/// <summary>What a platform's failure means.</summary>
public enum PlatformError
{
    /// <summary>No answer; may heal.</summary>
    Unreachable,

    /// <summary>Too many calls; may heal.</summary>
    Throttled,

    /// <summary>Accepted but not read back; may heal.</summary>
    NotApplied,

    /// <summary>A later write was seen: this one must not happen.</summary>
    StaleWrite,

    /// <summary>The request itself is wrong.</summary>
    Invalid,

    /// <summary>What is asked about does not exist.</summary>
    NotFound,

    /// <summary>The key is missing or not allowed to.</summary>
    Unauthorized,

    /// <summary>The address is taken by another program.</summary>
    PortInUse,

    /// <summary>The command could not be started.</summary>
    CannotStart,
}
