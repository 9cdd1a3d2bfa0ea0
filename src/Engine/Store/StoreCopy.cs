using Microsoft.Data.Sqlite;

namespace Sluice.Engine.Store;

/// <summary>
/// Copies a database while others read and write it, by SQLite's own backup in one step: a snapshot of what is committed when it begins. Pages are
/// copied as they are, which costs a fraction of writing them anew as <c>VACUUM INTO</c> does, and ends with them on the disk.
/// </summary>
public static class StoreCopy
{
    /// <summary>Copies a database file that may be in use.</summary>
    /// <param name="source">Any SQLite file, in whatever journal mode.</param>
    /// <param name="target">A file that does not exist. It appears whole or not at all.</param>
    /// <exception cref="EngineStoreException">The source cannot be read, or the target not be written.</exception>
    public static void Copy(string source, string target)
    {
        SQLitePCL.Batteries_V2.Init();
        try
        {
            using var connection = Schema.OpenReader(source);
            Copy(connection, target);
        }
        catch (SqliteException e)
        {
            throw Schema.Translate(e, source);
        }
    }

    internal static void Copy(SqliteConnection source, string target)
    {
        if (File.Exists(target))
        {
            throw new EngineStoreException("StoreUnwritable", $"'{target}' exists. A backup never replaces a file: give another path.");
        }

        var partial = target + ".partial";
        try
        {
            Remove(partial);
            using (var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = partial, Pooling = false }.ToString()))
            {
                copy.Open();
                source.BackupDatabase(copy);
            }

            File.Move(partial, target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            Remove(partial);
            throw new EngineStoreException("StoreFailed", $"'{source.DataSource}' could not be copied to '{target}' ({e.Message}). The file itself is as it was.", e);
        }
    }

    private static void Remove(string file)
    {
        if (File.Exists(file))
        {
            File.Delete(file);
        }
    }
}
