using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Platforms.Process;

/// <summary>Who listens on a TCP port of this machine, as far as the system tells.</summary>
internal static class PortOwner
{
    /// <summary>A loopback port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>A process that listens on the port; null when none does, or it is another user's, or this is not Linux.</summary>
    public static ProcessEntry? Find(int port)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var inodes = Inodes(port);
        return inodes.Count == 0
            ? null
            : ProcessTable.Pids().Where(pid => Sockets(pid).Overlaps(inodes)).Select(ProcessTable.Find).FirstOrDefault(p => p is not null);
    }

    /// <summary><c>pid 4711 (nginx)</c> for a port that somebody holds; null when it cannot be told.</summary>
    public static string? Describe(int port)
    {
        if (Find(port) is not { } owner)
        {
            return null;
        }

        try
        {
            return $"pid {owner.Pid} ({File.ReadAllText($"/proc/{owner.Pid}/comm").Trim()})";
        }
        catch (IOException)
        {
            return $"pid {owner.Pid}";
        }
    }

    // proc(5), /proc/net/tcp: "sl local_address rem_address st … inode", addresses as hex, state 0A is LISTEN.
    private static HashSet<string> Inodes(int port)
    {
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        var inodes = new HashSet<string>();
        foreach (var table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            foreach (var line in File.Exists(table) ? File.ReadLines(table).Skip(1) : [])
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 9 && fields[3] == "0A" && fields[1].EndsWith(suffix, StringComparison.Ordinal))
                {
                    inodes.Add($"socket:[{fields[9]}]");
                }
            }
        }

        return inodes;
    }

    private static HashSet<string> Sockets(int pid)
    {
        try
        {
            return [.. new DirectoryInfo($"/proc/{pid}/fd").EnumerateFiles().Select(f => f.LinkTarget).OfType<string>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
