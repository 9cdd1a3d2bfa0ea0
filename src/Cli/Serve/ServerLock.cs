using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Sluice.Platforms.Process;

namespace Sluice.Cli.Serve;

/// <summary>Sees to it that one server runs on a data folder: a file held open exclusively, which the system frees however the server ends.</summary>
public sealed partial class ServerLock : IDisposable
{
    private readonly FileStream _stream;

    private ServerLock(FileStream stream) => _stream = stream;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="CannotServeException">Another server holds it: names its pid and URL.</exception>
    public static ServerLock Take(DataFolder folder)
    {
        try
        {
            return new ServerLock(PrivateFile.Open(folder.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            var owner = Read(folder.LockFile);
            throw new CannotServeException(owner is null
                ? $"Another server is starting on this data folder ({folder.Path})."
                : $"Another server (pid {owner.Pid}) runs on this data folder at {owner.Url}. Stop it first, or choose another folder with --data.");
        }
    }

    /// <summary>Writes down who holds it.</summary>
    public void Tell(string url)
    {
        _stream.SetLength(0);
        JsonSerializer.Serialize(_stream, new Owner(Environment.ProcessId, url), JsonSerializerOptions.Web);
        _stream.Flush(flushToDisk: true);
    }

    /// <summary>Who holds it, or held it last; null when that cannot be read.</summary>
    public static Owner? Read(string lockFile)
    {
        try
        {
            using var handle = OpenUnlocked(lockFile);
            using var stream = new FileStream(handle, FileAccess.Read);
            return JsonSerializer.Deserialize<Owner>(stream, JsonSerializerOptions.Web);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    // .NET locks whatever it opens by path, if only for sharing, and so cannot open a file that is held; the system can.
    private static SafeFileHandle OpenUnlocked(string path)
    {
        var descriptor = Open(path, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new IOException($"{path} cannot be opened.");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Emptied, so that clients do not look for a server that has ended.
        _stream.SetLength(0);
        _stream.Dispose();
    }

    /// <summary>Who holds a data folder.</summary>
    /// <param name="Pid">Its process.</param>
    /// <param name="Url">Where it answers.</param>
    public sealed record Owner(int Pid, string Url);
}
