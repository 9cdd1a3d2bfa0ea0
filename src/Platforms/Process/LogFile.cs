using System.Text;

namespace Sluice.Platforms.Process;

/// <summary>A log that a running program appends to, kept in bounds from outside.</summary>
internal static class LogFile
{
    /// <summary>Above this size, bytes, a log is set aside.</summary>
    public const long MaxBytes = 10 * 1024 * 1024;

    /// <summary>
    /// Sets a log of more than <see cref="MaxBytes"/> aside as <c>.1</c>, an earlier one as <c>.2</c>, and empties it. Copied, then cut: the
    /// program keeps its descriptor, and appends at the new end. What it writes between the two is lost.
    /// </summary>
    public static void Rotate(string path)
    {
        if (new FileInfo(path) is not { Exists: true, Length: > MaxBytes })
        {
            return;
        }

        if (File.Exists(path + ".1"))
        {
            File.Move(path + ".1", path + ".2", overwrite: true);
        }

        File.Copy(path, path + ".1", overwrite: true);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(0);
    }

    /// <summary>The last lines, without blank ones, each cut at 500 characters; empty when there is nothing.</summary>
    public static IReadOnlyList<string> Tail(string path, int lines)
    {
        const int Window = 16 * 1024;
        if (!File.Exists(path))
        {
            return [];
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Seek(-Math.Min(Window, file.Length), SeekOrigin.End);
        using var reader = new StreamReader(file, Encoding.UTF8);
        return [.. reader.ReadToEnd().Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0)
            .TakeLast(lines).Select(l => l.Length > 500 ? l[..500] + "…" : l)];
    }
}
