namespace Sluice.Platforms.Process;

/// <summary>Files that are either as before or as wanted, whenever the power goes, and readable by their owner alone.</summary>
internal static class AtomicFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes beside, syncs, renames, syncs the folder.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var beside = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
        using (var file = new FileStream(beside, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a folder, and those above it that are missing, for its owner alone.</summary>
    public static void CreateFolder(string path) =>
        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);

    private static void SyncFolder(string path)
    {
        var folder = Native.Open(path, 0);
        if (folder >= 0)
        {
            _ = Native.Sync(folder);
            _ = Native.Close(folder);
        }
    }
}
