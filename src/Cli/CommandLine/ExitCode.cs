namespace Sluice.Cli.CommandLine;

/// <summary>What the program ends with.</summary>
public static class ExitCode
{
    /// <summary>Done; for waits, the rollout is Healthy.</summary>
    public const int Ok = 0;

    /// <summary>Refused or failed; for waits, the rollout is Degraded or Failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The rollout has not ended in the time given.</summary>
    public const int Timeout = 3;

    /// <summary>No server answers.</summary>
    public const int Unreachable = 4;

    /// <summary>Ctrl-C or SIGTERM while waiting.</summary>
    public const int Interrupted = 130;
}
