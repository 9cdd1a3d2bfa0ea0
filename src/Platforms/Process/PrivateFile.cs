namespace Sluice.Platforms.Process;

/// <summary>Files and folders that only their owner can read.</summary>
public static class PrivateFile
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Opens a file unbuffered; when it is made, then for its owner alone.</summary>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Owner;
        }

        return new FileStream(path, options);
    }

    /// <summary>
    /// Replaces a file so that it is either as before or as wanted, whenever the power goes: writes beside, syncs, renames, syncs the folder.
    /// </summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var beside = path + ".new";
        using (var file = Open(beside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
        var folder = Native.Open(Path.GetDirectoryName(path)!, 0);
        if (folder >= 0)
        {
            _ = Native.Sync(folder);
            _ = Native.Close(folder);
        }
    }

    /// <summary>Makes a folder, and those above it that are missing.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        // The mode concerns the last folder only, so each is made as one.
        if (Path.GetDirectoryName(path) is { } above && !Directory.Exists(above))
        {
            CreateFolder(above);
        }

        Directory.CreateDirectory(path, Owner | UnixFileMode.UserExecute);
    }

    /// <summary>Closes a file or folder to everybody else; only its owner can.</summary>
    public static void Close(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, Directory.Exists(path) ? Owner | UnixFileMode.UserExecute : Owner);
        }
    }
}
