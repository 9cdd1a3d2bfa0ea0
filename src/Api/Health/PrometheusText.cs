using System.Globalization;
using System.Text;

namespace Sluice.Api.Health;

/// <summary>A family of samples. Names are in base units: <c>_seconds</c>, <c>_bytes</c>, <c>_total</c> for counters.</summary>
/// <param name="Name">As Prometheus wants it.</param>
/// <param name="Help">One sentence.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Samples">The values.</param>
public sealed record Figure(string Name, string Help, FigureKind Kind, IReadOnlyList<Sample> Samples);

/// <summary>One value with its labels.</summary>
/// <param name="Value">The value.</param>
/// <param name="Labels">Names and values; names are ours, values may be anything.</param>
/// <param name="Sum">Of a histogram's last bucket: the sum of all that it counted; null when nobody knows it.</param>
public sealed record Sample(double Value, IReadOnlyList<(string Name, string Value)> Labels, double? Sum = null);

/// <summary>What a figure is.</summary>
public enum FigureKind
{
    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Only goes up.</summary>
    Counter,

    /// <summary>Cumulative counts by upper bound: each sample is a bucket with its bound as the last label, <c>le</c>, the one of <c>+Inf</c> last.</summary>
    Histogram,
}

/// <summary>Figures of a part of the host; the host registers them.</summary>
/// <param name="Name">For the log.</param>
/// <param name="ReadAsync">The figures now.</param>
public sealed record FigureSource(string Name, Func<CancellationToken, Task<IReadOnlyList<Figure>>> ReadAsync);

/// <summary>Writes figures in the Prometheus text format 0.0.4.</summary>
public static class PrometheusText
{
    /// <summary>The text; families without samples keep their HELP and TYPE.</summary>
    public static string Write(IEnumerable<Figure> figures)
    {
        var text = new StringBuilder();
        foreach (var figure in figures)
        {
            text.Append("# HELP ").Append(figure.Name).Append(' ').Append(figure.Help).Append('\n')
                .Append("# TYPE ").Append(figure.Name).Append(' ').Append(figure.Kind.ToString().ToLowerInvariant()).Append('\n');
            foreach (var sample in figure.Samples)
            {
                Write(text, figure.Kind == FigureKind.Histogram ? figure.Name + "_bucket" : figure.Name, sample.Labels, sample.Value);
                if (figure.Kind == FigureKind.Histogram && sample.Labels[^1].Value == "+Inf")
                {
                    Write(text, figure.Name + "_count", [.. sample.Labels.SkipLast(1)], sample.Value);
                    if (sample.Sum is { } sum)
                    {
                        Write(text, figure.Name + "_sum", [.. sample.Labels.SkipLast(1)], sum);
                    }
                }
            }
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, string name, IReadOnlyList<(string Name, string Value)> labels, double value)
    {
        text.Append(name);
        if (labels.Count > 0)
        {
            text.Append('{').AppendJoin(',', labels.Select(l => $"{l.Name}=\"{Escape(l.Value)}\"")).Append('}');
        }

        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
