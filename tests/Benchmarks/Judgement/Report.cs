using System.Globalization;
using Sluice.Benchmarks.Judgement.Peers;

namespace Sluice.Benchmarks.Judgement;

/// <summary>The figures for people, each with what is required of it.</summary>
internal sealed class Report(TextWriter output)
{
    private const double HighestFalse = 0.01;
    private const double LowestPrecision = 0.99;
    private const double LowestRecall = 0.99;
    private const int Name = 58;

    /// <summary>What was required and is not so, in words.</summary>
    public List<string> Missed { get; } = [];

    public void Line(string text = "") => output.WriteLine(text);

    public void PeersHead()
    {
        Line();
        Line($"{"Models of others, and what was published of them",-Name}{"published",10}{"model",10}{"min",7}   required");
    }

    public void Peer(PublishedRows.Row row, Share share, double minutes) =>
        Peer($"{row.Gate.Name}: {row.Case}", row.Published, share, double.IsNaN(minutes) ? "" : Minutes(minutes));

    public void Peer(CorrelatedPoints.Row row, Share share) => Peer(row.Name, row.Published, share, "");

    public void CellsHead(string title)
    {
        Line();
        Line($"{title,-Name}{"share",9}{"95 %",9}{"min",7}{"stuck",9}   required");
    }

    public void Cell(CellResult result)
    {
        var verdicts = result.Cell.Requirements.Select(r => $"{r.Text} {Verdict(r.IsMet(result), $"{result.Cell.Name}: {r.Text}, measured {result.Hits} ({Bound(result)}), {Minutes(result.Minutes)} min")}");
        Line($"{result.Cell.Name,-Name}{result.Hits,9}{Bound(result),9}{Minutes(result.Minutes),7}{result.Stuck,9}   {string.Join(", ", verdicts)}");
        foreach (var reason in result.IsMet ? [] : result.Reasons.Take(3))
        {
            Line($"      {reason}");
        }
    }

    public void MatrixHead()
    {
        Line();
        Line($"{"Clients, routing, failures: 5 % to the canary",-Name}{"15 min",9}{"95 %",9}{"24 h",9}{"95 %",9}{"× 4",9}{"95 %",9}{"min",7}   required");
    }

    public void MatrixRow(CellResult minutes, CellResult hours, CellResult bad)
    {
        var name = minutes.Cell.Name[(minutes.Cell.Name.IndexOf(',', StringComparison.Ordinal) + 2)..];
        var verdicts = new[] { minutes, hours, bad }.SelectMany(r => r.Cell.Requirements.Select(q =>
            Verdict(q.IsMet(r), $"{r.Cell.Name}: {q.Text}, measured {r.Hits} ({Bound(r)})")));
        var remark = bad.Cell.Remark is { } why ? $"; × 4 cannot always be told: {why}" : "";
        Line($"{name,-Name}{minutes.Hits,9}{Bound(minutes),9}{hours.Hits,9}{Bound(hours),9}{bad.Hits,9}{Bound(bad),9}{Minutes(bad.Minutes),7}   {string.Join(" ", verdicts)}{remark}");
    }

    public void Corpus(CorpusResult result)
    {
        Line();
        Line($"Corpus through the plan '{result.Plan}'");
        Line($"  precision {result.Precision} ({result.Precision.Count} of {result.Precision.Of} rolled back were bad), at least {Share.Text(LowestPrecision)} {Verdict(result.Precision.Value >= LowestPrecision, $"{result.Plan}: precision {result.Precision}")}");
        Line($"  recall    {result.Recall} ({result.Recall.Count} of {result.Recall.Of} with X ≥ {Judgement.Corpus.Enough:0}), at least {Share.Text(LowestRecall)} {Verdict(result.Recall.Value >= LowestRecall, $"{result.Plan}: recall {result.Recall}")}");
        Line($"            {result.RecallOfAll} of the {result.RecallOfAll.Of} with as many too many in the hold as well, where few of them can be told: stable is not beside it any more");
        foreach (var kind in Judgement.Corpus.Kinds)
        {
            var share = result.Of(kind);
            var stuck = result.All.Count(j => j.Release.Kind == kind && j.Outcome.End == End.Stuck);
            var required = kind.IsBad ? "" : $", at most {Share.Text(HighestFalse)} {Verdict(share.Value <= HighestFalse, $"{result.Plan}: {kind.Name}, {share} rolled back")}";
            Line($"    {kind.Name,-32}{share.Count,4} of {share.Of,3} rolled back{(stuck > 0 ? $", {stuck} stuck" : "")}{required}");
        }

        foreach (var judged in result.All.Where(j => !j.Release.Kind.IsBad && j.IsRolledBack))
        {
            Line($"    wrongly rolled back: {Describe(judged)} after {judged.Outcome.Seconds / 60} min at {judged.Outcome.Weight} %: {judged.Outcome.Reason}");
        }

        foreach (var judged in result.Missed.OrderBy(j => j.Excess))
        {
            Line($"    missed: {Describe(judged)}");
        }

        var small = result.TooSmall.OrderBy(j => j.Excess).ToList();
        Line($"    {small.Count} bad ones were not found and do not count: the watch could tell fewer than {Judgement.Corpus.Enough:0} failures or slow requests from stable's");
        foreach (var judged in small)
        {
            Line($"      {Describe(judged)}: {Text(Judgement.Corpus.Enough / Math.Max(0.01, judged.Excess))} times the watch beside stable would do");
        }
    }

    public void Summary(TimeSpan elapsed)
    {
        Line();
        Line($"{elapsed.TotalMinutes:0.0} minutes on {Environment.ProcessorCount} processors. {(Missed.Count == 0 ? "All requirements are met." : $"{Missed.Count} requirements are missed:")}");
        foreach (var missed in Missed)
        {
            Line($"  {missed}");
        }
    }

    private static string Describe(Corpus.Judged judged)
    {
        var conditions = judged.Release.Conditions;
        var what = conditions.LatencyRatio > 1 ? $"latency × {Text(conditions.LatencyRatio)}" : $"errors × {Text(conditions.ErrorRatio)}";
        return $"{judged.Release.Kind.Name}: {what}, base {Share.Text(conditions.ErrorRate)}, {conditions.RequestsPerSecond:0} rps, X = {Text(judged.Excess)} of {Text(judged.AllExcess)}";
    }

    private static string Bound(CellResult result) => $"{(result.Cell.IsBad ? "≥" : "≤")} {Share.Text(result.Bound)}";

    private static string Minutes(double minutes) => double.IsNaN(minutes) ? "" : minutes.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString(value >= 10 ? "0" : "0.00", CultureInfo.InvariantCulture);

    private void Peer(string name, double published, Share share, string minutes)
    {
        var isNear = Math.Abs(share.Value - published) <= PublishedRows.Tolerance;
        Line($"{name,-Name}{Share.Text(published),10}{share,10}{minutes,7}   ± 2 points {Verdict(isNear, $"model of {name}: {share}, published {Share.Text(published)}")}");
    }

    private string Verdict(bool isMet, string otherwise)
    {
        if (!isMet)
        {
            Missed.Add(otherwise);
        }

        return isMet ? "OK" : "MISSED";
    }
}
