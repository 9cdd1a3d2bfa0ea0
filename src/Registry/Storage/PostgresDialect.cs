using System.Data.Common;
using System.Net.Sockets;
using Npgsql;
using Sluice.Domain;

namespace Sluice.Registry.Storage;

/// <summary>A PostgreSQL database; the tables lie in the schema <c>sluice</c> unless the connection string names another search path.</summary>
internal sealed class PostgresDialect : IDialect
{
    /// <summary>
    /// How often a password that is a token is asked for again. A managed identity's token is renewed at least five minutes before it
    /// ends, and answered from memory until then, so what is at hand here always has some life left.
    /// </summary>
    private static readonly TimeSpan PasswordRefresh = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan PasswordRetry = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _source;
    private readonly string _schema;

    /// <param name="connectionString">URL or keyword form.</param>
    /// <param name="password">Gives the password instead of the connection string; null when it holds one.</param>
    public PostgresDialect(string connectionString, Func<CancellationToken, ValueTask<string>>? password)
    {
        try
        {
            var builder = Read(connectionString);
            builder.SearchPath = string.IsNullOrEmpty(builder.SearchPath) ? "sluice" : builder.SearchPath;
            builder.ApplicationName ??= "sluice";
            _schema = builder.SearchPath.Split(',')[0].Trim().Trim('"');
            Place = $"PostgreSQL at {builder.Host}:{builder.Port}, database {builder.Database}, schema {_schema}, user {builder.Username}";
            if (password is not null && !string.IsNullOrEmpty(builder.Password))
            {
                throw new RegistryException(
                    RegistryError.RegistryMisconfigured,
                    $"{Place}, has a password in its connection string and is to be opened with an identity's token: take one of them away.");
            }

            var source = new NpgsqlDataSourceBuilder(builder.ConnectionString);
            if (password is not null)
            {
                source.UsePeriodicPasswordProvider((_, cancellationToken) => AskAsync(password, cancellationToken), PasswordRefresh, PasswordRetry);
            }

            _source = source.Build();
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The driver's message may repeat a value, so it is not passed on.
            throw new RegistryException(
                RegistryError.RegistryMisconfigured,
                "The registry's connection string is not understood: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE "
                    + "or Host=…;Database=…;Username=…;Password=….");
        }
    }

    public string Place { get; }

    public string Text => "text COLLATE \"C\"";

    public string Json => "jsonb";

    public string Bytes => "bytea";

    public string Instant => "timestamptz";

    public string Rising => "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY";

    public string Like => "ILIKE";

    public SemaphoreSlim? WriteGate => null;

    public string ToInstant(string parameter) =>
        $"(timestamptz 'epoch' + {parameter} * interval '1 millisecond')";

    public string FromInstant(string column) => $"CAST(extract(epoch FROM {column}) * 1000 AS bigint)";

    public string ToJson(string parameter) => $"CAST({parameter} AS jsonb)";

    public async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken) =>
        await _source.OpenConnectionAsync(cancellationToken);

    public async Task PrepareAsync(Session session)
    {
        await SerializeAsync(session, "sluice.migrate");

        // Asked first: CREATE SCHEMA needs a right on the whole database even when there is nothing to create.
        if (await session.FindAsync<long?>("SELECT 1 FROM pg_namespace WHERE nspname = @schema", new { schema = _schema }) is null)
        {
            await session.ExecuteAsync($"CREATE SCHEMA \"{_schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        }
    }

    public async Task<bool> HasTableAsync(Session session, string table) =>
        await session.FindAsync<string>(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = @schema AND tablename = @table",
            new { schema = _schema, table }) is not null;

    public Task SerializeAsync(Session session, string name) =>
        session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended(@name, 0))", new { name = $"{_schema}.{name}" });

    public bool IsConflict(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };

    public RegistryException? Explain(Exception exception) => exception switch
    {
        PostgresException { SqlState: "28P01" or "28000" } => Unavailable(exception, "refuses the login: look at user and password."),
        PostgresException { SqlState: "3D000" } => Unavailable(exception, "does not have this database: create it, or name another."),
        PostgresException { SqlState: "42501" } e =>
            Unavailable(exception, $"does not let this user do that ({e.MessageText}): grant it, or create the schema beforehand."),
        PostgresException { SqlState: "25006" } => Unavailable(exception, "is read-only, probably a standby: name the primary."),
        PostgresException { SqlState: "53100" } => Unavailable(exception, "has a full disk: free some space; nothing was half written."),
        PostgresException { SqlState: "53300" } =>
            Unavailable(exception, "has no connection left: raise max_connections or lower the pool sizes."),
        PostgresException { SqlState: ['5', '3' or '7' or '8', ..] or ['0', '8', ..] } e =>
            Unavailable(exception, $"cannot work now: {e.MessageText}."),
        PostgresException => null,
        NpgsqlException { InnerException: NoPasswordException e } =>
            Unavailable(exception, $"cannot be logged in to: the app's identity gives no token: {e.Message}"),
        NpgsqlException e => Unavailable(exception, $"does not answer: {(e.InnerException ?? e).Message}"),
        SocketException or TimeoutException => Unavailable(exception, $"does not answer: {exception.Message}"),
        _ => null,
    };

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static NpgsqlConnectionStringBuilder Read(string connectionString)
    {
        if (!PostgresUrl.IsUrl(connectionString))
        {
            return new NpgsqlConnectionStringBuilder(connectionString);
        }

        if (!PostgresUrl.TryParse(connectionString, out var keywords, out var fault))
        {
            throw new RegistryException(RegistryError.RegistryMisconfigured, $"The registry's PostgreSQL URL is not understood: {fault}.");
        }

        var builder = new NpgsqlConnectionStringBuilder();
        foreach (var (keyword, value) in keywords)
        {
            builder[keyword] = value;
        }

        return builder;
    }

    private static async ValueTask<string> AskAsync(Func<CancellationToken, ValueTask<string>> password, CancellationToken cancellationToken)
    {
        try
        {
            return await password(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new NoPasswordException(exception);
        }
    }

    private RegistryException Unavailable(Exception cause, string message) =>
        new(RegistryError.RegistryUnavailable, $"{Place}, {message}", cause);

    /// <summary>Tells an identity without a token from a server that does not answer: the driver wraps both alike.</summary>
    private sealed class NoPasswordException(Exception cause) : Exception(cause.Message, cause);
}
