using System.Globalization;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Analysis;

/// <summary>
/// Says of one metric what the tests have found. A bound is broken only when chance does not explain it at any of the looks taken, and never by
/// what stable does as well.
/// </summary>
internal static class MetricJudge
{
    // A release at its limit fails at least once in 4.6/limit requests with probability 0.99: −ln(0.01).
    private const double Events = 4.6;
    private const double DefaultErrorLimit = 0.01;
    private const double ReportedAlpha = 0.05;
    private const double SmallestE = 1e-3;

    /// <summary>Measures.</summary>
    /// <param name="rules">By what is judged.</param>
    /// <param name="live">What the tests have found.</param>
    /// <param name="index">Which metric of the rules.</param>
    /// <param name="canary">What the canary did in this soak, for people.</param>
    /// <param name="stable">What stable did meanwhile.</param>
    /// <param name="perSecond">Canary requests a second lately; 0 when not known.</param>
    /// <param name="at">UTC.</param>
    public static Measurement Judge(SoakRules rules, LiveEvidence live, int index, RevisionCounts canary, RevisionCounts stable, double perSecond, DateTimeOffset at)
    {
        var metric = rules.Metrics[index];
        var test = live.Tests[index];
        var name = metric.Name.Text();
        var overLimit = test.Limit is not null && test.AgainstLimit.E >= 1 / live.AlphaOfLimit;
        var worse = !overLimit && Fraction(rules, live) >= 1 && Worst(rules, live) == index;
        if (!rules.Explains && !overLimit && !worse)
        {
            var degraded = rules.Comparison == Comparison.Split && test.AreBothOverLimit;
            var tooFew = Missing(rules, live, metric, test, canary, Requests(metric.Name, canary)) > 0;
            return new Measurement(name, at, degraded || tooFew ? Verdict.Inconclusive : Verdict.Pass, null, null, 0, degraded ? "stable degraded too: holding" : "")
            {
                StableDegraded = degraded,
            };
        }

        var value = Value(metric.Name, canary);
        var stableValue = rules.FirstRelease ? null : Value(metric.Name, stable);
        var requests = Requests(metric.Name, canary);
        var compared = rules.Comparison switch
        {
            Comparison.Split => test.Split,
            Comparison.Frozen => test.Frozen,
            _ => null,
        };
        var required = 1 / live.AlphaOf(index);
        var measurement = new Measurement(name, at, Verdict.Pass, value, stableValue, requests, "");
        if (compared is not null)
        {
            var carried = rules.Comparison == Comparison.Frozen ? test.Carried(required) : 1;
            measurement = measurement with { E = carried * compared.E, RequiredE = required, P = Math.Min(1, compared.P / carried) };
        }

        if (rules.Comparison == Comparison.Split)
        {
            var (low, high) = Ratios.Interval(test.Stages, ReportedAlpha);
            measurement = measurement with { RatioLow = low, RatioHigh = high, SmallestRatio = Ratios.Smallest(test.Stages, required) };
        }

        var text = $"{name} {Show(metric.Name, value)} of {requests}{Bounds(rules, measurement, metric)}";
        if (overLimit)
        {
            return measurement with { Result = Verdict.Fail, Message = $"{Describe(metric.Name, value, requests)}, limit {Show(metric.Name, metric.Limit)}" };
        }

        if (worse)
        {
            return measurement with { Result = Verdict.Fail, Message = Compared(rules, live, metric, measurement) };
        }

        if (rules.Comparison == Comparison.Split && test.AreBothOverLimit)
        {
            return measurement with { Result = Verdict.Inconclusive, StableDegraded = true, Message = $"{text}: stable degraded too: holding" };
        }

        var missing = Missing(rules, live, metric, test, canary, requests);
        measurement = measurement with { Needed = Needed(test, measurement, missing, perSecond) };
        return missing > 0
            ? measurement with { Result = Verdict.Inconclusive, Message = $"{text}, {missing} more requests needed" }
            : measurement with { Message = text };
    }

    /// <summary>
    /// All metrics' evidence together over what is required: from 1 on the canary is worse. The mean of e-values weighed by the parts of the
    /// budget is an e-value, and reaches its bound whenever one of them alone reaches its own.
    /// </summary>
    private static double Fraction(SoakRules rules, LiveEvidence live)
    {
        var sum = 0.0;
        for (var i = 0; i < live.Tests.Count; i++)
        {
            sum += FractionOf(rules, live, i);
        }

        return sum;
    }

    private static int Worst(SoakRules rules, LiveEvidence live)
    {
        var worst = 0;
        for (var i = 1; i < live.Tests.Count; i++)
        {
            worst = FractionOf(rules, live, i) > FractionOf(rules, live, worst) ? i : worst;
        }

        return worst;
    }

    private static double FractionOf(SoakRules rules, LiveEvidence live, int index) => rules.Comparison switch
    {
        Comparison.Split => live.Tests[index].Split.E * live.AlphaOf(index),
        Comparison.Frozen => live.Tests[index].Frozen.E * live.Tests[index].Carried(1 / live.AlphaOf(index)) * live.AlphaOf(index),
        _ => 0,
    };

    /// <summary>Canary requests still needed before "nothing found" means anything; 0 or less when there were enough.</summary>
    private static long Missing(SoakRules rules, LiveEvidence live, MetricSpec metric, MetricTest test, RevisionCounts canary, long requests)
    {
        var missing = metric.MinRequests - requests;
        if (rules.Comparison != Comparison.Split)
        {
            return missing;
        }

        var share = metric.Name == MetricName.Errors ? metric.Limit is > 0 and var limit ? limit : DefaultErrorLimit : 1 - metric.Name.Quantile();
        var seen = Math.Max(test.Stages.Sum(s => s.CanaryTrials), live.TrialsOf(metric.Name, canary));
        return Math.Max(missing, (long)Math.Ceiling(Events / share - seen));
    }

    private static string? Needed(MetricTest test, Measurement measurement, long missing, double perSecond)
    {
        if (perSecond <= 0)
        {
            return missing > 0 ? "no traffic at present" : null;
        }

        if (measurement is { E: > 1, RequiredE: { } required } && Ratios.GrowthPerTrial(test.Stages) is > 0 and var growth)
        {
            return In(Math.Log(required / Math.Max(SmallestE, measurement.E.Value)) / growth / perSecond);
        }

        return missing > 0 ? In(missing / perSecond) : null;

        static string In(double seconds) => seconds < 90
            ? string.Create(CultureInfo.InvariantCulture, $"≈ {Math.Max(1, seconds):0} s at present traffic")
            : seconds < 7200
                ? string.Create(CultureInfo.InvariantCulture, $"≈ {seconds / 60:0} min at present traffic")
                : string.Create(CultureInfo.InvariantCulture, $"≈ {seconds / 3600:0} h at present traffic");
    }

    private static string Compared(SoakRules rules, LiveEvidence live, MetricSpec metric, Measurement measurement)
    {
        var beside = rules.Comparison == Comparison.Frozen ? "before it, stable" : "stable";
        var value = metric.Name == MetricName.Errors && measurement.StableValue is { } stable ? $", {beside} {Show(metric.Name, stable)}" : "";
        var slow = live.ThresholdOf(rules.Metrics.ToList().IndexOf(metric)) is { } threshold
            ? $", too many took longer than {Number(rules.Comparison == Comparison.Frozen ? metric.Regression ?? 1.5 : LiveEvidence.LatencyTolerance)} × stable's {Show(metric.Name, threshold)}"
            : "";
        var ratio = measurement is { RatioLow: > 0 and var low } ? $", {Number(low)} times as often at least" : "";
        var alone = measurement.E >= measurement.RequiredE ? "" : ", with the other metrics";
        return $"{Describe(metric.Name, measurement.Value, measurement.Requests)}{value}{slow}{ratio} (E {Evidence(measurement.E ?? 0)}{alone}; {Evidence(measurement.RequiredE ?? 0)} needed)";
    }

    /// <summary>A fraction as people read it: <c>0.25 %</c>.</summary>
    internal static string Percent(double fraction) =>
        (fraction * 100).ToString(fraction is > 0 and < 0.001 ? "0.###" : "0.##", CultureInfo.InvariantCulture) + " %";

    /// <summary>A number as people read it: <c>3.2</c>, <c>460</c>.</summary>
    internal static string Number(double value) => value.ToString(value >= 100 ? "0" : "0.##", CultureInfo.InvariantCulture);

    private static string Evidence(double value) => value.ToString(value >= 1e6 ? "0.#e0" : value >= 10 ? "0" : "0.##", CultureInfo.InvariantCulture);

    private static long Requests(MetricName name, RevisionCounts counts) => name == MetricName.Errors ? counts.Requests : counts.Latency.Sum();

    private static double? Value(MetricName name, RevisionCounts counts) => name != MetricName.Errors
        ? LatencyBuckets.Quantile(counts.Latency, name.Quantile())
        : counts.Requests > 0 ? (double)counts.Errors / counts.Requests : null;

    private static string Bounds(SoakRules rules, Measurement measurement, MetricSpec metric)
    {
        var parts = new List<string>();
        if (metric.Limit is { } limit)
        {
            parts.Add($"limit {Show(metric.Name, limit)}");
        }

        if (rules.Comparison != Comparison.None && measurement.StableValue is { } stable)
        {
            parts.Add($"stable {Show(metric.Name, stable)}");
        }

        if (measurement is { E: { } e, RequiredE: { } required })
        {
            parts.Add($"E {Evidence(e)} of {Evidence(required)}");
        }

        if (measurement.SmallestRatio is { } smallest)
        {
            parts.Add($"would have seen × {Number(smallest)}");
        }

        return parts.Count == 0 ? "" : $" ({string.Join("; ", parts)})";
    }

    private static string Describe(MetricName name, double? value, long requests) => name == MetricName.Errors
        ? $"{Show(name, value)} of {requests} canary requests failed"
        : $"{name.Text()} is {Show(name, value)} over {requests} canary requests";

    private static string Show(MetricName name, double? value) => value switch
    {
        null => "unknown",
        { } v when name == MetricName.Errors => Percent(v),
        { } v when v >= 10 => $"{Number(v)} s",
        { } v => $"{Number(v * 1000)} ms",
    };
}
