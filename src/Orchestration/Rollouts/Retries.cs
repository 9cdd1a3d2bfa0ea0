using Sluice.Durable;

namespace Sluice.Orchestration.Rollouts;

/// <summary>How patiently the world is asked again.</summary>
internal static class Retries
{
    // What no repetition heals. Everything else may be weather.
    private static readonly HashSet<string> Final = new(StringComparer.Ordinal)
    {
        "StaleWrite", "Invalid", "NotFound", "Unauthorized", "CannotStart", "PortInUse",
    };

    /// <summary>Five attempts, 1 s doubling to 30 s.</summary>
    public static TaskOptions Standard { get; } = TaskOptions.FromRetryPolicy(Policy(MayHeal));

    /// <summary>As <see cref="Standard"/>, but no attempt begins once <paramref name="over"/>: a retry must not follow a rollback.</summary>
    public static TaskOptions Until(Func<bool> over) => TaskOptions.FromRetryPolicy(Policy(failure => !over() && MayHeal(failure)));

    /// <summary>Whether the same call may succeed later.</summary>
    public static bool MayHeal(TaskFailure failure) => !failure.IsNonRetriable && !(failure.Code is { } code && Final.Contains(code));

    private static RetryPolicy Policy(Func<TaskFailure, bool> handle) =>
        new(5, TimeSpan.FromSeconds(1), 2, TimeSpan.FromSeconds(30)) { HandleFailure = handle };
}
