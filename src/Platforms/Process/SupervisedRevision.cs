using System.Net;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.Platforms.Process;

/// <summary>One revision: its record on disk and its replicas.</summary>
/// <remarks>
/// A replica that is given up takes the revision with it when the revision was never ready, or when no other replica is: what half works
/// stays in place, and says so.
/// </remarks>
internal sealed class SupervisedRevision : IAsyncDisposable
{
    private readonly Supervision _supervision;
    private readonly Action _changed;
    private readonly Replica[] _replicas;
    private readonly CancellationTokenSource _cancel = new();
    private readonly Lock _lock = new();
    private readonly string _log;
    private RevisionRecord _record;
    private VariableValues? _values;
    private Task[] _loops = [];
    private Task? _failing;
    private Task? _stopping;

    /// <summary>Takes a revision up, from disk or new; nothing runs or is written yet.</summary>
    /// <param name="record">As it is, or shall be, on disk.</param>
    /// <param name="values">Null to look them up when they are needed.</param>
    /// <param name="supervision">What all share.</param>
    /// <param name="changed">Told when a replica gets ready or is no longer.</param>
    public SupervisedRevision(RevisionRecord record, VariableValues? values, Supervision supervision, Action changed)
    {
        _record = record;
        _values = values;
        _supervision = supervision;
        _changed = changed;
        _log = supervision.Files.LogOf(record.Spec);
        _replicas = [.. Enumerable.Range(0, record.Spec.Replicas).Select(i => new Replica(this, i, supervision))];
    }

    public RevisionSpec Spec => _record.Spec;

    public Wanted Wanted => _record.Wanted;

    public string IdempotencyKey => _record.IdempotencyKey;

    public bool WasReady => _record.WasReady;

    /// <summary>Those that may get traffic.</summary>
    public IReadOnlyList<IPEndPoint> Ready => [.. _replicas.Where(r => r.IsReady).Select(r => r.Endpoint!)];

    /// <summary>Completes when every replica was looked at once.</summary>
    public Task Looked => Task.WhenAll(_replicas.Select(r => r.Looked));

    /// <summary>Keeps the record and starts the replicas that do not run.</summary>
    public void Run()
    {
        lock (_lock)
        {
            _supervision.Files.Write(_record);
        }

        // All are adopted before any is started: a start must not be mistaken for what was there.
        foreach (var replica in _record.Replicas.Where(r => r.Index < _replicas.Length))
        {
            _replicas[replica.Index].Adopt(replica);
        }

        _loops = [.. _replicas.Select(r => Task.Run(() => r.RunAsync(_cancel.Token)))];
    }

    /// <summary>Where it stands.</summary>
    public RevisionState State()
    {
        var ready = _replicas.Count(r => r.IsServing);
        var phase = _record.Wanted switch
        {
            Wanted.Stopping => RevisionPhase.Stopping,
            Wanted.Stopped => RevisionPhase.Stopped,
            Wanted.Failed => RevisionPhase.Failed,
            _ when ready == _replicas.Length => RevisionPhase.Ready,
            _ => WasReady ? RevisionPhase.Unhealthy : RevisionPhase.Starting,
        };
        var message = phase switch
        {
            RevisionPhase.Failed => _record.Message ?? "",
            RevisionPhase.Starting or RevisionPhase.Unhealthy =>
                $"{ready} of {_replicas.Length} ready; "
                + string.Join("; ", _replicas.Where(r => !r.IsServing).Select(r => $"replica {r.Index}: {r.Message}")),
            RevisionPhase.Ready => $"{ready} of {_replicas.Length} ready",
            _ => "",
        };
        return new RevisionState(Spec.Revision, phase, ready, _replicas.Length, _record.Restarts, (_values?.Redact(message)) ?? message);
    }

    /// <summary>The values of its variables: those that came with its start, else looked up here.</summary>
    public async Task<VariableValues> ValuesAsync(CancellationToken cancellationToken) =>
        _values ??= await VariableValues.ResolveAsync(Spec.Variables, _supervision.Secrets, cancellationToken);

    /// <summary>Writes on disk that it shall go down.</summary>
    public void WantStopped() => Change(r => r.Wanted == Wanted.Stopped ? r : r with { Wanted = Wanted.Stopping });

    /// <summary>Ends its processes. Doing it again waits for the same end.</summary>
    public Task StopAsync()
    {
        lock (_lock)
        {
            if (_stopping is { IsFaulted: false })
            {
                return _stopping;
            }

            var failing = _failing ?? Task.CompletedTask;
            return _stopping = Task.Run(async () =>
            {
                await failing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await EndProcessesAsync();
                Change(r => r with { Wanted = Wanted.Stopped, Replicas = [] });
                Tell(EffectKind.RevisionStopped);
            });
        }
    }

    /// <summary>Ends what an earlier gateway was ending.</summary>
    public void AdoptToStop()
    {
        foreach (var replica in _record.Replicas.Where(r => r.Index < _replicas.Length))
        {
            _replicas[replica.Index].Adopt(replica);
        }
    }

    /// <summary>Leaves its processes alone; the next gateway finds them.</summary>
    public async ValueTask DisposeAsync()
    {
        await _cancel.CancelAsync();
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _cancel.Dispose();
    }

    /// <summary>Keeps a replica's record; what cannot be written is told and tried again with the next change.</summary>
    public void Update(ReplicaRecord replica)
    {
        try
        {
            MustUpdate(replica);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _supervision.Logger.RecordNotWritten(e, Spec.Revision);
        }
    }

    /// <summary>Keeps a replica's record, on disk when this returns.</summary>
    public void MustUpdate(ReplicaRecord replica) => Change(r => r with
    {
        Replicas = [.. r.Replicas.Where(other => other.Index != replica.Index).Append(replica).OrderBy(other => other.Index)],
    });

    /// <summary>Counts that a replica is started again.</summary>
    public void CountRestart()
    {
        lock (_lock)
        {
            // On disk with the start that follows.
            _record = _record with { Restarts = _record.Restarts + 1 };
        }
    }

    /// <summary>A replica got ready, or is no longer.</summary>
    public void ReadinessChanged()
    {
        if (!WasReady && _replicas.All(r => r.IsReady))
        {
            try
            {
                Change(r => r with { WasReady = true });
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _supervision.Logger.RecordNotWritten(e, Spec.Revision);
            }
        }

        _changed();
    }

    /// <summary>A replica will not come back.</summary>
    public void GiveUp(Replica replica, string reason)
    {
        if (WasReady && _replicas.Any(r => r.IsReady))
        {
            return;
        }

        lock (_lock)
        {
            if (_failing is not null || _stopping is not null || _record.Wanted != Wanted.Running)
            {
                return;
            }

            var tail = LogFile.Tail(_log, 10);
            var message = $"replica {replica.Index} {reason}"
                + (tail.Count == 0 ? $"; {_log} is empty" : $"; last lines of {_log}:\n{string.Join('\n', tail)}");
            message = _values?.Redact(message) ?? message;
            _record = _record with { Wanted = Wanted.Failed, Message = message };

            // Not awaited: the caller is one of the loops whose end it waits for.
            _failing = Task.Run(async () =>
            {
                _supervision.Logger.RevisionFailed(Spec.Revision, reason);
                await EndProcessesAsync();
                Change(r => r with { Replicas = [] });
                Tell(EffectKind.RevisionFailed, reason);
                _changed();
            });
        }
    }

    /// <summary>Keeps its log in bounds.</summary>
    public void RotateLog() => LogFile.Rotate(_log);

    private async Task EndProcessesAsync()
    {
        await _cancel.CancelAsync();
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_replicas.Select(r => r.EndAsync()));
    }

    private void Change(Func<RevisionRecord, RevisionRecord> change)
    {
        lock (_lock)
        {
            _record = change(_record);
            _supervision.Files.Write(_record);
        }
    }

    private void Tell(EffectKind kind, string? evidence = null) => _supervision.Journal.Add(
        new Effect(kind, Spec.Service, Spec.Environment) { Revision = Spec.Revision, Evidence = evidence });
}
