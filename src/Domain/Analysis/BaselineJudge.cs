using System.Globalization;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Analysis;

/// <summary>What a load test measured, as it is recorded per deployment. Times in seconds.</summary>
/// <param name="ErrorRate">Fraction of requests that failed.</param>
/// <param name="P50Seconds">Median.</param>
/// <param name="P95Seconds">95th percentile.</param>
/// <param name="P99Seconds">99th percentile.</param>
public sealed record BaselineNumbers(double ErrorRate, double P50Seconds, double P95Seconds, double P99Seconds)
{
    /// <summary>Requests a second; null when it was not recorded.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>The number of a metric; null when it was not recorded.</summary>
    internal double? Of(BaselineMetric metric) => metric switch
    {
        BaselineMetric.ErrorRate => ErrorRate,
        BaselineMetric.P50 => P50Seconds,
        BaselineMetric.P95 => P95Seconds,
        BaselineMetric.P99 => P99Seconds,
        _ => RequestsPerSecond,
    };
}

/// <summary>What the judge says of a load test.</summary>
/// <param name="Passed">Whether every criterion holds.</param>
/// <param name="Lines">One per criterion: <c>✔</c>, <c>⚠</c> or <c>✖</c>, value, bound.</param>
public sealed record BaselineVerdict(bool Passed, IReadOnlyList<string> Lines)
{
    /// <summary>Percent of the objectives' weights that were earned; null without objectives.</summary>
    public double? Score { get; init; }
}

/// <summary>
/// Judges a load test by absolute criteria and against the mean of the last passing deployments (the model is Keptn's lighthouse). Pure.
/// </summary>
public static class BaselineJudge
{
    /// <summary>
    /// Differences below this many seconds are no regression: they are the scheduler's, not the release's.
    /// </summary>
    public const double Tolerance = 0.002;

    /// <summary>Judges.</summary>
    /// <param name="step">The criteria.</param>
    /// <param name="measured">The release's numbers.</param>
    /// <param name="passing">Those of the last passing deployments of this environment, newest first; the plan says how many count.</param>
    public static BaselineVerdict Judge(Step.Baseline step, BaselineNumbers measured, IReadOnlyList<BaselineNumbers> passing)
    {
        var criteria = new List<(bool Holds, string Text)>
        {
            (measured.ErrorRate <= step.MaxErrorRate,
                $"error rate {MetricJudge.Percent(measured.ErrorRate)} (at most {MetricJudge.Percent(step.MaxErrorRate)})"),
        };
        if (step.MaxP99 is { } bound)
        {
            criteria.Add((measured.P99Seconds <= bound.TotalSeconds, $"p99 {Time(measured.P99Seconds)} (at most {Time(bound.TotalSeconds)})"));
        }

        var earlier = passing.Take(step.CompareWith).ToList();
        if (step.Regression is { } factor)
        {
            if (earlier.Count == 0)
            {
                criteria.Add((true, "no earlier passing deployment to compare with"));
            }
            else
            {
                Compare("p50", measured.P50Seconds, earlier.Average(b => b.P50Seconds));
                Compare("p95", measured.P95Seconds, earlier.Average(b => b.P95Seconds));
                Compare("p99", measured.P99Seconds, earlier.Average(b => b.P99Seconds));
            }

            void Compare(string name, double value, double mean) => criteria.Add((
                value <= Math.Max(mean * factor, mean + Tolerance),
                string.Create(CultureInfo.InvariantCulture, $"{name} {Time(value)} (at most {factor:0.##} × {Time(mean)}, the mean of the last {earlier.Count})")));
        }

        var lines = criteria.ConvertAll(c => $"{(c.Holds ? "✔" : "✖")} {c.Text}");
        var passed = criteria.TrueForAll(c => c.Holds);
        if (step.Objectives.Count == 0)
        {
            return new BaselineVerdict(passed, lines);
        }

        var (score, keyFailed) = Score(step.Objectives, measured, earlier, lines);
        var reached = score >= step.WarningScore && !keyFailed;
        lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{(!reached ? "✖" : score >= step.PassScore ? "✔" : "⚠")} score {score:0.#} % (pass from {step.PassScore} %, warning from {step.WarningScore} %){(keyFailed ? ", and a key objective failed" : "")}"));
        return new BaselineVerdict(passed && reached, lines) { Score = score };
    }

    /// <summary>A pass counts its weight, a warning half of it, a failure nothing: Keptn's score.</summary>
    private static (double Score, bool KeyFailed) Score(
        IReadOnlyList<BaselineObjective> objectives, BaselineNumbers measured, List<BaselineNumbers> earlier, List<string> lines)
    {
        var (earned, weights) = (0.0, 0);
        var keyFailed = false;
        foreach (var objective in objectives)
        {
            var value = measured.Of(objective.Metric);
            var before = earlier.Select(e => e.Of(objective.Metric)).OfType<double>().ToList();
            double? mean = before.Count > 0 ? before.Average() : null;
            var shown = $"{Name(objective.Metric)} {(value is { } v ? Show(objective.Metric, v) : "unknown")}{(mean is { } m ? $", mean of the last {before.Count} {Show(objective.Metric, m)}" : "")}";
            if (objective.Pass.Count == 0)
            {
                lines.Add($"• {shown}");
                continue;
            }

            var pass = objective.Pass.All(Holds);
            var warning = !pass && objective.Warning.Count > 0 && objective.Warning.All(Holds);
            weights += objective.Weight;
            earned += pass ? objective.Weight : warning ? objective.Weight / 2.0 : 0;
            keyFailed |= objective.Key && !pass && !warning;
            var wanted = string.Join(" and ", (warning ? objective.Warning : objective.Pass).Select(c => c.Text));
            lines.Add($"{(pass ? "✔" : warning ? "⚠" : "✖")} {shown} ({(warning ? "warning " : "")}{wanted})");

            bool Holds(BaselineCriterion criterion) => value is { } known && Fulfils(criterion, objective.Metric, known, mean);
        }

        return (weights == 0 ? 100 : 100 * earned / weights, keyFailed);
    }

    /// <summary>Against nothing a relative criterion holds: the first release has only absolute ones.</summary>
    private static bool Fulfils(BaselineCriterion criterion, BaselineMetric metric, double value, double? mean)
    {
        if (criterion.Base != CriterionBase.Absolute && mean is null)
        {
            return true;
        }

        var bound = criterion.Base switch
        {
            CriterionBase.Absolute => criterion.Value,
            CriterionBase.Difference => mean!.Value + criterion.Value,
            _ => mean!.Value * (1 + criterion.Value),
        };
        if (criterion is { Base: CriterionBase.Share, Value: >= 0, Comparison: "<" or "<=" } && metric is BaselineMetric.P50 or BaselineMetric.P95 or BaselineMetric.P99)
        {
            // As above: the scheduler's milliseconds are no regression.
            bound = Math.Max(bound, mean!.Value + Tolerance);
        }

        return criterion.Comparison switch
        {
            "<" => value < bound,
            "<=" => value <= bound,
            ">" => value > bound,
            _ => value >= bound,
        };
    }

    private static string Name(BaselineMetric metric) => metric switch
    {
        BaselineMetric.ErrorRate => "error rate",
        BaselineMetric.Throughput => "throughput",
        _ => metric.ToString().ToLowerInvariant(),
    };

    private static string Show(BaselineMetric metric, double value) => metric switch
    {
        BaselineMetric.ErrorRate => MetricJudge.Percent(value),
        BaselineMetric.Throughput => string.Create(CultureInfo.InvariantCulture, $"{value:0.#}/s"),
        _ => Time(value),
    };

    private static string Time(double seconds) =>
        seconds >= 10 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s") : string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.#} ms");
}
