using System.Net.Sockets;
using Dapper;
using Npgsql;
using Sluice.Domain;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Migrations;

/// <summary>A PostgreSQL database.</summary>
internal sealed class PostgresTarget : IMigrationTarget
{
    // Ends with the transaction; the name keeps it apart from other programs' locks.
    private const string Lock = "SELECT pg_advisory_xact_lock(hashtextextended('sluice_migrations', 0))";

    private readonly NpgsqlConnection _connection;
    private readonly string _place;
    private NpgsqlTransaction? _transaction;

    /// <param name="address">URL or keyword form.</param>
    public PostgresTarget(string address)
    {
        try
        {
            var builder = Read(address);
            builder.Pooling = false;

            // A migration takes as long as it takes: the step's own bound ends it.
            builder.CommandTimeout = 0;
            _place = $"PostgreSQL at {builder.Host}:{builder.Port}, database {builder.Database}";
            _connection = new NpgsqlConnection(builder.ToString());
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The driver's message may repeat a value, so it is not passed on.
            throw new PlatformException(
                PlatformError.Invalid, "The database's address is not understood: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE.");
        }
    }

    public async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
        {
            throw exception switch
            {
                PostgresException { SqlState: "28P01" or "28000" } =>
                    Failed(PlatformError.Unauthorized, "refuses the login: look at user and password."),
                PostgresException { SqlState: "3D000" } => Failed(PlatformError.NotFound, "does not exist: create it, or name another."),
                PostgresException { SqlState: "42501" } e => Failed(PlatformError.Unauthorized, $"refuses: {e.MessageText}."),
                PostgresException { SqlState: "53300" } => Failed(PlatformError.Throttled, "has no connection left."),
                PostgresException { SqlState: "40P01" or "40001" or "55P03" } e =>
                    Failed(PlatformError.NotApplied, $"let another program go first: {e.MessageText}."),
                PostgresException e when IsServersFault(e.SqlState) =>
                    Failed(PlatformError.Unreachable, $"cannot work now: {e.MessageText}."),
                PostgresException e => Failed(PlatformError.Invalid, $"refuses: {e.MessageText}."),
                _ => Failed(PlatformError.Unreachable, $"does not answer: {(exception.InnerException ?? exception).Message}"),
            };

            PlatformException Failed(PlatformError error, string message) => new(error, $"{_place}, {message}", exception);
        }
    }

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (_connection.State != System.Data.ConnectionState.Open)
        {
            await _connection.OpenAsync(cancellationToken);
        }

        _transaction = await _connection.BeginTransactionAsync(cancellationToken);
        await _connection.ExecuteAsync(new CommandDefinition(Lock, cancellationToken: cancellationToken));
    }

    public async Task<IReadOnlyDictionary<string, string>> AppliedAsync(CancellationToken cancellationToken)
    {
        // Asked first: creating needs a right that a user may lack once the table is there.
        if (await _connection.ExecuteScalarAsync<string>("SELECT to_regclass('sluice_migrations')::text") is null)
        {
            await _connection.ExecuteAsync(SqlMigrator.CreateTable("timestamptz"));
        }

        return (await _connection.QueryAsync<AppliedFile>("SELECT path AS Path, sha256 AS Sha256 FROM sluice_migrations"))
            .ToDictionary(f => f.Path, f => f.Sha256);
    }

    public async Task ExecuteAsync(SqlText file, CancellationToken cancellationToken)
    {
        const string Transaction = "SELECT txid_current()";
        var before = await _connection.ExecuteScalarAsync<long>(Transaction);
        foreach (var (offset, text) in PostgresStatements.Split(file.Text))
        {
            await using var command = new NpgsqlCommand(text, _connection);
            try
            {
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
            catch (PostgresException e) when (!IsServersFault(e.SqlState))
            {
                throw SqlMigrator.Failed(file, offset + Math.Max(0, e.Position - 1), $"{e.MessageText} ({e.SqlState})", e);
            }
        }

        if (await _connection.ExecuteScalarAsync<long>(Transaction) != before)
        {
            throw SqlMigrator.EndedTransaction(file);
        }
    }

    public Task AddAsync(SqlText file, DateTimeOffset at, CancellationToken cancellationToken) => _connection.ExecuteAsync(
        "INSERT INTO sluice_migrations (path, sha256, applied_at) VALUES (@Path, @Sha256, @At)",
        new { file.Path, file.Sha256, At = at.UtcDateTime });

    public Task RemoveAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) =>
        _connection.ExecuteAsync("DELETE FROM sluice_migrations WHERE path = ANY(@paths)", new { paths = paths.ToArray() });

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await _transaction!.CommitAsync(cancellationToken);
        await _transaction.DisposeAsync();
    }

    // Closing the connection rolls back what was begun.
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static NpgsqlConnectionStringBuilder Read(string address)
    {
        if (!PostgresUrl.IsUrl(address))
        {
            return new NpgsqlConnectionStringBuilder(address);
        }

        if (!PostgresUrl.TryParse(address, out var keywords, out var fault))
        {
            throw new PlatformException(PlatformError.Invalid, $"The database's URL is not understood: {fault}.");
        }

        var builder = new NpgsqlConnectionStringBuilder();
        foreach (var (keyword, value) in keywords)
        {
            builder[keyword] = value;
        }

        return builder;
    }

    // Connection, resources, operator, system, deadlock, lock time-out: the file may be right. Codes: PostgreSQL manual, appendix A.
    private static bool IsServersFault(string state) =>
        state is ['5', '3' or '7' or '8', ..] or ['0', '8', ..] or "40P01" or "40001" or "55P03";
}
