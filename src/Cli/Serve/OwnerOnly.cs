namespace Sluice.Cli.Serve;

/// <summary>Files and folders that nobody but their owner can read. On Windows, where the folder's own rights decide, they are ordinary ones.</summary>
internal static class OwnerOnly
{
    private const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Opens a file; when it is made, then for its owner alone.</summary>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = ReadWrite;
        }

        return new FileStream(path, options);
    }

    /// <summary>Makes a folder, or closes an existing one to everybody else.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, ReadWrite | UnixFileMode.UserExecute);
        File.SetUnixFileMode(path, ReadWrite | UnixFileMode.UserExecute);
    }
}
