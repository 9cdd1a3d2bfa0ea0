using System.Globalization;
using System.Text;

namespace Sluice.Platforms.Process;

/// <summary>A row of the system's table of processes.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="StartTime">In the system's own ticks since boot or epoch; only compared.</param>
/// <param name="Session">The pid of its session's leader.</param>
/// <param name="IsZombie">Whether it has ended and only waits for its parent to notice.</param>
internal sealed record ProcessEntry(int Pid, long StartTime, int Session, bool IsZombie);

/// <summary>Reads the system's table of processes: <c>/proc</c> on Linux (proc_pid_stat(5)), <c>ps</c> on macOS.</summary>
internal static class ProcessTable
{
    /// <summary>The environment variable by which a process of ours is known.</summary>
    public const string NonceVariable = "SLUICE_NONCE";

    /// <summary>Names the present boot of the machine: pids and start times mean nothing in another one.</summary>
    public static string BootId { get; } = ReadBootId();

    /// <summary>The row of a pid, or null.</summary>
    public static ProcessEntry? Find(int pid)
    {
        if (!OperatingSystem.IsLinux())
        {
            return PsTable.Find(pid);
        }

        try
        {
            // The name, in parentheses, may itself hold blanks and parentheses; fields are counted after the last one.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessEntry(
                pid,
                long.Parse(fields[22 - 3], CultureInfo.InvariantCulture),
                int.Parse(fields[6 - 3], CultureInfo.InvariantCulture),
                fields[0] is "Z" or "X");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The nonce in a process's environment; null when it has none or it cannot be read.</summary>
    public static string? NonceOf(int pid)
    {
        if (!OperatingSystem.IsLinux())
        {
            return PsTable.NonceOf(pid);
        }

        try
        {
            var environment = File.ReadAllBytes($"/proc/{pid}/environ");
            var name = Encoding.ASCII.GetBytes("\0" + NonceVariable + "=");
            var whole = new byte[environment.Length + 1];
            environment.CopyTo(whole, 1);
            var found = whole.AsSpan().IndexOf(name);
            if (found < 0)
            {
                return null;
            }

            var value = whole.AsSpan(found + name.Length);
            var end = value.IndexOf((byte)0);
            return Encoding.ASCII.GetString(end < 0 ? value : value[..end]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>All live processes with this nonce: the one that was started, and what it started itself.</summary>
    public static IReadOnlyList<ProcessEntry> WithNonce(string nonce)
    {
        var pids = OperatingSystem.IsLinux() ? Pids().Where(pid => NonceOf(pid) == nonce) : PsTable.WithNonce(nonce);
        return [.. pids.Select(Find).OfType<ProcessEntry>().Where(p => !p.IsZombie)];
    }

    /// <summary>All pids; Linux only.</summary>
    public static IEnumerable<int> Pids() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0]))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture));

    /// <summary>The process that was started with this nonce, which leads its own session; null when there is none.</summary>
    public static ProcessIdentity? Leader(string nonce) =>
        WithNonce(nonce).FirstOrDefault(p => p.Session == p.Pid) is { } found
            ? new ProcessIdentity(found.Pid, found.StartTime, BootId, nonce)
            : null;

    private static string ReadBootId()
    {
        const string Linux = "/proc/sys/kernel/random/boot_id";
        return File.Exists(Linux) ? File.ReadAllText(Linux).Trim() : PsTable.BootId();
    }
}
