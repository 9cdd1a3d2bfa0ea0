namespace Sluice.Registry;

/// <summary>The end of the chain, kept apart so that a removed last entry shows.</summary>
internal sealed class AuditHead
{
    public long Number { get; init; }

    public string Hash { get; init; } = "";
}

/// <summary>Follows the audit trail from its first entry to its head.</summary>
internal static class AuditChain
{
    /// <summary>Number of the first entry whose chain does not hold, or null when all hold.</summary>
    /// <param name="head">The end, read before any entry; null when it is gone.</param>
    /// <param name="readAfter">Reads the next entries with a number above this one, in order; none at the end.</param>
    public static async Task<long?> FirstBrokenAsync(AuditHead? head, Func<long, Task<IReadOnlyList<AuditRow>>> readAfter)
    {
        if (head is null)
        {
            return 1;
        }

        var last = new AuditHead();
        while (last.Number < head.Number)
        {
            var rows = await readAfter(last.Number);
            foreach (var row in rows.TakeWhile(r => r.Number <= head.Number))
            {
                if (row.Number != last.Number + 1 || row.Hash != row.HashAfter(last.Hash))
                {
                    return last.Number + 1;
                }

                last = new AuditHead { Number = row.Number, Hash = row.Hash };
            }

            if (rows.Count == 0)
            {
                return last.Number + 1;
            }
        }

        return last.Hash == head.Hash ? null : head.Number;
    }
}
