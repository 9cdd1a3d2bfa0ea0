using System.IO.Compression;

namespace Sluice.Domain.Analysis;

/// <summary>What both arms did between two looks.</summary>
/// <param name="From">UTC, whole seconds.</param>
/// <param name="To">UTC, whole seconds.</param>
/// <param name="Canary">The revision that was judged.</param>
/// <param name="Stable">The one beside it; nothing when there was none.</param>
public sealed record SeriesRow(DateTimeOffset From, DateTimeOffset To, RevisionCounts Canary, RevisionCounts Stable);

/// <summary>
/// The counts of a stretch of looking, kept so that another plan can be asked later what it would have decided. As text: whole numbers of
/// 7 bits a byte, latency buckets without the empty ones, deflated, Base64. A minute takes about 100 characters.
/// </summary>
public static class CountSeries
{
    /// <summary>Longest text; of more rows, neighbours are put together until it fits.</summary>
    public const int MaxCharacters = 24_000;

    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    /// <summary>Writes rows, oldest first; those that end in one minute become one.</summary>
    public static string Write(IReadOnlyList<SeriesRow> rows)
    {
        var kept = new List<SeriesRow>();
        foreach (var row in rows)
        {
            if (kept.Count > 0 && AreOne(kept[^1], row))
            {
                kept[^1] = Together(kept[^1], row);
            }
            else
            {
                kept.Add(row);
            }
        }

        while (true)
        {
            var text = Encode(kept);
            if (text.Length <= MaxCharacters || kept.Count < 2)
            {
                return text;
            }

            kept = [.. kept.Chunk(2).Select(pair => pair.Length == 2 ? Together(pair[0], pair[1]) : pair[0])];
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static IReadOnlyList<SeriesRow> Read(string text)
    {
        try
        {
            using var packed = new MemoryStream(Convert.FromBase64String(text));
            using var unpacked = new DeflateStream(packed, CompressionMode.Decompress);
            var rows = new List<SeriesRow>();
            var to = 0L;
            for (var left = Number(unpacked); left > 0; left--)
            {
                rows.Add(Row(unpacked, ref to));
            }

            return rows;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or OverflowException or ArgumentOutOfRangeException)
        {
            throw new FormatException("These are no counts as Sluice keeps them.", e);
        }
    }

    /// <summary>Whether two neighbours are kept as one row.</summary>
    internal static bool AreOne(SeriesRow first, SeriesRow second) => first.To == second.From && second.To - first.From <= Shortest;

    /// <summary>Two neighbours as one row.</summary>
    internal static SeriesRow Together(SeriesRow first, SeriesRow second) =>
        new(first.From, second.To, first.Canary.Plus(second.Canary), first.Stable.Plus(second.Stable));

    private static string Encode(List<SeriesRow> rows)
    {
        using var packed = new MemoryStream();
        using (var plain = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            Number(plain, rows.Count);
            var to = 0L;
            foreach (var row in rows)
            {
                Row(plain, row, ref to);
            }
        }

        return Convert.ToBase64String(packed.GetBuffer(), 0, (int)packed.Length);
    }

    /// <summary>Writes one row; <paramref name="to"/> is where the row before ended, in Unix seconds, 0 for the first.</summary>
    internal static void Row(Stream stream, SeriesRow row, ref long to)
    {
        Number(stream, row.From.ToUnixTimeSeconds() - to);
        to = row.To.ToUnixTimeSeconds();
        Number(stream, to - row.From.ToUnixTimeSeconds());
        Counts(stream, row.Canary);
        Counts(stream, row.Stable);
    }

    /// <summary>Reads what was written so.</summary>
    internal static SeriesRow Row(Stream stream, ref long to)
    {
        var from = to + Number(stream);
        to = from + Number(stream);
        return new SeriesRow(DateTimeOffset.FromUnixTimeSeconds(from), DateTimeOffset.FromUnixTimeSeconds(to), Counts(stream), Counts(stream));
    }

    private static void Counts(Stream stream, RevisionCounts counts)
    {
        foreach (var number in new[]
        {
            counts.Requests, counts.Errors, counts.ClientErrors, counts.Throttled, counts.ClientsSeen, counts.FailingClients,
            counts.NewlyFailingClients, counts.FirstRequests, counts.FirstErrors,
        })
        {
            Number(stream, number);
        }

        Numbers(stream, counts.FreshRequests);
        Numbers(stream, counts.FreshErrors);
        var filled = counts.Latency.Index().Where(b => b.Item != 0).ToList();
        Number(stream, filled.Count);
        var before = 0;
        foreach (var (index, count) in filled)
        {
            Number(stream, index - before);
            Number(stream, count);
            before = index;
        }
    }

    private static RevisionCounts Counts(Stream stream)
    {
        var numbers = new long[9];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Number(stream);
        }

        var (freshRequests, freshErrors) = (Numbers(stream), Numbers(stream));
        var latency = new long[LatencyBuckets.Count];
        var index = 0L;
        for (var left = Number(stream); left > 0; left--)
        {
            index += Number(stream);
            latency[index < latency.Length ? index : throw new InvalidDataException("There is no such latency bucket.")] = Number(stream);
        }

        return new RevisionCounts(numbers[0], numbers[1], numbers[2], numbers[3], latency)
        {
            ClientsSeen = numbers[4],
            FailingClients = numbers[5],
            NewlyFailingClients = numbers[6],
            FirstRequests = numbers[7],
            FirstErrors = numbers[8],
            FreshRequests = freshRequests,
            FreshErrors = freshErrors,
        };
    }

    private static void Numbers(Stream stream, IReadOnlyList<long> numbers)
    {
        Number(stream, numbers.Count);
        foreach (var number in numbers)
        {
            Number(stream, number);
        }
    }

    private static long[] Numbers(Stream stream)
    {
        var count = Number(stream);
        var numbers = new long[count is >= 0 and <= 64 ? count : throw new InvalidDataException("There are no so many windows.")];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Number(stream);
        }

        return numbers;
    }

    private static void Number(Stream stream, long value)
    {
        var left = (ulong)value;
        for (; left >= 0x80; left >>= 7)
        {
            stream.WriteByte((byte)(left | 0x80));
        }

        stream.WriteByte((byte)left);
    }

    private static long Number(Stream stream)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = stream.ReadByte();
            if (next < 0)
            {
                throw new EndOfStreamException();
            }

            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        return (long)value;
    }
}
