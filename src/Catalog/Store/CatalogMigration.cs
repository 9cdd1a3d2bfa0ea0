using System.Data.Common;
using System.Globalization;

namespace Sluice.Catalog.Store;

/// <summary>Brings a database to the program's schema version, once, whoever else tries at the same time.</summary>
internal static class CatalogMigration
{
    /// <exception cref="CatalogStoreException">The database is newer than the program.</exception>
    public static async Task ApplyAsync(CatalogDatabase database, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        if (await ReadVersionAsync(database, connection, cancellationToken) == database.Migrations.Count)
        {
            return;
        }

        if (database.Address is DatabaseAddress.SqliteFile)
        {
            // Readers of one process must not stop the writer of another; the mode stays with the file.
            await ExecuteAsync(connection, "PRAGMA journal_mode = WAL", cancellationToken);
        }

        await using var transaction = await database.BeginWriteAsync(connection, cancellationToken);
        // Read again under the lock: another process may have been first.
        var version = await ReadVersionAsync(database, connection, cancellationToken);
        foreach (var script in database.Migrations.Skip(version))
        {
            await ExecuteAsync(connection, script, cancellationToken);
        }

        await ExecuteAsync(
            connection,
            string.Create(CultureInfo.InvariantCulture, $"UPDATE {database.Schema}schema_version SET version = {database.Migrations.Count}"),
            cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<int> ReadVersionAsync(CatalogDatabase database, DbConnection connection, CancellationToken cancellationToken)
    {
        if (!Convert.ToBoolean(await ScalarAsync(connection, database.HasSchema, cancellationToken), CultureInfo.InvariantCulture))
        {
            return 0;
        }

        var stored = await ScalarAsync(connection, $"SELECT max(version) FROM {database.Schema}schema_version", cancellationToken);
        var version = stored is null or DBNull ? 0 : Convert.ToInt32(stored, CultureInfo.InvariantCulture);
        return version <= database.Migrations.Count
            ? version
            : throw new CatalogStoreException(
                $"The catalogue's database ({database.Address}) has schema version {version}, this program knows {database.Migrations.Count} at most. " +
                "Run the release that wrote it, or point DATABASE_URL at another database.");
    }

    private static async Task<object?> ScalarAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
