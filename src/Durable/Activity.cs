namespace Sluice.Durable;

/// <summary>A durable function that acts: all I/O lives in one. It runs at least once, so running it twice must change nothing.</summary>
public interface IActivity<in TInput, TOutput>
{
    /// <summary>Reads first, acts if needed, confirms by reading back.</summary>
    /// <param name="input">What to ensure; carries the idempotency key of the effect.</param>
    /// <param name="cancellationToken">Cancelled when the activity's time is over or the host stops.</param>
    Task<TOutput> RunAsync(TInput input, CancellationToken cancellationToken);
}

/// <summary>The typed name of an activity: what orchestrators call instead of a bare string.</summary>
/// <param name="Name">The registered name, the same on every host. Stored in histories: never renamed.</param>
public sealed record ActivityRef<TInput, TOutput>(string Name)
{
    /// <summary>After how long an attempt is cancelled and counted as failed. The default is 60 seconds: below every host's own limit.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}
