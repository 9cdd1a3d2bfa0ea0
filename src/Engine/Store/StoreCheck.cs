using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Sluice.Engine.Store;

/// <summary>
/// The examination of a file that nobody closed: SQLite repairs what a killed process left, but not what a disk that lies about its writes
/// loses when the power fails. A closed file is not examined, whatever its size.
/// </summary>
/// <param name="Pragma">What SQLite was asked for.</param>
/// <param name="Took">How long it needed.</param>
internal sealed record StoreCheck(string Pragma, TimeSpan Took)
{
    // integrity_check also compares each index with its table; beyond this size that takes longer than a start may.
    private const long Large = 256 << 20;

    /// <summary>Whether the file was left open: the last connection that closes takes the write-ahead log away.</summary>
    public static bool IsNeeded(string path) => new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };

    /// <summary>Examines the file.</summary>
    /// <exception cref="EngineStoreException">It is damaged.</exception>
    public static StoreCheck Run(SqliteConnection connection, string path)
    {
        var pragma = new FileInfo(path).Length < Large ? "integrity_check" : "quick_check";
        var begun = Stopwatch.GetTimestamp();
        string finding;
        try
        {
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // One of the two words above.
            command.CommandText = $"PRAGMA {pragma}(1)";
#pragma warning restore CA2100
            finding = command.ExecuteScalar() as string ?? "nothing was found out";
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 11 or 26)
        {
            finding = e.Message;
        }

        return finding == "ok"
            ? new StoreCheck(pragma, Stopwatch.GetElapsedTime(begun))
            : throw new EngineStoreException(
                "StoreCorrupt",
                $"'{path}' was not closed when its program ended, and {pragma} finds it damaged ({finding}). Keep it with its -wal file for an "
                + "examination and restore the last backup; what `sqlite3 FILE .recover` saves is not whole.");
    }
}
