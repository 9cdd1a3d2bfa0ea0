using System.Net;
using System.Security.Cryptography;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.Platforms.Process;

/// <summary>One process of a revision, kept alive: started, probed, and started again when it dies.</summary>
internal sealed class Replica(SupervisedRevision revision, int index, Supervision supervision)
{
    private readonly Queue<DateTimeOffset> _deaths = new();
    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RunningProcess? _process;
    private ReplicaRecord? _record;
    private bool _wasReady;
    private volatile bool _ready;
    private volatile bool _serving;
    private volatile string _message = "not started yet";

    private enum Ending
    {
        Died,
        NeverReady,
    }

    public int Index => index;

    /// <summary>Whether it may get traffic.</summary>
    public bool IsReady => _ready;

    /// <summary>Whether it may get traffic and the routes know it: what is said to be ready can be asked at once.</summary>
    public bool IsServing => _serving;

    /// <summary>Where it answers; null before its first start.</summary>
    public IPEndPoint? Endpoint => _record is { } record ? new IPEndPoint(IPAddress.Loopback, record.Port) : null;

    /// <summary>What was last seen of it.</summary>
    public string Message => _message;

    /// <summary>Completes when it was looked at once.</summary>
    public Task Looked => _looked.Task;

    private TimeProvider Time => supervision.Time;

    /// <summary>Takes over the process of an earlier gateway, if it lives. Starts nothing.</summary>
    public void Adopt(ReplicaRecord record)
    {
        _record = record;
        if (record.FindAlive() is not { } identity)
        {
            _message = "its process ended while no gateway ran";
            return;
        }

        _process = new RunningProcess(identity, isChild: false);
        _wasReady = record.WasReady;
        _record = record with { Pid = identity.Pid, StartTime = identity.StartTime };
        revision.Update(_record);
        _message = $"pid {identity.Pid} was adopted; not looked at yet";
        supervision.Journal.Add(Effect(EffectKind.ReplicaAdopted));
        supervision.Logger.ReplicaAdopted(revision.Spec.Revision, index, identity.Pid, record.Port);
    }

    /// <summary>Runs until cancelled, which leaves the process alone, or until the replica is given up.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_process is null && _record is { } earlier)
            {
                await RunningProcess.KillAllAsync(earlier.Nonce, Time);
                supervision.Journal.Add(Effect(EffectKind.ReplicaExited, _message));
                revision.CountRestart();
            }

            while (true)
            {
                Ending ending;
                try
                {
                    if (_process is null)
                    {
                        await StartAsync(cancellationToken);
                    }

                    ending = await WatchAsync(_process!, cancellationToken);
                    var how = await _process!.EndAsync(revision.Spec.StopWithin, Time);
                    supervision.Journal.Add(Effect(ending == Ending.Died ? EffectKind.ReplicaExited : EffectKind.ReplicaStopped, _message + "; " + how));
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    ending = Ending.Died;
                    _message = e.Message;
                }

                _process = null;
                _looked.TrySetResult();
                if (!await RestartLaterAsync(ending, cancellationToken))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped or left alone: the caller knows which.
        }
        finally
        {
            _looked.TrySetResult();
        }
    }

    /// <summary>Ends the process; only after <see cref="RunAsync"/> has returned.</summary>
    public async Task EndAsync()
    {
        _serving = false;
        _ready = false;
        if (_process is { } process)
        {
            var how = await process.EndAsync(revision.Spec.StopWithin, Time);
            _message = how;
            supervision.Journal.Add(Effect(EffectKind.ReplicaStopped, how));
            supervision.Logger.ReplicaStopped(revision.Spec.Revision, index, how);
            _process = null;
        }
        else if (_record is { } record)
        {
            await RunningProcess.KillAllAsync(record.Nonce, Time);
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var spec = revision.Spec;
        var program = new EffectiveCommand(spec.Command, spec.Directory).Resolve();
        var values = await revision.ValuesAsync(cancellationToken);
        var log = supervision.Files.LogOf(spec);
        PrivateFile.CreateFolder(Path.GetDirectoryName(log)!);

        var port = PortOwner.FreePort();
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        _record = new ReplicaRecord(index, port, nonce, ProcessTable.BootId, Time.GetUtcNow());
        _wasReady = false;
        revision.MustUpdate(_record);

        var pid = Detached.Start(new DetachedProgram(
            program,
            [.. spec.Command.Skip(1)],
            spec.Directory,
            values.ForProcess((spec.PortVariable, $"{port}"), (ProcessTable.NonceVariable, nonce)),
            log));

        // A child is in the table until it is reaped, however soon it ends.
        var start = ProcessTable.Find(pid)?.StartTime ?? 0;
        _process = new RunningProcess(new ProcessIdentity(pid, start, ProcessTable.BootId, nonce), isChild: true);
        _message = $"pid {pid} comes up";
        _record = _record with { Pid = pid, StartTime = start };
        revision.Update(_record);
        supervision.Journal.Add(Effect(EffectKind.ReplicaStarted));
        supervision.Logger.ReplicaStarted(spec.Revision, index, pid, port);
    }

    private async Task<Ending> WatchAsync(RunningProcess process, CancellationToken cancellationToken)
    {
        var options = supervision.Options;
        var failures = 0;
        var nextProbe = Time.GetTimestamp();
        while (true)
        {
            if (process.HasEnded(out var how))
            {
                SetUnready($"pid {process.Identity.Pid} ended: {how}");
                return Ending.Died;
            }

            if (Time.GetTimestamp() >= nextProbe)
            {
                var (healthy, evidence) = await supervision.Probe.LookAsync(Endpoint!, revision.Spec.Health, cancellationToken);
                failures = healthy ? 0 : failures + 1;
                if (healthy && !_ready && !process.HasEnded(out _))
                {
                    if (Stranger(process.Identity) is { } stranger)
                    {
                        SetUnready($"port {_record!.Port} was taken by {stranger} before pid {process.Identity.Pid} could");
                        return Ending.Died;
                    }

                    SetReady(evidence);
                }
                else if (!healthy && (!_ready || failures >= options.UnhealthyAfter))
                {
                    SetUnready(evidence);
                }

                _looked.TrySetResult();
                nextProbe = Time.GetTimestamp()
                    + (long)((_wasReady ? options.ProbeEvery : options.ProbeEveryAtStart).TotalSeconds * Time.TimestampFrequency);
            }

            if (!_wasReady && Time.GetUtcNow() - _record!.StartedAt > revision.Spec.ReadyWithin)
            {
                _message = $"not ready within {revision.Spec.ReadyWithin.TotalSeconds:0.#} s; last: {_message}";
                return Ending.NeverReady;
            }

            await Task.Delay(options.LookEvery, Time, cancellationToken);
        }
    }

    /// <returns>Whether to go on.</returns>
    private async Task<bool> RestartLaterAsync(Ending ending, CancellationToken cancellationToken)
    {
        var options = supervision.Options;
        var now = Time.GetUtcNow();
        _deaths.Enqueue(now);
        while (_deaths.Peek() < now - options.DeathWindow)
        {
            _deaths.Dequeue();
        }

        if (ending == Ending.NeverReady && !revision.WasReady)
        {
            revision.GiveUp(this, _message);
            return false;
        }

        if (_deaths.Count >= options.MaxDeaths)
        {
            _message = $"died {_deaths.Count} times in {options.DeathWindow.TotalMinutes:0.#} min; last: {_message}";
            revision.GiveUp(this, _message);
            return false;
        }

        var backOff = options.FirstBackOff * Math.Pow(2, _deaths.Count - 1);
        backOff = backOff < options.LongestBackOff ? backOff : options.LongestBackOff;
        supervision.Logger.ReplicaDied(revision.Spec.Revision, index, _message, _deaths.Count, backOff);
        await Task.Delay(backOff, Time, cancellationToken);
        revision.CountRestart();
        return true;
    }

    private void SetReady(string evidence)
    {
        if (!_wasReady)
        {
            _wasReady = true;
            _record = _record! with { WasReady = true };
            revision.Update(_record);
        }

        // Told first: no request is served by what the journal does not know to be ready.
        supervision.Journal.Add(Effect(EffectKind.ReplicaReady, evidence));
        _ready = true;
        _message = "ready";
        supervision.Logger.ReplicaReady(revision.Spec.Revision, index, evidence);
        revision.ReadinessChanged();
        _serving = true;
    }

    private void SetUnready(string evidence)
    {
        _message = evidence;
        _serving = false;
        if (_ready)
        {
            _ready = false;
            revision.ReadinessChanged();
            supervision.Journal.Add(Effect(EffectKind.ReplicaUnready, evidence));
            supervision.Logger.ReplicaUnready(revision.Spec.Revision, index, evidence);
        }
    }

    // The port was free when it was chosen. Whoever was quicker answers the probe as well as ours would.
    private string? Stranger(ProcessIdentity ours) =>
        PortOwner.Find(_record!.Port) is { } owner && owner.Session != ours.Pid && ProcessTable.NonceOf(owner.Pid) != ours.Nonce
            ? PortOwner.Describe(_record.Port)
            : null;

    private Effect Effect(EffectKind kind, string? evidence = null) => new(kind, revision.Spec.Service, revision.Spec.Environment)
    {
        Revision = revision.Spec.Revision,
        Replica = index,
        Pid = _record?.Pid,
        Port = _record?.Port,
        Evidence = evidence,
    };
}
