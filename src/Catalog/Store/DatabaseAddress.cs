namespace Sluice.Catalog.Store;

/// <summary>Where the catalogue lives. The text form names no user and no password.</summary>
public abstract record DatabaseAddress
{
    private DatabaseAddress()
    {
    }

    /// <summary>A SQLite file, made on first use together with its folder.</summary>
    /// <param name="Path">Absolute path.</param>
    public sealed record SqliteFile(string Path) : DatabaseAddress
    {
        /// <inheritdoc/>
        public override string ToString() => $"SQLite {Path}";
    }

    /// <summary>A SQLite database that lives as long as its store.</summary>
    public sealed record SqliteMemory : DatabaseAddress
    {
        /// <inheritdoc/>
        public override string ToString() => "SQLite in memory";
    }

    /// <summary>A PostgreSQL database; the catalogue keeps to the schema <c>catalog</c> in it.</summary>
    /// <param name="ConnectionString">In Npgsql's form.</param>
    public sealed record Postgres(string ConnectionString) : DatabaseAddress
    {
        /// <summary>Gives the password instead of the connection string, asked again every few minutes, as an identity's token is; null when that holds one.</summary>
        public Func<CancellationToken, ValueTask<string>>? Password { get; init; }

        /// <inheritdoc/>
        public override string ToString()
        {
            var parts = new Npgsql.NpgsqlConnectionStringBuilder(ConnectionString);
            return $"PostgreSQL {parts.Host}:{parts.Port}/{parts.Database}";
        }
    }

    /// <summary>
    /// Reads <c>sqlite:///absolute/path</c>, <c>sqlite::memory:</c>, a file path, <c>postgres://user:password@host:port/database?sslmode=…</c>
    /// or Npgsql's own <c>Host=…;Database=…</c>.
    /// </summary>
    /// <exception cref="FormatException">What was expected; never repeats the text, which may hold a password.</exception>
    public static DatabaseAddress Parse(string text)
    {
        if (Has("postgres://") || Has("postgresql://") || Has("host=") || Has("server="))
        {
            return ParsePostgres(text);
        }

        if (text is "sqlite::memory:" or "sqlite://:memory:" or ":memory:")
        {
            return new SqliteMemory();
        }

        var path = Has("sqlite://") ? "/" + text["sqlite://".Length..].TrimStart('/')
            : Has("sqlite:") ? text["sqlite:".Length..]
            : text;
        if (path.Contains("://", StringComparison.Ordinal) || path.Trim() is "" or "/" || path.EndsWith('/') || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new FormatException("expected sqlite:///path/to/catalog.db, a file path, or postgres://user:password@host:5432/database");
        }

        return new SqliteFile(Path.GetFullPath(path));

        bool Has(string prefix) => text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads what can only be a PostgreSQL address: the URL, or Npgsql's own form in any order.</summary>
    /// <exception cref="FormatException">What was expected; never repeats the text, which may hold a password.</exception>
    public static Postgres ParsePostgres(string text)
    {
        if (text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase))
        {
            return new Postgres(PostgresUrl.ToConnectionString(text));
        }

        try
        {
            return new Postgres(new Npgsql.NpgsqlConnectionStringBuilder(text).ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new FormatException("expected Host=…;Database=…;Username=…;Password=… with names that Npgsql knows", e);
        }
    }
}
