namespace Sluice.Platforms.Process;

/// <summary>What tells a process of ours from any other that may come to have its pid.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="StartTime">When it started, in the system's own ticks; only compared.</param>
/// <param name="BootId">The boot in which both mean something.</param>
/// <param name="Nonce">A random text in its environment, as <see cref="ProcessTable.NonceVariable"/>.</param>
public sealed record ProcessIdentity(int Pid, long StartTime, string BootId, string Nonce)
{
    /// <summary>Whether the very process runs.</summary>
    /// <remarks>
    /// Pid, start time and boot must match. Another nonce means another process; none at all does not, because programs that write their
    /// title over their environment (nginx, PostgreSQL) lose it.
    /// </remarks>
    public bool IsAlive() =>
        BootId == ProcessTable.BootId
        && ProcessTable.Find(Pid) is { IsZombie: false } found
        && found.StartTime == StartTime
        && (ProcessTable.NonceOf(Pid) is not { } nonce || nonce == Nonce);

    /// <summary>Sends a signal if, and only if, the very process runs.</summary>
    /// <returns>Whether it was sent.</returns>
    public bool Signal(int signal) => IsAlive() && Native.Kill(Pid, signal) == 0;
}
