using System.Globalization;
using Sluice.Domain.Analysis;
using Sluice.Domain.Rollouts;

namespace Sluice.Orchestration.Explanations;

/// <summary>Measurements in words that need no statistics.</summary>
internal static class MeasurementWords
{
    /// <summary>What was seen, what it is worth, what is missing.</summary>
    public static string Of(Measurement last, Measurement worst)
    {
        if (last.Result == Verdict.Error || last.Value is null)
        {
            return last.Message;
        }

        var words = new List<string> { Seen(last) };
        if (last.StableDegraded)
        {
            words.Add("The version beside it does as badly: the release is not to blame.");
        }

        if (Evidence(last) is { } evidence)
        {
            words.Add(evidence);
        }

        if (last.SmallestRatio is { } smallest)
        {
            words.Add($"So much traffic would have shown {Times(smallest)} the rate beside it, or worse, in 9 of 10 cases.");
        }

        if (last.Needed is { } needed && last.Result is not (Verdict.Fail or Verdict.Pass))
        {
            words.Add($"Still needed: {needed}.");
        }

        if (worst.At != last.At && worst.E is { } most && most > (last.E ?? 0) * 2 && most > 1)
        {
            words.Add($"At its worst, at {worst.At.UtcDateTime:HH:mm} UTC, the evidence against it was {Number(most)}.");
        }

        return string.Join(" ", words);
    }

    private static string Seen(Measurement measurement)
    {
        var requests = measurement.Requests.ToString("N0", CultureInfo.InvariantCulture);
        if (measurement.Metric == "errors")
        {
            var beside = measurement.StableValue is { } stable ? $"; of the version beside it {Percent(stable)}" : "";
            return $"{Percent(measurement.Value!.Value)} of {requests} requests to the release failed{beside}.";
        }

        if (Quantile(measurement.Metric) is { } share)
        {
            var beside = measurement.StableValue is { } stable ? $"; of the version beside it within {Time(stable)}" : "";
            return $"{share} of 100 answers of the release came within {Time(measurement.Value!.Value)}, over {requests} requests{beside}.";
        }

        return measurement.Message + ".";
    }

    private static string? Evidence(Measurement measurement)
    {
        if (measurement is not { E: { } e, RequiredE: { } required })
        {
            return null;
        }

        var ratio = measurement is { RatioLow: { } low, RatioHigh: { } high }
            ? $" Its rate lies between {Times(low)} and {Times(high)} the one beside it."
            : measurement.RatioLow is { } least and > 1 ? $" Its rate is at least {Times(least)} the one beside it." : "";
        return e >= required
            ? $"A release that is no worse would look like this in fewer than 1 of {Number(required)} rollouts (evidence {Number(e)}, it takes {Number(required)} to act).{ratio}"
            : $"That is no proof that the release is worse: evidence {Number(e)}, and it takes {Number(required)} to act.{ratio}";
    }

    private static int? Quantile(string metric) => metric switch
    {
        "latency-p50" => 50,
        "latency-p95" => 95,
        "latency-p99" => 99,
        _ => null,
    };

    private static string Percent(double fraction) => (fraction * 100).ToString("0.###", CultureInfo.InvariantCulture) + " %";

    private static string Time(double seconds) => seconds < 1
        ? (seconds * 1000).ToString("0", CultureInfo.InvariantCulture) + " ms"
        : seconds.ToString("0.##", CultureInfo.InvariantCulture) + " s";

    private static string Times(double ratio) => ratio.ToString(ratio < 10 ? "0.##" : "0", CultureInfo.InvariantCulture) + " ×";

    private static string Number(double value) =>
        value >= 1e15 ? "over 10¹⁵" : value.ToString(value >= 100 ? "N0" : "0.##", CultureInfo.InvariantCulture);
}
