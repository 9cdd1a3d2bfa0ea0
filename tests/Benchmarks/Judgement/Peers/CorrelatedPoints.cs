using Sluice.Benchmarks.Judgement.Traffic;

namespace Sluice.Benchmarks.Judgement.Peers;

/// <summary>What was published of Kayenta's classifier on an unchanged metric whose points depend on the ones before.</summary>
internal static class CorrelatedPoints
{
    private const int Points = 15;
    private const int Looks = 12;

    public static IReadOnlyList<Row> All { get; } =
    [
        new("Kayenta: unchanged, independent points", 0, 1, 0.002),
        new("Kayenta: unchanged, AR(1) 0.5", 0.5, 1, 0.066),
        new("Kayenta: unchanged, AR(1) 0.8", 0.8, 1, 0.3),
        new("Kayenta: unchanged, AR(1) 0.5, twelve looks, High", 0.5, Looks, 0.12),
    ];

    /// <param name="Name">In words.</param>
    /// <param name="Memory">Correlation of a point with the one before.</param>
    /// <param name="Looks">How often all points so far are judged, after each fifteen. One look counts High and Low, more only High.</param>
    /// <param name="Published">Share of runs that were judged so.</param>
    internal sealed record Row(string Name, double Memory, int Looks, double Published)
    {
        public Share Measure(Runs runs, int count) => runs.Count($"correlated {Memory} {Looks}", count, draw =>
        {
            var (canary, control) = (Series(draw), Series(draw));
            return Looks == 1
                ? KayentaGate.IsHigh(canary, control) || KayentaGate.IsLow(canary, control)
                : Enumerable.Range(1, Looks).Any(look => KayentaGate.IsHigh(canary[..(look * Points)], control[..(look * Points)]));
        });

        private double[] Series(Draw draw)
        {
            var series = new double[Points * Looks];
            var level = draw.Normal();
            for (var i = 0; i < series.Length; i++)
            {
                series[i] = 100 + (5 * level);
                level = (Memory * level) + (Math.Sqrt(1 - (Memory * Memory)) * draw.Normal());
            }

            return series;
        }
    }
}
