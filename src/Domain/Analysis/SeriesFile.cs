using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Domain.Plans.Compilation;

namespace Sluice.Domain.Analysis;

/// <summary>
/// Recorded counts as a table of comma-separated values, a row a minute: <c>minute,canaryRequests,canaryErrors,stableRequests,stableErrors</c>,
/// columns in any order. Missing minutes are missing telemetry. Latencies are not among them, so only errors are judged.
/// </summary>
public static class SeriesFile
{
    private const int MaxRows = 100_000;
    private static readonly string[] Columns = ["minute", "canaryRequests", "canaryErrors", "stableRequests", "stableErrors"];

    /// <summary>Reads a table; reports every fault, with its line.</summary>
    public static FileCompilation<IReadOnlyList<SeriesRow>> Read(string text)
    {
        var faults = new Faults();
        var lines = text.Split('\n').Select((line, index) => (Text: line.Trim(), Number: index + 1)).Where(l => l.Text.Length > 0).ToList();
        var rows = lines.Count == 0 ? [] : Rows(lines, faults);
        if (rows.Count == 0 && faults.All.Count == 0)
        {
            faults.Add("empty", "", 1, 1, "There are no rows in it.", $"a first line '{string.Join(',', Columns)}', then a line a minute");
        }

        return new FileCompilation<IReadOnlyList<SeriesRow>>(faults.All.Count == 0 ? rows : null, faults.All, faults.Warnings);
    }

    private static List<SeriesRow> Rows(List<(string Text, int Number)> lines, Faults faults)
    {
        var heading = lines[0].Text.Split(',', StringSplitOptions.TrimEntries);
        foreach (var unknown in heading.Where(h => !Columns.Contains(h, StringComparer.OrdinalIgnoreCase)))
        {
            faults.Add("unknown-key", unknown, lines[0].Number, 1, $"'{unknown}' is not a column.", Spelling.Suggest(unknown, Columns));
        }

        var places = Columns.Select(c => Array.FindIndex(heading, h => h.Equals(c, StringComparison.OrdinalIgnoreCase))).ToArray();
        foreach (var missing in Columns.Where((_, i) => places[i] < 0))
        {
            faults.Add("missing-key", "", lines[0].Number, 1, $"The column '{missing}' is missing.", $"'{string.Join(',', Columns)}' is the first line");
        }

        if (lines.Count > MaxRows)
        {
            faults.Add("too-large", "", lines[MaxRows].Number, 1, $"There are {lines.Count} rows; at most {MaxRows} are read.");
        }

        var rows = new List<SeriesRow>();
        if (faults.All.Count > 0)
        {
            return rows;
        }

        foreach (var (line, number) in lines.Skip(1))
        {
            var cells = line.Split(',', StringSplitOptions.TrimEntries);
            var values = new long[Columns.Length];
            var good = true;
            for (var i = 0; i < Columns.Length; i++)
            {
                if (places[i] >= cells.Length || !long.TryParse(cells[places[i]], NumberStyles.None, CultureInfo.InvariantCulture, out values[i]))
                {
                    faults.Add("bad-number", Columns[i], number, 1, $"Expected a whole number of 0 or more, found {(places[i] < cells.Length ? $"'{cells[places[i]]}'" : "nothing")}.");
                    good = false;
                }
            }

            if (good && (values[2] > values[1] || values[4] > values[3]))
            {
                faults.Add("bad-counts", "", number, 1, "There are more errors than requests.");
            }

            var from = DateTimeOffset.UnixEpoch.AddMinutes(values[0]);
            if (good && rows.Count > 0 && from < rows[^1].To)
            {
                faults.Add("bad-order", "minute", number, 1, $"Expected a minute after {(rows[^1].From - DateTimeOffset.UnixEpoch).TotalMinutes:0}, found {values[0]}.");
            }
            else if (good)
            {
                rows.Add(new SeriesRow(from, from.AddMinutes(1), Counts(values[1], values[2]), Counts(values[3], values[4])));
            }
        }

        return rows;
    }

    private static RevisionCounts Counts(long requests, long errors) => new(requests, errors, 0, 0, [])
    {
        ClientsSeen = requests,
        FailingClients = errors,
        NewlyFailingClients = errors,
        FirstRequests = requests,
        FirstErrors = errors,
    };
}
