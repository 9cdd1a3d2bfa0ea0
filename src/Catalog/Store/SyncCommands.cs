using System.Data.Common;

namespace Sluice.Catalog.Store;

/// <summary>Statements of syncs, which nobody waits for at a keyboard.</summary>
internal static class SyncCommands
{
    /// <summary>Longest time for one statement: sources that come at once are merged one after another; a large one on a busy machine takes seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Runs a statement.</summary>
    public static async Task ExecuteAsync(
        this DbConnection connection, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Hands over each row of an answer.</summary>
    public static async Task ReadAsync(
        this DbConnection connection, string sql, Action<DbDataReader> use, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            use(row);
        }
    }

    /// <summary>A text column, or null.</summary>
    public static string? Text(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DbCommand Command(DbConnection connection, string sql, (string Name, object? Value)[] parameters)
    {
        var command = connection.Command(sql, parameters);
        command.CommandTimeout = (int)Patience.TotalSeconds;
        return command;
    }
}
