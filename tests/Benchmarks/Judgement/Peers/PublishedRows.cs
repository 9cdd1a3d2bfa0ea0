namespace Sluice.Benchmarks.Judgement.Peers;

/// <summary>
/// What was published of the peers' gates (simulations of their source: 15 looks, one a minute, 5 % canary, base errors 0.5 %, gate
/// "success ≥ 99 %"), and our models of them. A model that does not give its published row within two points says nothing.
/// </summary>
internal static class PublishedRows
{
    /// <summary>How far a model may be from its published figure.</summary>
    public const double Tolerance = 0.02;

    private const int Quarter = 15;
    private const int Day = 24 * 60;

    private static readonly PeerWorld Null20 = new(20, 1, Quarter);
    private static readonly PeerWorld Null100 = new(100, 1, Quarter);
    private static readonly PeerWorld Twice = new(100, 2, Quarter);
    private static readonly PeerWorld TwiceHour = new(100, 2, 60);
    private static readonly PeerWorld TwiceAtTen = new(100, 2, Quarter, Weight: 0.1);
    private static readonly PeerWorld FourTimes = new(100, 4, Quarter);
    private static readonly PeerWorld Outage = new(100, 1, Quarter, Outage: true);
    private static readonly PeerWorld NullDay = new(100, 1, Day);

    private static readonly Gate Argo0 = new("Argo failureLimit 0", m => ThresholdGates.Argo(m, 0));
    private static readonly Gate Argo3 = new("Argo failureLimit 3", m => ThresholdGates.Argo(m, 3));
    private static readonly Gate Flagger5 = new("Flagger threshold 5", m => ThresholdGates.Flagger(m, 5));
    private static readonly Gate Kayenta = new("Kayenta, one look at 15", m => KayentaGate.IsLow([.. m.Select(x => 1 - x.CanaryRate)], [.. m.Select(x => 1 - x.StableRate)]) ? m.Count : null);
    private static readonly Gate ZTest = new("z-test each minute, 1 %", OtherTests.ZTest);
    private static readonly Gate FirstForm = new("count e-process, first form", OtherTests.FirstForm);

    /// <summary>Every published figure.</summary>
    public static IReadOnlyList<Row> All { get; } =
    [
        new(Argo0, "unchanged, 20 rps", Null20, 0.99),
        new(Argo0, "unchanged, 100 rps", Null100, 0.64),
        new(Argo0, "outage of both", Outage, 1),
        new(Argo0, "unchanged, 24 h", NullDay, 1),
        new(Argo3, "unchanged, 20 rps", Null20, 0.56),
        new(Argo3, "unchanged, 100 rps", Null100, 0.012),
        new(Argo3, "× 2", Twice, 0.84, 9.7),
        new(Argo3, "× 4", FourTimes, 1, 4.7),
        new(Argo3, "outage of both", Outage, 1),
        new(Argo3, "unchanged, 24 h", NullDay, 1),
        new(Flagger5, "unchanged, 20 rps", Null20, 0.34),
        new(Flagger5, "unchanged, 100 rps", Null100, 0.002),
        new(Flagger5, "× 2", Twice, 0.66),
        new(Flagger5, "× 4", FourTimes, 1),
        new(Flagger5, "outage of both", Outage, 1),
        new(Kayenta, "unchanged, 20 rps", Null20 with { Drawn = true }, 0),
        new(Kayenta, "unchanged, 100 rps", Null100 with { Drawn = true }, 0),
        new(Kayenta, "× 2", Twice with { Drawn = true }, 0.47),
        new(Kayenta, "× 4", FourTimes with { Drawn = true }, 0.99),
        new(ZTest, "unchanged, 20 rps", Null20, 0.11),
        new(ZTest, "unchanged, 100 rps", Null100, 0.08),
        new(ZTest, "× 2", Twice, 0.97),
        new(ZTest, "× 4", FourTimes, 1),
        new(ZTest, "unchanged, 24 h", NullDay, 0.18),
        new(FirstForm, "unchanged, 20 rps", Null20, 0.0015),
        new(FirstForm, "unchanged, 100 rps", Null100, 0.0013),
        new(FirstForm, "× 2", Twice, 0.67, 8.9),
        new(FirstForm, "× 2, 60 min", TwiceHour, 0.9995),
        new(FirstForm, "× 2 at 10 %", TwiceAtTen, 0.96),
        new(FirstForm, "× 4", FourTimes, 1, 2.5),
        new(FirstForm, "outage of both", Outage, 0.001),
        new(FirstForm, "unchanged, 24 h", NullDay, 0.0025),
    ];

    /// <param name="Name">What people know it by.</param>
    /// <param name="RollsBackAt">The minute, from 1; null for never.</param>
    internal sealed record Gate(string Name, Func<IReadOnlyList<Minute>, int?> RollsBackAt);

    /// <param name="Gate">Whose.</param>
    /// <param name="Case">In words.</param>
    /// <param name="World">What it is drawn from.</param>
    /// <param name="Published">Share of runs that it rolled back.</param>
    /// <param name="PublishedMinutes">Mean time to it, where it was published.</param>
    internal sealed record Row(Gate Gate, string Case, PeerWorld World, double Published, double? PublishedMinutes = null)
    {
        /// <summary>Share of runs that our model rolls back, and after how many minutes on average.</summary>
        public (Share Share, double Minutes) Measure(Runs runs, int count)
        {
            // The same draws for every gate.
            var ends = runs.Of($"peers {World}", count, draw => Gate.RollsBackAt(World.Draw(draw)));
            var found = ends.Where(e => e is not null).Select(e => e!.Value).ToList();
            return (new Share(found.Count, count), found.Count == 0 ? double.NaN : found.Average());
        }
    }
}
