using System.Data.Common;

namespace Sluice.Registry.Storage;

/// <summary>Where SQLite and PostgreSQL differ. Everything else is one SQL text.</summary>
internal interface IDialect : IAsyncDisposable
{
    /// <summary>Where it is, for people: no password.</summary>
    string Place { get; }

    /// <summary>Type of a text column, compared byte by byte so that both order alike.</summary>
    string Text { get; }

    /// <summary>Type of a JSON column.</summary>
    string Json { get; }

    /// <summary>Type of a column of bytes.</summary>
    string Bytes { get; }

    /// <summary>Type of a point in time, in milliseconds.</summary>
    string Instant { get; }

    /// <summary>Type of a primary key that rises by itself and is never given twice.</summary>
    string Rising { get; }

    /// <summary>The operator that compares with a pattern, ASCII letters without case.</summary>
    string Like { get; }

    /// <summary>One writer at a time within this process, where the database allows only one; null elsewhere.</summary>
    SemaphoreSlim? WriteGate { get; }

    /// <summary>SQL that makes a point in time of a parameter that holds Unix milliseconds.</summary>
    string ToInstant(string parameter);

    /// <summary>SQL that reads a point in time as Unix milliseconds.</summary>
    string FromInstant(string column);

    /// <summary>SQL that makes JSON of a parameter that holds text.</summary>
    string ToJson(string parameter);

    /// <summary>A connection, open and set up.</summary>
    Task<DbConnection> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Makes the file or schema that the tables go into; within the migration's transaction where that is possible.</summary>
    Task PrepareAsync(Session session);

    /// <summary>Whether a table exists.</summary>
    Task<bool> HasTableAsync(Session session, string table);

    /// <summary>Lets one transaction at a time through for this name; ends with the transaction.</summary>
    Task SerializeAsync(Session session, string name);

    /// <summary>Whether two transactions met, and this one should simply run again.</summary>
    bool IsConflict(Exception exception);

    /// <summary>What a driver's failure means; null when it is a fault of ours and should show as it is.</summary>
    RegistryException? Explain(Exception exception);
}
