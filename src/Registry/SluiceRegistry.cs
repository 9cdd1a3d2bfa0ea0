using Microsoft.Extensions.Logging;
using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>What was deployed, by whom, and who may: SQLite in the data folder, or PostgreSQL when a connection string is given.</summary>
public sealed class SluiceRegistry : IAsyncDisposable
{
    private readonly Database _database;

    private SluiceRegistry(Database database)
    {
        _database = database;
        Deployments = new DeploymentRegistry(database);
        Events = new EventLog(database);
        Coordination = new Coordination(database);
        Keys = new AccessKeys(database);
    }

    /// <summary>Bundles, rollouts, deployments, baselines.</summary>
    public IDeploymentRegistry Deployments { get; }

    /// <summary>Events and the audit trail.</summary>
    public IEventLog Events { get; }

    /// <summary>Locks, commands, desired states, compensation stacks.</summary>
    public ICoordination Coordination { get; }

    /// <summary>Who may call.</summary>
    public IAccessKeys Keys { get; }

    /// <summary>Where it is, for people; no password.</summary>
    public string Place => _database.Dialect.Place;

    /// <summary>Opens the registry and brings its tables to this program's version.</summary>
    /// <param name="folder">The data folder; <c>registry.db</c> is made there when <paramref name="connectionString"/> is null.</param>
    /// <param name="connectionString">PostgreSQL URL or keyword form; null or empty for SQLite. A secret, never logged.</param>
    /// <param name="logger">Told of migrations.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RegistryException">It cannot be opened; says what to do.</exception>
    public static Task<SluiceRegistry> OpenAsync(
        string folder, string? connectionString, ILogger<SluiceRegistry> logger, CancellationToken cancellationToken) =>
        OpenAsync(folder, connectionString, password: null, logger, cancellationToken);

    /// <summary>Opens the registry with a password that is asked for, as a managed identity's token is.</summary>
    /// <param name="folder">The data folder; <c>registry.db</c> is made there when <paramref name="connectionString"/> is null.</param>
    /// <param name="connectionString">PostgreSQL URL or keyword form, without a password; null or empty for SQLite.</param>
    /// <param name="password">
    /// Gives the password; asked every four minutes, so it should answer from memory while its token lives. Null when the connection
    /// string holds the password. SQLite has none.
    /// </param>
    /// <param name="logger">Told of migrations.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RegistryException">It cannot be opened; says what to do.</exception>
    public static async Task<SluiceRegistry> OpenAsync(
        string folder,
        string? connectionString,
        Func<CancellationToken, ValueTask<string>>? password,
        ILogger<SluiceRegistry> logger,
        CancellationToken cancellationToken)
    {
        var database = new Database(string.IsNullOrWhiteSpace(connectionString)
            ? new SqliteDialect(Path.Combine(Path.GetFullPath(folder), "registry.db"))
            : new PostgresDialect(connectionString.Trim(), password));
        try
        {
            var found = await Schema.MigrateAsync(database, cancellationToken);
            if (found < Schema.Current)
            {
                logger.Migrated(database.Dialect.Place, found, Schema.Current);
            }

            return new SluiceRegistry(database);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks the database for an answer; for health checks.</summary>
    /// <exception cref="RegistryException">It does not answer.</exception>
    public Task PingAsync(CancellationToken cancellationToken) =>
        _database.FindAsync<long>("SELECT version FROM schema_version", null, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
