using System.Data.Common;
using Dapper;

namespace Sluice.Registry.Storage;

/// <summary>Runs reads and transactions, and says what failed in words.</summary>
internal sealed class Database(IDialect dialect) : IAsyncDisposable
{
    private const int Attempts = 5;

    public IDialect Dialect { get; } = dialect;

    /// <summary>Runs queries outside a transaction.</summary>
    public async Task<T> ReadAsync<T>(Func<Session, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await Dialect.ConnectAsync(cancellationToken);
            return await read(new Session(connection, null, cancellationToken));
        }
        catch (Exception exception) when (Dialect.Explain(exception) is not null)
        {
            throw Dialect.Explain(exception)!;
        }
    }

    /// <summary>Runs one transaction; it may run again from its start when it met another.</summary>
    public async Task<T> WriteAsync<T>(Func<Session, Task<T>> write, CancellationToken cancellationToken)
    {
        if (Dialect.WriteGate is { } gate)
        {
            await gate.WaitAsync(cancellationToken);
        }

        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await using var connection = await Dialect.ConnectAsync(cancellationToken);
                    await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                    var result = await write(new Session(connection, transaction, cancellationToken));
                    await transaction.CommitAsync(cancellationToken);
                    return result;
                }
                catch (Exception exception) when (attempt < Attempts && Dialect.IsConflict(exception))
                {
                    // The database has picked this one of two to give way; the other is done by now.
                }
            }
        }
        catch (Exception exception) when (Dialect.Explain(exception) is not null)
        {
            throw Dialect.Explain(exception)!;
        }
        finally
        {
            Dialect.WriteGate?.Release();
        }
    }

    /// <summary>Runs one statement in a transaction of its own.</summary>
    /// <returns>Number of rows changed.</returns>
    public Task<int> ExecuteAsync(string sql, object? parameters, CancellationToken cancellationToken) =>
        WriteAsync(session => session.ExecuteAsync(sql, parameters), cancellationToken);

    /// <summary>All rows of one query.</summary>
    public Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancellationToken) =>
        ReadAsync(session => session.QueryAsync<T>(sql, parameters), cancellationToken);

    /// <summary>The row of one query, or null.</summary>
    public Task<T?> FindAsync<T>(string sql, object? parameters, CancellationToken cancellationToken) =>
        ReadAsync(session => session.FindAsync<T>(sql, parameters), cancellationToken);

    public ValueTask DisposeAsync() => Dialect.DisposeAsync();
}

/// <summary>A connection in use.</summary>
internal sealed class Session(DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
{
    public Task<int> ExecuteAsync(string sql, object? parameters = null) =>
        connection.ExecuteAsync(Command(sql, parameters));

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        (await connection.QueryAsync<T>(Command(sql, parameters))).AsList();

    public Task<T?> FindAsync<T>(string sql, object? parameters = null) =>
        connection.QueryFirstOrDefaultAsync<T?>(Command(sql, parameters));

    private CommandDefinition Command(string sql, object? parameters) =>
        new(sql, parameters, transaction, cancellationToken: cancellationToken);
}
