using Sluice.Domain.Plans;
using Sluice.Domain.Syncs;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Simulated;

/// <summary>
/// A scheduler of syncs in virtual time, with one schedule: its first run comes half a minute after the moment that is first asked about,
/// the others on the grid of its interval.
/// </summary>
public sealed class SimulatedSyncs(TimeProvider time) : ISyncs
{
    private static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private readonly List<SyncSeen> _runs = [];
    private readonly List<string> _journal = [];
    private DateTimeOffset? _next;
    private int _begun;

    /// <summary>How often; null when the schedule is off.</summary>
    public TimeSpan? Interval { get; set; } = TimeSpan.FromHours(6);

    /// <summary>What is synced.</summary>
    public IReadOnlyList<string> Providers { get; set; } = ["openrouter", "nearai"];

    /// <summary>What becomes of the run of a number, from 1; null when it never comes. By default each is good and takes 10 s.</summary>
    public Func<int, SyncSeen, SyncSeen?> Run { get; set; } = (_, run) => run;

    /// <summary>Called before every access with its name, <c>syncs.read</c> or <c>syncs.limit</c>; throws or hangs to play faults.</summary>
    public Func<string, CancellationToken, Task>? Before { get; set; }

    /// <summary>Whether its schedule can be changed.</summary>
    public bool CanBeLimited { get; set; } = true;

    /// <summary>Every change of the schedule, once.</summary>
    public IReadOnlyList<string> Journal
    {
        get
        {
            lock (_gate)
            {
                return [.. _journal];
            }
        }
    }

    /// <inheritdoc/>
    public async Task<SyncSighting> ReadAsync(HttpAccess access, SyncKind kind, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await (Before?.Invoke("syncs.read", cancellationToken) ?? Task.CompletedTask);
        lock (_gate)
        {
            var now = time.GetUtcNow();
            _next ??= since + FirstAfter;
            for (; Interval is { } interval && _next <= now; _next = new DateTimeOffset(((_next.Value.UtcTicks / interval.Ticks) + 1) * interval.Ticks, TimeSpan.Zero))
            {
                var began = _next.Value;
                var good = new SyncSeen($"run-{++_begun}", "completed", "schedule", began, began + TimeSpan.FromSeconds(10), 100, 0, []);
                if (Run(_begun, good) is { } run)
                {
                    _runs.Add(run);
                }
            }

            return new SyncSighting(Interval is not null, Interval, [.. _runs.Where(run => run.StartedAt >= since).Select(run => run.EndedAt > now ? run with { Status = "running", EndedAt = null } : run)]);
        }
    }

    /// <inheritdoc/>
    public async Task<string> EnsureLimitedAsync(HttpAccess access, SyncKind kind, SyncFailureAction action, string reason, CancellationToken cancellationToken)
    {
        await (Before?.Invoke("syncs.limit", cancellationToken) ?? Task.CompletedTask);
        lock (_gate)
        {
            if (!CanBeLimited)
            {
                throw new PlatformException(PlatformError.NotFound, "its schedule cannot be changed");
            }

            switch (action.Kind)
            {
                case SyncFailureKind.Disable when Interval is not null:
                    Interval = null;
                    _journal.Add("off");
                    break;
                case SyncFailureKind.Widen when Interval < action.Interval:
                    Interval = action.Interval;
                    _journal.Add($"every {Durations.Format(action.Interval!.Value)}");
                    break;
                case SyncFailureKind.Providers when Providers.Except(action.Providers).Any():
                    Providers = [.. Providers.Intersect(action.Providers)];
                    _journal.Add($"only {string.Join(", ", Providers)}");
                    break;
            }

            return Interval is { } interval ? $"the schedule syncs {string.Join(", ", Providers)} every {Durations.Format(interval)}" : "the schedule is off";
        }
    }
}
