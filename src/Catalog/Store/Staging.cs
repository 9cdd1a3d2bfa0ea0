using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace Sluice.Catalog.Store;

/// <summary>
/// Temporary tables that a merge is fed from, and rows that are new: binary COPY into PostgreSQL, one prepared statement into SQLite. What
/// follows is set-based and the same text for both.
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
        if (connection is NpgsqlConnection)
        {
            await connection.ExecuteAsync(
                $"CREATE TEMP TABLE {table} ({string.Join(", ", columns.Select(column => $"{column.Name} {PostgresType(column.Type)}"))}) ON COMMIT DROP",
                cancellationToken);
        }
        else
        {
            await connection.ExecuteAsync($"DROP TABLE IF EXISTS temp.{table}", cancellationToken);
            await connection.ExecuteAsync($"CREATE TEMP TABLE {table} ({Names(columns)})", cancellationToken);
        }

        await AppendAsync(table, columns, rows, cancellationToken);
    }

    /// <summary>Adds rows to a table that is there; none of them is in it.</summary>
    /// <param name="table">Its name.</param>
    /// <param name="columns">Columns, in the order of each row's values; the others get their defaults.</param>
    /// <param name="rows">Values: text, long, bool, decimal or null.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task AppendAsync(string table, IReadOnlyList<StagedColumn> columns, IEnumerable<object?[]> rows, CancellationToken cancellationToken)
    {
        var names = Names(columns);
        if (connection is NpgsqlConnection postgres)
        {
            await using var import = await postgres.BeginBinaryImportAsync($"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)", cancellationToken);
            import.Timeout = SyncCommands.Patience;
            Write(import, columns, rows, cancellationToken);
            await import.CompleteAsync(cancellationToken);
            return;
        }

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

    private static string Names(IReadOnlyList<StagedColumn> columns) => string.Join(", ", columns.Select(column => column.Name));

    // Into the importer's buffer, for which a task for each value costs as much again. A full one blocks until the server has taken it.
    private static void Write(
        NpgsqlBinaryImporter import, IReadOnlyList<StagedColumn> columns, IEnumerable<object?[]> rows, CancellationToken cancellationToken)
    {
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            import.StartRow();
            for (var i = 0; i < row.Length; i++)
            {
                Write(import, row[i], columns[i].Type);
            }
        }
    }

    private static void Write(NpgsqlBinaryImporter import, object? value, StagedType type)
    {
        switch (type, value)
        {
            case (_, null):
                import.WriteNull();
                break;
            case (StagedType.Text, string text):
                import.Write(text, NpgsqlDbType.Text);
                break;
            case (StagedType.Json, string json):
                import.Write(json, NpgsqlDbType.Jsonb);
                break;
            case (StagedType.Whole, long number):
                import.Write(number, NpgsqlDbType.Bigint);
                break;
            case (StagedType.Number, decimal number):
                import.Write(number, NpgsqlDbType.Numeric);
                break;
            case (StagedType.Flag, bool flag):
                import.Write(flag, NpgsqlDbType.Boolean);
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
