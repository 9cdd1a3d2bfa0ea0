using System.Text.RegularExpressions;
using Sluice.Domain;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Migrations;

/// <summary>
/// Runs SQL files on SQLite (<c>sqlite:///absolute/path</c>, a file path) and PostgreSQL (<c>postgres://…</c>, keyword form), each once,
/// remembered in <c>sluice_migrations(path, sha256, applied_at)</c>. Each file is one transaction together with its row; of two that
/// run at once one waits, then finds the rows of the other.
/// </summary>
public sealed partial class SqlMigrator(TimeProvider time) : IMigrator
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> UpAsync(string connectionString, IReadOnlyList<SqlText> files, CancellationToken cancellationToken)
    {
        RefuseTransactions(files);
        await using var target = Open(connectionString);
        return await target.RunAsync(async () =>
        {
            await target.BeginAsync(cancellationToken);
            var applied = await target.AppliedAsync(cancellationToken);
            await target.CommitAsync(cancellationToken);

            // All are compared before any runs: a changed file must not leave the others half done.
            var changed = files.Where(f => applied.TryGetValue(f.Path, out var sha) && sha != f.Sha256).ToList();
            if (changed.Count > 0)
            {
                throw Changed(changed, applied);
            }

            var ran = new List<string>();
            foreach (var file in files.Where(f => !applied.ContainsKey(f.Path)))
            {
                await target.BeginAsync(cancellationToken);
                var now = await target.AppliedAsync(cancellationToken);
                if (!now.TryGetValue(file.Path, out var sha))
                {
                    await target.ExecuteAsync(file, cancellationToken);
                    await target.AddAsync(file, time.GetUtcNow(), cancellationToken);
                    ran.Add(file.Path);
                }
                else if (sha != file.Sha256)
                {
                    throw Changed([file], now);
                }

                await target.CommitAsync(cancellationToken);
            }

            return ran;
        });
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> PendingAsync(
        string connectionString, IReadOnlyList<SqlText> files, CancellationToken cancellationToken)
    {
        await using var target = Open(connectionString);
        return await target.RunAsync(async () =>
        {
            // Never committed: a table that asking made goes with its transaction.
            await target.BeginAsync(cancellationToken);
            var applied = await target.AppliedAsync(cancellationToken);
            return files.Select(f => f.Path).Where(path => !applied.ContainsKey(path)).ToList();
        });
    }

    /// <inheritdoc/>
    /// <remarks>All files and the removal of the rows are one transaction: run again after a crash, it finds all done or nothing.</remarks>
    public async Task DownAsync(
        string connectionString, IReadOnlyList<SqlText> down, IReadOnlyList<string> undone, CancellationToken cancellationToken)
    {
        RefuseTransactions(down);
        await using var target = Open(connectionString);
        await target.RunAsync(async () =>
        {
            await target.BeginAsync(cancellationToken);
            var applied = await target.AppliedAsync(cancellationToken);
            var removed = undone.Where(applied.ContainsKey).ToList();
            if (removed.Count > 0)
            {
                foreach (var file in down)
                {
                    await target.ExecuteAsync(file, cancellationToken);
                }

                await target.RemoveAsync(removed, cancellationToken);
            }

            await target.CommitAsync(cancellationToken);
            return removed.Count;
        });
    }

    internal static string CreateTable(string instant) =>
        $"CREATE TABLE IF NOT EXISTS sluice_migrations (path text PRIMARY KEY, sha256 text NOT NULL, applied_at {instant} NOT NULL)";

    internal static PlatformException EndedTransaction(SqlText file) => new(
        PlatformError.Invalid,
        $"{file.Path} ends the transaction that Sluice runs it in: what stands before that has taken effect, and the file is not recorded "
            + "as applied. Take BEGIN, COMMIT and ROLLBACK out of it.");

    internal static PlatformException Failed(SqlText file, int offset, string message, Exception cause)
    {
        // A comment above a statement belongs to it, but is not where people look.
        offset = Math.Clamp(offset, 0, file.Text.Length);
        offset += Comments().Match(file.Text[offset..]).Length;
        var before = file.Text.AsSpan(0, offset);
        var line = before.Count('\n') + 1;
        var column = before.Length - before.LastIndexOf('\n');
        return new PlatformException(
            PlatformError.Invalid, $"{file.Path}, line {line}, column {column}: {message}. Nothing of this file was kept.", cause);
    }

    private static IMigrationTarget Open(string connectionString)
    {
        var text = connectionString.Trim();
        if (PostgresUrl.IsUrl(text)
            || text.StartsWith("Host=", StringComparison.OrdinalIgnoreCase)
            || text.Contains(";Host=", StringComparison.OrdinalIgnoreCase))
        {
            return new PostgresTarget(text);
        }

        var path = text.StartsWith("sqlite://", StringComparison.OrdinalIgnoreCase) ? "/" + text["sqlite://".Length..].TrimStart('/')
            : text.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase) ? text["sqlite:".Length..]
            : text;
        return path.Length > 1 && !path.Contains("://", StringComparison.Ordinal) && !path.Contains('=', StringComparison.Ordinal)
            ? new SqliteTarget(path)
            : throw new PlatformException(
                PlatformError.Invalid,
                "The database's address is not understood: expected sqlite:///absolute/path, a file path, "
                    + "or postgres://USER:PASSWORD@HOST:PORT/DATABASE.");
    }

    private static PlatformException Changed(IReadOnlyList<SqlText> files, IReadOnlyDictionary<string, string> applied) => new(
        PlatformError.Invalid,
        string.Join("; ", files.Select(f => $"{f.Path} was applied with SHA-256 {applied[f.Path]} and now has {f.Sha256}"))
            + ". An applied file is never edited: restore it, and put the change into a new file. Nothing was run.");

    private static void RefuseTransactions(IReadOnlyList<SqlText> files)
    {
        var faults = files
            .Select(f => (f.Path, Match: TransactionControl().Match(f.Text), f.Text))
            .Where(f => f.Match.Success)
            .Select(f => (f.Path, f.Text, Word: f.Match.Groups["word"]))
            .Select(f => $"{f.Path}, line {f.Text.AsSpan(0, f.Word.Index).Count('\n') + 1}: {f.Word.Value.ToUpperInvariant()}")
            .ToList();
        if (faults.Count > 0)
        {
            throw new PlatformException(
                PlatformError.Invalid,
                $"Each file is run in a transaction of its own and must not begin or end one: {string.Join("; ", faults)}. Nothing was run.");
        }
    }

    [GeneratedRegex(@"\A(\s+|--[^\n]*|/\*.*?\*/)*", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Comments();

    // With its semicolon only: BEGIN alone opens the body of a trigger or function.
    [GeneratedRegex(
        @"(^|;)[ \t]*(?<word>BEGIN|COMMIT|ROLLBACK|START\s+TRANSACTION)(\s+(TRANSACTION|WORK|IMMEDIATE|EXCLUSIVE))*[ \t]*;",
        RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex TransactionControl();
}
