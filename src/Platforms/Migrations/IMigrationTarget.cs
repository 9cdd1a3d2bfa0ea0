using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Migrations;

/// <summary>A database that files are run on: one connection, one transaction at a time.</summary>
internal interface IMigrationTarget : IAsyncDisposable
{
    /// <summary>Runs the work, its driver's failures told as ours.</summary>
    Task<T> RunAsync<T>(Func<Task<T>> work);

    /// <summary>Begins a transaction once no other migration runs here.</summary>
    Task BeginAsync(CancellationToken cancellationToken);

    /// <summary>SHA-256 by path of what was applied; makes the table when it is missing.</summary>
    Task<IReadOnlyDictionary<string, string>> AppliedAsync(CancellationToken cancellationToken);

    /// <summary>Runs the statements of a file.</summary>
    Task ExecuteAsync(SqlText file, CancellationToken cancellationToken);

    /// <summary>Remembers a file.</summary>
    Task AddAsync(SqlText file, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Forgets files.</summary>
    Task RemoveAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken);

    /// <summary>Keeps what was done since <see cref="BeginAsync"/>.</summary>
    Task CommitAsync(CancellationToken cancellationToken);
}
