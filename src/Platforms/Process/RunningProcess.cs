namespace Sluice.Platforms.Process;

/// <summary>A live process of a replica, started by us or by the gateway before us.</summary>
/// <param name="identity">Which.</param>
/// <param name="isChild">Whether this very process started it.</param>
internal sealed class RunningProcess(ProcessIdentity identity, bool isChild)
{
    private bool _isChild = isChild;
    private string? _ended;

    public ProcessIdentity Identity => identity;

    /// <summary>Whether it has ended.</summary>
    /// <param name="how">Its exit code or signal, where the system tells; empty while it runs.</param>
    public bool HasEnded(out string how)
    {
        if (_ended is null && _isChild)
        {
            switch (Detached.HasEnded(identity.Pid, out var text))
            {
                case true:
                    _ended = text;
                    break;
                case null:
                    _isChild = false;
                    break;
            }
        }

        if (_ended is null && !_isChild && !identity.IsAlive())
        {
            _ended = "no exit code: it was started by an earlier gateway";
        }

        how = _ended ?? "";
        return _ended is not null;
    }

    /// <summary>Asks it to end with SIGTERM, and after <paramref name="within"/> ends it and all it started with SIGKILL.</summary>
    /// <returns>How it ended.</returns>
    public async Task<string> EndAsync(TimeSpan within, TimeProvider time)
    {
        var how = "it had ended";
        if (!HasEnded(out _))
        {
            identity.Signal(Native.SigTerm);
            how = await WaitAsync(within, time) ? "ended after SIGTERM" : $"SIGKILL: still there {within.TotalSeconds:0.#} s after SIGTERM";
        }

        await KillAllAsync(identity.Nonce, time);
        await WaitAsync(TimeSpan.FromSeconds(5), time);
        return how;
    }

    /// <summary>Kills whatever carries the nonce: a program's own children outlive it otherwise, and hold its port.</summary>
    public static async Task KillAllAsync(string nonce, TimeProvider time)
    {
        for (var attempt = 0; attempt < 50; attempt++)
        {
            var left = ProcessTable.WithNonce(nonce);
            if (left.Count == 0)
            {
                return;
            }

            foreach (var process in left)
            {
                new ProcessIdentity(process.Pid, process.StartTime, ProcessTable.BootId, nonce).Signal(Native.SigKill);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time);
        }
    }

    private async Task<bool> WaitAsync(TimeSpan within, TimeProvider time)
    {
        var start = time.GetTimestamp();
        while (!HasEnded(out _))
        {
            if (time.GetElapsedTime(start) > within)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time);
        }

        return true;
    }
}
