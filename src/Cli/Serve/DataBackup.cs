using Sluice.Engine.Store;
using Sluice.Platforms.Process;

namespace Sluice.Cli.Serve;

/// <summary>
/// Copies of a data folder, also of one on which a server runs: databases by SQLite's backup, other files as they are. The registry is taken before
/// the engine: what the engine knows more, the server puts into the registry at its start.
/// </summary>
internal static class DataBackup
{
    private static readonly byte[] DatabaseHeader = "SQLite format 3\0"u8.ToArray();

    /// <summary>Copies the data folder.</summary>
    /// <param name="data">May be in use.</param>
    /// <param name="target">A folder that does not exist or is empty; for its owner alone, as it holds keys and secrets. Appears whole or not at all.</param>
    /// <returns>How many files and bytes.</returns>
    public static (int Files, long Bytes) Backup(DataFolder data, string target)
    {
        if (!File.Exists(data.EngineFile))
        {
            throw new CannotServeException($"There is no {data.EngineFile}. Is this the data folder (--data) of the server?");
        }

        DemandEmpty(target, "A backup replaces nothing: give another folder.");
        if (Path.GetFullPath(target).StartsWith(data.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new CannotServeException($"{target} is inside the data folder. Give a folder elsewhere, best on another disk.");
        }

        var partial = target.TrimEnd(Path.DirectorySeparatorChar) + ".partial";
        DemandEmpty(partial, "It is what a backup that was interrupted left: remove it.");
        try
        {
            var copied = Copy(data.Path, partial);
            if (Directory.Exists(target))
            {
                Directory.Delete(target);
            }

            Directory.Move(partial, target);
            return copied;
        }
        catch
        {
            Remove(partial);
            throw;
        }
    }

    /// <summary>Makes a data folder of a backup.</summary>
    /// <param name="source">The backup.</param>
    /// <param name="data">Does not exist or is empty.</param>
    /// <returns>How many files and bytes.</returns>
    public static (int Files, long Bytes) Restore(string source, DataFolder data)
    {
        if (!File.Exists(new DataFolder(Path.GetFullPath(source)).EngineFile))
        {
            throw new CannotServeException($"{source} is no backup: it holds no engine.db.");
        }

        if (File.Exists(data.LockFile))
        {
            // Says who runs there, if anybody does.
            ServerLock.Take(data).Dispose();
        }

        DemandEmpty(data.Path, "A restore replaces nothing: move the folder away, or give another with --data.");
        try
        {
            return Copy(Path.GetFullPath(source), data.Path);
        }
        catch
        {
            Remove(data.Path);
            throw;
        }
    }

    private static (int Files, long Bytes) Copy(string source, string target)
    {
        var (count, bytes) = (0, 0L);
        PrivateFile.CreateFolder(target);
        PrivateFile.Close(target);
        foreach (var file in Files(source))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            PrivateFile.CreateFolder(Path.GetDirectoryName(copy)!);
            try
            {
                if (IsDatabase(file))
                {
                    StoreCopy.Copy(file, copy);
                    PrivateFile.Close(copy);
                }
                else
                {
                    File.Copy(file, copy);
                }
            }
            catch (FileNotFoundException) when (!File.Exists(file))
            {
                // Replaced or removed by the server since it was listed; what takes its place is no part of this moment.
                continue;
            }

            count++;
            bytes += new FileInfo(copy).Length;
        }

        return (count, bytes);
    }

    /// <summary>Databases last, and the engine's last of all. Without what belongs to a running process, and without logs.</summary>
    private static IEnumerable<string> Files(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(f => !f.StartsWith(Path.Combine(folder, "logs") + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        .Where(f => Path.GetFileName(f) is var name
            && !name.EndsWith(".lock", StringComparison.Ordinal) && !name.EndsWith(".sock", StringComparison.Ordinal)
            && !name.EndsWith("-wal", StringComparison.Ordinal) && !name.EndsWith("-shm", StringComparison.Ordinal)
            && !name.EndsWith("-turns", StringComparison.Ordinal) && !name.StartsWith(".write-", StringComparison.Ordinal))
        .OrderBy(f => Path.GetFileName(f) == "engine.db" ? 2 : IsDatabase(f) ? 1 : 0)
        .ThenBy(f => f, StringComparer.Ordinal)
        .ToList();

    private static bool IsDatabase(string file)
    {
        if (!file.EndsWith(".db", StringComparison.Ordinal))
        {
            return false;
        }

        // .NET locks what it opens; SQLite's own locks are on other bytes, and shared ones do not hurt.
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var header = new byte[DatabaseHeader.Length];
        return stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length && header.SequenceEqual(DatabaseHeader);
    }

    private static void DemandEmpty(string folder, string advice)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new CannotServeException($"{folder} is not empty. {advice}");
        }
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
