using System.Globalization;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Analysis;

/// <summary>What a load test measured, as it is recorded per deployment. Times in seconds.</summary>
/// <param name="ErrorRate">Fraction of requests that failed.</param>
/// <param name="P50Seconds">Median.</param>
/// <param name="P95Seconds">95th percentile.</param>
/// <param name="P99Seconds">99th percentile.</param>
public sealed record BaselineNumbers(double ErrorRate, double P50Seconds, double P95Seconds, double P99Seconds);

/// <summary>What the judge says of a load test.</summary>
/// <param name="Passed">Whether every criterion holds.</param>
/// <param name="Lines">One per criterion: <c>✔</c> or <c>✖</c>, value, bound.</param>
public sealed record BaselineVerdict(bool Passed, IReadOnlyList<string> Lines);

/// <summary>
/// Judges a load test by absolute criteria and against the mean of the last passing deployments (the model is Keptn's lighthouse). Pure.
/// </summary>
public static class BaselineJudge
{
    /// <summary>How many earlier deployments are compared with; callers pass the newest.</summary>
    public const int History = 5;

    /// <summary>
    /// Differences below this many seconds are no regression: they are the scheduler's, not the release's.
    /// </summary>
    public const double Tolerance = 0.002;

    /// <summary>Judges.</summary>
    /// <param name="step">The criteria.</param>
    /// <param name="measured">The release's numbers.</param>
    /// <param name="passing">Those of the last passing deployments of this environment, newest first; the first <see cref="History"/> count.</param>
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

        if (step.Regression is { } factor)
        {
            var earlier = passing.Take(History).ToList();
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

        return new BaselineVerdict(criteria.TrueForAll(c => c.Holds), criteria.ConvertAll(c => $"{(c.Holds ? "✔" : "✖")} {c.Text}"));
    }

    private static string Time(double seconds) =>
        seconds >= 10 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s") : string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.#} ms");
}
