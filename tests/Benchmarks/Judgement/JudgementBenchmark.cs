using System.Diagnostics;
using System.Text.Json;
using Sluice.Benchmarks.Judgement.Peers;

namespace Sluice.Benchmarks.Judgement;

/// <summary>
/// How often the product's judge is wrong and how soon it is right, by seeded simulation, beside models of other products' gates. Prints each
/// figure with what is required of it; a missed one fails the run.
/// </summary>
internal sealed class JudgementBenchmark
{
    /// <summary>In the matrix a day is run in one of so many, unless all is asked for.</summary>
    private const int DaysThinned = 10;

    private readonly JudgementArguments _arguments;
    private readonly Runs _runs;
    private readonly Report _report;

    private JudgementBenchmark(JudgementArguments arguments)
    {
        _arguments = arguments;
        _runs = new Runs(arguments.Seed);
        _report = new Report(arguments.Json ? TextWriter.Null : Console.Out);
    }

    /// <summary>The parts' names, for <c>--only</c>.</summary>
    public static IReadOnlyList<string> Parts { get; } = ["peers", "cells", "matrix", "corpus"];

    /// <summary>Measures.</summary>
    /// <returns>0; 1 when a requirement is missed.</returns>
    public static int Run(JudgementArguments arguments)
    {
        var watch = Stopwatch.StartNew();
        var benchmark = new JudgementBenchmark(arguments);
        benchmark._report.Line($"Seed {arguments.Seed}, {arguments.Runs:N0} runs of a cell. Bounds: exact (Clopper-Pearson), one-sided, 95 %.");
        var figures = new Dictionary<string, double>();
        foreach (var (name, measure) in new (string, Action<Dictionary<string, double>>)[]
        {
            ("peers", benchmark.Peers), ("cells", benchmark.Cells), ("matrix", benchmark.Matrix), ("corpus", benchmark.Corpora),
        })
        {
            if (arguments.Only is null || arguments.Only == name)
            {
                measure(figures);
            }
        }

        figures["missed"] = benchmark._report.Missed.Count;
        benchmark._report.Summary(watch.Elapsed);
        if (arguments.Json)
        {
            Console.WriteLine(JsonSerializer.Serialize(figures.ToDictionary(f => f.Key, f => Math.Round(f.Value, 5))));
        }

        return benchmark._report.Missed.Count == 0 ? 0 : 1;
    }

    private void Peers(Dictionary<string, double> figures)
    {
        _report.PeersHead();
        foreach (var row in PublishedRows.All)
        {
            var (share, minutes) = row.Measure(_runs, _arguments.Runs * (row.World.Minutes > 60 ? 5 : 20));
            _report.Peer(row, share, minutes);
        }

        foreach (var row in CorrelatedPoints.All)
        {
            _report.Peer(row, row.Measure(_runs, _arguments.Runs * (row.Looks == 1 ? 10 : 2)));
        }
    }

    private void Cells(Dictionary<string, double> figures)
    {
        _report.CellsHead("Ours: releases that are not to be rolled back");
        Worst("falseRollback15m", Judgement.Cells.Unchanged15Minutes);
        Worst("falseRollback24h", Judgement.Cells.Unchanged24Hours);
        Worst("falseRollbackOutage", [Judgement.Cells.Outage]);
        Worst("falseRollbackColdStart", [Judgement.Cells.ColdStart]);
        Worst("falseRollbackSmallShift", [Judgement.Cells.SmallShift]);
        _report.CellsHead("Ours: releases that are");
        foreach (var result in Judgement.Cells.Bad.Where(IsAsked).Select(Measure))
        {
            if (Judgement.Cells.Figures.TryGetValue(result.Cell.Name, out var figure))
            {
                figures[figure.Key] = figure.Of(result);
            }
        }

        CellResult Measure(Cell cell)
        {
            var result = cell.Measure(_runs, _arguments.Runs);
            _report.Cell(result);
            return result;
        }

        // The worst of the cells, and the highest of their bounds.
        void Worst(string key, IReadOnlyList<Cell> cells)
        {
            var results = cells.Where(IsAsked).Select(Measure).ToList();
            if (results.Count == 0)
            {
                return;
            }

            figures[key] = results.Max(r => r.Hits.Value);
            figures[key + "Upper95"] = results.Max(r => r.Hits.Upper);
        }
    }

    private bool IsAsked(Cell cell) => IsAsked(cell.Name);

    private bool IsAsked(string name) => _arguments.Like is not { } like || name.Contains(like, StringComparison.OrdinalIgnoreCase);

    private void Matrix(Dictionary<string, double> figures)
    {
        _report.MatrixHead();
        var days = _arguments.Full ? _arguments.Runs : Math.Max(1, _arguments.Runs / DaysThinned);
        var rows = Judgement.Matrix.Rows
            .Where(row => IsAsked(row.Name))
            .Select(row => (Minutes: row.Minutes.Measure(_runs, _arguments.Runs), Hours: row.Hours(thinned: !_arguments.Full).Measure(_runs, days), Bad: row.Bad.Measure(_runs, _arguments.Runs)))
            .Select(r =>
            {
                _report.MatrixRow(r.Minutes, r.Hours, r.Bad);
                return r;
            })
            .ToList();
        if (rows.Count == 0)
        {
            return;
        }

        figures["matrixFalseRollback15m"] = rows.Max(r => r.Minutes.Hits.Value);
        figures["matrixFalseRollback24h"] = rows.Max(r => r.Hours.Hits.Value);
        figures["matrixFoundX4"] = rows.Where(r => r.Bad.Cell.Remark is null).Select(r => r.Bad.Hits.Value).DefaultIfEmpty(1).Min();
    }

    private void Corpora(Dictionary<string, double> figures)
    {
        var results = JudgedPlans.Corpus.Where(p => IsAsked(p.Name)).Select(p => Corpus.Run(p.Name, p.Plan, _arguments.Seed)).ToList();
        foreach (var result in results)
        {
            _report.Corpus(result);
        }

        _report.Line("Published beside it: Gandalf (Li et al., NSDI '20), 92.4 % precision at 100 % recall of its data-plane, 94.9 % at 99.8 % of its control-plane releases.");
        if (results.Count == 0)
        {
            return;
        }

        figures["precision"] = results.Min(r => r.Precision.Value);
        figures["recallOfAll"] = results.Min(r => r.RecallOfAll.Value);
        figures["recall"] = results.Min(r => r.Recall.Value);
    }
}
