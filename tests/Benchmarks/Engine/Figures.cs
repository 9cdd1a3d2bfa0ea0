using System.Text.Json;

namespace Sluice.Benchmarks.Engine;

/// <summary>Measured values by the names they have in the JSON, in the order of measuring.</summary>
internal sealed class Figures : Dictionary<string, double>
{
    /// <summary>Every figure is the median of so many.</summary>
    public const int Rounds = 5;

    public static double Median<T>(IReadOnlyCollection<T> rounds, Func<T, double> value) => Percentile(rounds.Select(value), 0.5);

    /// <summary>The nearest-rank percentile.</summary>
    public static double Percentile(IEnumerable<double> values, double p)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Ceiling(p * sorted.Length) - 1];
    }

    public static Figures Parse(string json) => JsonSerializer.Deserialize<Figures>(json)!;

    /// <summary>One line.</summary>
    public override string ToString() => JsonSerializer.Serialize(this.ToDictionary(f => f.Key, f => Math.Round(f.Value, 4)));
}
