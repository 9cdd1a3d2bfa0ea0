using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Sluice.Registry;

namespace Sluice.Functions.Tables;

/// <summary>One table: reads, writes of one partition that happen together or not at all, and what failed in words.</summary>
internal sealed class Table(TableClient client, TableFaults faults, TimeProvider time)
{
    /// <summary>What a transaction may change.</summary>
    public const int MaxChanges = 100;

    private const int MaxPage = 1000;

    // Of those that meet at a row one gets through in each round, so this is enough for as many; about 10 s of pauses in all.
    private const int Attempts = 60;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(400);

    /// <summary>Makes the table if it is missing.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) =>
        ExplainAsync(async () => await client.CreateIfNotExistsAsync(cancellationToken), cancellationToken);

    /// <summary>The row of this key, or null.</summary>
    public Task<TableEntity?> FindAsync(string partition, string key, CancellationToken cancellationToken) =>
        ExplainAsync(
            async () => await client.GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken) is { HasValue: true } found
                ? found.Value
                : null,
            cancellationToken);

    /// <summary>Rows in the order of their keys.</summary>
    /// <param name="filter">Which; empty for all of the table.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<List<TableEntity>> QueryAsync(string filter, int count, CancellationToken cancellationToken)
    {
        var rows = new List<TableEntity>();
        if (count > 0)
        {
            await foreach (var row in ReadAsync(filter, count, cancellationToken))
            {
                rows.Add(row);
                if (rows.Count == count)
                {
                    break;
                }
            }
        }

        return rows;
    }

    /// <summary>Rows in the order of their keys, read a page at a time.</summary>
    public async IAsyncEnumerable<TableEntity> ReadAsync(
        string filter, int pageSize = MaxPage, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var pages = client.QueryAsync<TableEntity>(filter, Math.Min(pageSize, MaxPage), cancellationToken: cancellationToken)
            .AsPages().GetAsyncEnumerator(cancellationToken);
        while (await ExplainAsync(async () => await pages.MoveNextAsync(), cancellationToken))
        {
            foreach (var row in pages.Current.Values)
            {
                yield return row;
            }
        }
    }

    /// <summary>Changes rows of one partition, all or none.</summary>
    /// <returns>False when somebody was first: a row to add is there, or one to change is another than was read.</returns>
    public Task<bool> TryWriteAsync(IReadOnlyList<TableTransactionAction> changes, CancellationToken cancellationToken) =>
        ExplainAsync(
            async () =>
            {
                try
                {
                    await client.SubmitTransactionAsync(changes, cancellationToken);
                    return true;
                }
                catch (RequestFailedException exception) when (TableFaults.IsOvertaken(exception))
                {
                    return false;
                }
            },
            cancellationToken);

    /// <summary>Reads, decides and writes on the condition that what was read still stands; again from the start while others are first.</summary>
    /// <exception cref="RegistryException">Others were first every time; transient.</exception>
    public async Task<T> RunAsync<T>(Func<Task<(bool Done, T Result)>> attempt, CancellationToken cancellationToken)
    {
        for (var tried = 1; ; tried++)
        {
            var (done, result) = await attempt();
            if (done)
            {
                return result;
            }

            if (tried == Attempts)
            {
                throw faults.Busy(client.Name, tried);
            }

            // Up to twice as long each time, and never the same for two: who meets once should not meet again.
            var pause = LongestPause.TotalMilliseconds * Math.Min(1, Math.Pow(2, tried - 6));
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * pause), time, cancellationToken);
        }
    }

    private async Task<T> ExplainAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && faults.Explain(exception) is not null)
        {
            throw faults.Explain(exception)!;
        }
    }
}

/// <summary>Changes of rows.</summary>
internal static class Change
{
    /// <summary>Adds a row that must not be there.</summary>
    public static TableTransactionAction Add(TableEntity row) => new(TableTransactionActionType.Add, row);

    /// <summary>Replaces a row that must still be the one that was read.</summary>
    public static TableTransactionAction Replace(TableEntity row, TableEntity read) => new(TableTransactionActionType.UpdateReplace, row, read.ETag);

    /// <summary>Adds the row, or replaces the one that was read.</summary>
    public static TableTransactionAction Put(TableEntity row, TableEntity? read) => read is null ? Add(row) : Replace(row, read);

    /// <summary>Writes a row whatever is there.</summary>
    public static TableTransactionAction Overwrite(TableEntity row) => new(TableTransactionActionType.UpsertReplace, row);

    /// <summary>Removes a row that must be there, whatever it holds.</summary>
    public static TableTransactionAction Remove(string partition, string key) =>
        new(TableTransactionActionType.Delete, new TableEntity(partition, key), ETag.All);

    /// <summary>Removes a row that must still be the one that was read.</summary>
    public static TableTransactionAction Remove(TableEntity read) => new(TableTransactionActionType.Delete, read, read.ETag);
}
