using Sluice.Domain.Plans;

namespace Sluice.Orchestration.Ports;

/// <summary>Runs declarative HTTP checks.</summary>
public interface ISmokeRunner
{
    /// <summary>Runs the whole suite once; failed checks are values, not exceptions.</summary>
    Task<SmokeReport> RunAsync(ProbeEndpoint endpoint, SmokeSuite suite, CancellationToken cancellationToken);
}

/// <summary>What a suite said.</summary>
/// <param name="Passed">Number of checks that held.</param>
/// <param name="Failures">One line per check that did not: name, expected, got.</param>
/// <param name="Elapsed">Time for the whole suite.</param>
public sealed record SmokeReport(int Passed, IReadOnlyList<string> Failures, TimeSpan Elapsed);

/// <summary>Runs a bounded load test.</summary>
public interface ILoadTest
{
    /// <summary>Sends the requests, no more than <paramref name="concurrency"/> at a time.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="path">Absolute path with query.</param>
    /// <param name="requests">How many.</param>
    /// <param name="concurrency">How many at a time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<LoadReport> RunAsync(ProbeEndpoint endpoint, string path, int requests, int concurrency, CancellationToken cancellationToken);
}

/// <summary>What a load test measured. Times in seconds over complete answers.</summary>
public sealed record LoadReport(int Requests, int Errors, double P50Seconds, double P95Seconds, double P99Seconds, double RequestsPerSecond);

/// <summary>Runs SQL files, each once.</summary>
public interface IMigrator
{
    /// <summary>Runs those of the files that are not in <c>sluice_migrations</c> yet; each in a transaction with its row.</summary>
    /// <param name="connectionString">SQLite path or PostgreSQL URL; a secret, never logged.</param>
    /// <param name="files">In order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Paths of the files that ran now.</returns>
    /// <exception cref="PlatformException"><c>Invalid</c> when a file was applied before with another checksum, or the SQL fails.</exception>
    Task<IReadOnlyList<string>> UpAsync(string connectionString, IReadOnlyList<SqlText> files, CancellationToken cancellationToken);

    /// <summary>Which of the files are not in <c>sluice_migrations</c> yet; changes nothing, and needs no table to exist.</summary>
    /// <param name="connectionString">As above.</param>
    /// <param name="files">In order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Their paths.</returns>
    /// <remarks>Asked before <see cref="UpAsync"/>, so that a rollback undoes what the rollout ran and nothing that ran before it.</remarks>
    Task<IReadOnlyList<string>> PendingAsync(string connectionString, IReadOnlyList<SqlText> files, CancellationToken cancellationToken);

    /// <summary>Runs the files that undo, and removes the rows of what they undo.</summary>
    /// <param name="connectionString">As above.</param>
    /// <param name="down">In order.</param>
    /// <param name="undone">Paths of the files undone: nothing runs when none of them is applied.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task DownAsync(string connectionString, IReadOnlyList<SqlText> down, IReadOnlyList<string> undone, CancellationToken cancellationToken);
}

/// <summary>An SQL file with its text.</summary>
/// <param name="Path">As written in the plan.</param>
/// <param name="Sha256">Of its bytes, lower-case hex.</param>
/// <param name="Text">The statements.</param>
public sealed record SqlText(string Path, string Sha256, string Text);

/// <summary>Resolves the name of a secret inside the activity that uses it. A value never enters an orchestration, a log or an answer.</summary>
public interface ISecretStore
{
    /// <summary>The value, or null when there is no secret of this name.</summary>
    Task<string?> GetAsync(string name, CancellationToken cancellationToken);
}
