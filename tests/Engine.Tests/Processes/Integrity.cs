using Microsoft.Data.Sqlite;

namespace Sluice.Engine.Tests.Processes;

/// <summary>What SQLite itself says of a file.</summary>
internal static class Integrity
{
    /// <summary>The answer of <c>PRAGMA integrity_check</c>; <c>ok</c> also for a file that does not exist.</summary>
    public static string Check(string path)
    {
        SQLitePCL.Batteries_V2.Init();
        if (!File.Exists(path))
        {
            return "ok";
        }

        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        return (string)command.ExecuteScalar()!;
    }
}
