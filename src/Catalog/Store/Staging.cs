using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace Sluice.Catalog.Store;

/// <summary>
/// Temporary tables that a merge is fed from: binary COPY into PostgreSQL, one prepared statement into SQLite. What follows is set-based and
/// the same text for both.
/// </summary>
/// <param name="connection">In the merge's transaction, with whose end the rows go.</param>
internal sealed class Staging(DbConnection connection)
{
    /// <summary>Fills a table.</summary>
    /// <param name="table">Its name; it is made when it is not there.</param>
    /// <param name="columns">Its columns, in the order of each row's values.</param>
    /// <param name="rows">Values: text, long, bool, decimal or null.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task FillAsync(string table, IReadOnlyList<StagedColumn> columns, IEnumerable<object?[]> rows, CancellationToken cancellationToken)
    {
        var names = string.Join(", ", columns.Select(column => column.Name));
        if (connection is NpgsqlConnection postgres)
        {
            await connection.ExecuteAsync(
                $"CREATE TEMP TABLE {table} ({string.Join(", ", columns.Select(column => $"{column.Name} {PostgresType(column.Type)}"))}) ON COMMIT DROP",
                cancellationToken);
            await using var import = await postgres.BeginBinaryImportAsync($"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)", cancellationToken);
            import.Timeout = SyncCommands.Patience;
            foreach (var row in rows)
            {
                await import.StartRowAsync(cancellationToken);
                for (var i = 0; i < row.Length; i++)
                {
                    await WriteAsync(import, row[i], columns[i].Type, cancellationToken);
                }
            }

            await import.CompleteAsync(cancellationToken);
            return;
        }

        await connection.ExecuteAsync($"DROP TABLE IF EXISTS temp.{table}", cancellationToken);
        await connection.ExecuteAsync($"CREATE TEMP TABLE {table} ({names})", cancellationToken);
        await using var insert = connection.CreateCommand();
        insert.CommandText = $"INSERT INTO {table} ({names}) VALUES ({string.Join(", ", columns.Select(column => $"@{column.Name}"))})";
        foreach (var column in columns)
        {
            var parameter = insert.CreateParameter();
            parameter.ParameterName = $"@{column.Name}";
            insert.Parameters.Add(parameter);
        }

        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++)
            {
                insert.Parameters[i].Value = row[i] ?? DBNull.Value;
            }

            await insert.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter import, object? value, StagedType type, CancellationToken cancellationToken)
    {
        switch (type, value)
        {
            case (_, null):
                await import.WriteNullAsync(cancellationToken);
                break;
            case (StagedType.Text, string text):
                await import.WriteAsync(text, NpgsqlDbType.Text, cancellationToken);
                break;
            case (StagedType.Json, string json):
                await import.WriteAsync(json, NpgsqlDbType.Jsonb, cancellationToken);
                break;
            case (StagedType.Whole, long number):
                await import.WriteAsync(number, NpgsqlDbType.Bigint, cancellationToken);
                break;
            case (StagedType.Number, decimal number):
                await import.WriteAsync(number, NpgsqlDbType.Numeric, cancellationToken);
                break;
            case (StagedType.Flag, bool flag):
                await import.WriteAsync(flag, NpgsqlDbType.Boolean, cancellationToken);
                break;
            default:
                throw new ArgumentException($"A {value.GetType().Name} does not fit a column of type {type}.");
        }
    }

    private static string PostgresType(StagedType type) => type switch
    {
        StagedType.Text => "text COLLATE \"C\"",
        StagedType.Json => "jsonb",
        StagedType.Whole => "bigint",
        StagedType.Number => "numeric",
        _ => "boolean",
    };
}

/// <summary>A column of a temporary table.</summary>
internal readonly record struct StagedColumn(string Name, StagedType Type = StagedType.Text);

/// <summary>What a column of a temporary table holds.</summary>
internal enum StagedType
{
    Text,
    Json,
    Whole,
    Number,
    Flag,
}
