namespace Sluice.Durable;

/// <summary>How often and how patiently a task is tried again.</summary>
public sealed class RetryPolicy
{
    /// <summary>Creates a policy.</summary>
    /// <param name="maxNumberOfAttempts">All attempts, the first included; above 0.</param>
    /// <param name="firstRetryInterval">Wait before the second attempt; above zero.</param>
    /// <param name="backoffCoefficient">Factor from one wait to the next; 1 or more. The default is 1.</param>
    /// <param name="maxRetryInterval">Longest wait; the default is one hour.</param>
    /// <param name="retryTimeout">Orchestration time since the first attempt after which a failure is not followed by another attempt; infinite by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value outside its range.</exception>
    public RetryPolicy(
        int maxNumberOfAttempts,
        TimeSpan firstRetryInterval,
        double backoffCoefficient = 1.0,
        TimeSpan? maxRetryInterval = null,
        TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxNumberOfAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        if (!(backoffCoefficient >= 1.0) || double.IsInfinity(backoffCoefficient))
        {
            throw new ArgumentOutOfRangeException(nameof(backoffCoefficient), backoffCoefficient, "The coefficient must be a number of 1 or more.");
        }

        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRetryInterval, firstRetryInterval, nameof(maxRetryInterval));
    }

    /// <summary>All attempts, the first included.</summary>
    public int MaxNumberOfAttempts { get; }

    /// <summary>Wait before the second attempt.</summary>
    public TimeSpan FirstRetryInterval { get; }

    /// <summary>Factor from one wait to the next.</summary>
    public double BackoffCoefficient { get; }

    /// <summary>Longest wait between two attempts.</summary>
    public TimeSpan MaxRetryInterval { get; }

    /// <summary>A failure this long after the first attempt began, or later, is the last; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</summary>
    public TimeSpan RetryTimeout { get; }

    /// <summary>Whether a failure may be tried again; null tries all. One that throws ends the retries with the original failure.</summary>
    public Func<TaskFailure, bool>? HandleFailure { get; init; }

    /// <summary>The wait after a failed attempt, or null when no further one is allowed.</summary>
    /// <param name="attempt">The attempt that failed, counted from 1.</param>
    /// <param name="elapsed">Orchestration time since the first attempt began.</param>
    public TimeSpan? NextDelay(int attempt, TimeSpan elapsed)
    {
        if (attempt >= MaxNumberOfAttempts || (RetryTimeout != Timeout.InfiniteTimeSpan && elapsed >= RetryTimeout))
        {
            return null;
        }

        var milliseconds = FirstRetryInterval.TotalMilliseconds * Math.Pow(BackoffCoefficient, attempt - 1);
        return milliseconds >= MaxRetryInterval.TotalMilliseconds ? MaxRetryInterval : TimeSpan.FromMilliseconds(milliseconds);
    }
}

/// <summary>What a retry handler knows when it decides.</summary>
/// <param name="OrchestrationContext">For the time; a handler may not schedule anything but timers through it.</param>
/// <param name="LastAttemptNumber">The attempt that failed, counted from 1.</param>
/// <param name="LastFailure">Why it failed.</param>
/// <param name="TotalRetryTime">Orchestration time since the first attempt began.</param>
public sealed record RetryContext(DurableContext OrchestrationContext, int LastAttemptNumber, TaskFailure LastFailure, TimeSpan TotalRetryTime);

/// <summary>How a task is called. A policy or a handler, not both; neither means one attempt.</summary>
public sealed record TaskOptions
{
    /// <summary>Declared retries.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Decides after each failure whether to try again, at once; deterministic like the orchestrator.</summary>
    public Func<RetryContext, Task<bool>>? RetryHandler { get; init; }

    /// <summary>Retries by a policy.</summary>
    public static TaskOptions FromRetryPolicy(RetryPolicy policy) => new() { Retry = policy };

    /// <summary>Retries by a handler.</summary>
    public static TaskOptions FromRetryHandler(Func<RetryContext, Task<bool>> handler) => new() { RetryHandler = handler };
}

/// <summary>How a child is called.</summary>
public sealed record SubOrchestrationOptions
{
    /// <summary>The child's id; a deterministic one of the host's making when null.</summary>
    public string? InstanceId { get; init; }

    /// <summary>The child's version; the parent's when null, unless the host is set to give another (<c>DefaultVersion</c> of the embedded engine).</summary>
    public string? Version { get; init; }

    /// <summary>Declared retries.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Decides after each failure whether to try again.</summary>
    public Func<RetryContext, Task<bool>>? RetryHandler { get; init; }
}
