namespace Sluice.Domain.Plans.Compilation;

/// <summary>Finds the word somebody meant.</summary>
internal static class Spelling
{
    /// <summary><c>did you mean 'x'?</c> for the nearest known word within about a third of its length, else the list of known words when short.</summary>
    public static string? Suggest(string written, IEnumerable<string> known)
    {
        var words = known.ToList();
        var best = words
            .Select(word => (Word: word, Distance: Distance(written.ToLowerInvariant(), word.ToLowerInvariant())))
            .Where(c => c.Distance <= (Math.Max(c.Word.Length, written.Length) + 1) / 3)
            .OrderBy(c => c.Distance)
            .Select(c => c.Word)
            .FirstOrDefault();
        return best is not null ? $"did you mean '{best}'?"
            : words.Count is > 0 and <= 12 ? $"known: {string.Join(", ", words)}"
            : null;
    }

    /// <summary>Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.</summary>
    public static int Distance(string a, string b)
    {
        if (a.Length > 64 || b.Length > 64)
        {
            return int.MaxValue;
        }

        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i, j] = i + j;
                    continue;
                }

                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
