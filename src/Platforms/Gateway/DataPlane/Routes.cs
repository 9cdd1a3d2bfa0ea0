namespace Sluice.Platforms.Gateway;

/// <summary>A route table made ready for the hot path. Immutable; a listener swaps it as a whole.</summary>
internal sealed class Routes(RouteTable table, Route[] entries)
{
    // Without a secret: a client stays where it is when the gateway starts again. Nothing of it is kept.
    private static readonly SipHash Spreading = new(new byte[16]);

    public static Routes Empty { get; } = new(new RouteTable([]), []);

    public RouteTable Table { get; } = table;

    /// <summary>Draws by weight; null when nobody has one.</summary>
    /// <param name="point">A number from 0 to 99.</param>
    public Route? Draw(int point)
    {
        foreach (var entry in entries)
        {
            point -= entry.Weight;
            if (point < 0)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>The revision whatever its weight; null when the table does not have it.</summary>
    public Route? Find(string revision)
    {
        foreach (var entry in entries)
        {
            if (entry.Revision.Name == revision)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>The revision that a client was on, if it may stay there: it has a weight and a ready replica.</summary>
    public Route? Stay(ulong revisionId)
    {
        foreach (var entry in entries)
        {
            if (entry.Revision.Id == revisionId)
            {
                return entry is { Weight: > 0, Replicas.Length: > 0 } ? entry : null;
            }
        }

        return null;
    }

    /// <summary>
    /// Spreads clients by weighted rendezvous hashing: each client goes to the revision with the highest −weight / ln u(client, revision),
    /// u uniform in (0, 1). A change of weights moves only the clients that it must. Revisions without a ready replica get nobody.
    /// </summary>
    public Route? Spread(ReadOnlySpan<char> value)
    {
        var client = Spreading.Hash(value);
        Route? best = null;
        var highest = 0.0;
        foreach (var entry in entries)
        {
            if (entry is { Weight: > 0, Replicas.Length: > 0 })
            {
                var u = ((Scramble(client ^ entry.Revision.Id) >> 11) + 0.5) / (1UL << 53);
                var score = -entry.Weight / Math.Log(u);
                if (score > highest)
                {
                    (best, highest) = (entry, score);
                }
            }
        }

        return best;
    }

    // The finaliser of SplitMix64: every input bit reaches every output bit.
    private static ulong Scramble(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}

/// <summary>A revision's share, and its ready replicas at the time the table was made.</summary>
internal sealed record Route(Revision Revision, int Weight, UpstreamPool[] Replicas);
