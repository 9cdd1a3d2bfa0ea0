namespace Sluice.Platforms.Migrations;

/// <summary>
/// Splits a file at the semicolons that end statements, as psql does (PostgreSQL manual, section 4.1): not those in quotes, comments,
/// dollar quotes, parentheses and <c>BEGIN ATOMIC … END</c> bodies. The driver splits too, but then says not where a statement began.
/// </summary>
internal static class PostgresStatements
{
    /// <summary>The statements with their offsets; what holds only white space and comments is left out.</summary>
    public static IReadOnlyList<(int Offset, string Text)> Split(string sql)
    {
        var statements = new List<(int, string)>();
        var start = -1;
        var depth = 0;
        var atomic = 0;
        var previous = "";
        for (var i = 0; i < sql.Length;)
        {
            var skipped = SkipComment(sql, i);
            if (skipped > i || char.IsWhiteSpace(sql[i]))
            {
                i = Math.Max(skipped, i + 1);
                continue;
            }

            if (sql[i] == ';' && depth == 0 && atomic == 0)
            {
                Add(i);
                i++;
                continue;
            }

            start = start < 0 ? i : start;
            var end = EndOfToken(sql, i);
            var word = sql[i..end];
            depth = Math.Max(0, depth + (word is "(" ? 1 : word is ")" ? -1 : 0));
            atomic += Nesting(word, previous, atomic);
            previous = word;
            i = end;
        }

        Add(sql.Length);
        return statements;

        void Add(int end)
        {
            if (start >= 0)
            {
                statements.Add((start, sql[start..end]));
            }

            start = -1;
            depth = 0;
        }
    }

    private static int Nesting(string word, string previous, int atomic) =>
        word.Equals("ATOMIC", StringComparison.OrdinalIgnoreCase) && previous.Equals("BEGIN", StringComparison.OrdinalIgnoreCase) ? 1
        : atomic == 0 ? 0
        : word.Equals("CASE", StringComparison.OrdinalIgnoreCase) ? 1
        : word.Equals("END", StringComparison.OrdinalIgnoreCase) ? -1
        : 0;

    /// <summary>The index behind the comment that begins here, or the same index.</summary>
    private static int SkipComment(string sql, int i)
    {
        if (sql.AsSpan(i).StartsWith("--"))
        {
            var line = sql.IndexOf('\n', i);
            return line < 0 ? sql.Length : line + 1;
        }

        if (!sql.AsSpan(i).StartsWith("/*"))
        {
            return i;
        }

        // Comments nest, unlike in other dialects.
        var depth = 0;
        do
        {
            var rest = sql.AsSpan(i);
            var step = rest.StartsWith("/*") ? (2, 1) : rest.StartsWith("*/") ? (2, -1) : (1, 0);
            i += step.Item1;
            depth += step.Item2;
        }
        while (depth > 0 && i < sql.Length);
        return i;
    }

    private static int EndOfToken(string sql, int i)
    {
        var first = sql[i];
        if (first is '\'' or '"')
        {
            return EndOfQuote(sql, i, escapes: false);
        }

        if (first is 'E' or 'e' && i + 1 < sql.Length && sql[i + 1] == '\'')
        {
            return EndOfQuote(sql, i + 1, escapes: true);
        }

        if (first == '$')
        {
            var tag = i + 1;
            while (tag < sql.Length && IsWord(sql[tag]))
            {
                tag++;
            }

            if (tag < sql.Length && sql[tag] == '$' && !char.IsAsciiDigit(sql[i + 1]))
            {
                var quote = sql[i..(tag + 1)];
                var close = sql.IndexOf(quote, tag + 1, StringComparison.Ordinal);
                return close < 0 ? sql.Length : close + quote.Length;
            }
        }

        var end = i + 1;
        if (IsWord(first))
        {
            // A dollar inside a word belongs to it and opens no quote.
            while (end < sql.Length && (IsWord(sql[end]) || sql[end] == '$'))
            {
                end++;
            }
        }

        return end;
    }

    private static int EndOfQuote(string sql, int open, bool escapes)
    {
        // A doubled quote reads as the end of one and the begin of the next: the same for splitting.
        for (var i = open + 1; i < sql.Length; i++)
        {
            if (escapes && sql[i] == '\\')
            {
                i++;
            }
            else if (sql[i] == sql[open])
            {
                return escapes && i + 1 < sql.Length && sql[i + 1] == '\'' ? EndOfQuote(sql, i + 1, escapes) : i + 1;
            }
        }

        return sql.Length;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';
}
