using Sluice.Benchmarks.Judgement.Traffic;

namespace Sluice.Benchmarks.Judgement;

/// <summary>
/// The unit of errors: how many clients there are, whether they stay on a revision, and how their failures come must not matter. 100 requests
/// a second, 5 % to the canary, its own errors 0.5 % and four times that where the release is bad.
/// </summary>
internal static class Matrix
{
    /// <summary>Below so many clients some runs have hardly a client on a canary of 5 %.</summary>
    private const int ManyClients = 200;
    private const int Weight = 5;

    /// <summary>Where even the bare test falls short of 99 %, so many of its finds may be lost to what it need not allow for: warm-ups, outages, few clients.</summary>
    private const double Lost = 0.03;

    private static readonly TimeSpan Watched = TimeSpan.FromMinutes(30);

    private static readonly int[] Clients = [1, 20, 200, 5_000, 100_000];
    private static readonly Rollout[] Quarter = [JudgedPlans.Soak(Weight, "15m", sticky: false, latency: true), JudgedPlans.Soak(Weight, "15m", sticky: true, latency: true)];
    private static readonly Rollout[] HalfHour = [JudgedPlans.Soak(Weight, "30m", sticky: false, latency: true), JudgedPlans.Soak(Weight, "30m", sticky: true, latency: true)];
    private static readonly Rollout[] Day = [JudgedPlans.Soak(Weight, "24h", sticky: false, latency: false), JudgedPlans.Soak(Weight, "24h", sticky: true, latency: false)];

    /// <summary>Every combination.</summary>
    public static IReadOnlyList<Row> Rows { get; } =
    [
        .. from clients in Clients
           from sticky in (bool[])[false, true]
           from failures in Enum.GetValues<Failures>()
           select new Row(new Conditions { Clients = clients, Sticky = sticky, Failures = failures }),
    ];

    /// <summary>One combination.</summary>
    internal sealed record Row(Conditions Conditions)
    {
        private readonly Lazy<double> _bareBursts = new(() => BareTest.FindsBursts(Conditions with { ErrorRatio = 4 }, Weight, Watched));

        /// <summary>In words.</summary>
        public string Name { get; } =
            $"{Conditions.Clients:N0} {(Conditions.Clients == 1 ? "client" : "clients")}, {(Conditions.Sticky ? "sticky" : "per request")}, {Words(Conditions.Failures)}";

        /// <summary>Unchanged for 15 minutes.</summary>
        public Cell Minutes => new($"unchanged 15 min, {Name}", Quarter[Routing], Conditions) { Requirements = [Requirement.Harmless] };

        /// <summary>Unchanged for a day; only errors are looked at.</summary>
        /// <param name="thinned">There are too few runs to prove what is required.</param>
        public Cell Hours(bool thinned) => new($"unchanged 24 h, {Name}", Day[Routing], Conditions with { Latency = false })
        {
            Requirements = [thinned ? Requirement.NotHarmful : Requirement.Harmless],
        };

        /// <summary>Four times the errors.</summary>
        public Cell Bad => new($"errors × 4, {Name}", (IsPlain ? Quarter : HalfHour)[Routing], Conditions with { ErrorRatio = 4 })
        {
            Requirements = Undetectable is not null ? [] : [Requirement.Found(TooFew is null ? 0.99 : _bareBursts.Value - Lost)],
            Remark = Undetectable ?? TooFew,
        };

        private int Routing => Conditions.Sticky ? 1 : 0;

        /// <summary>Independent errors of many clients: 15 minutes are enough.</summary>
        private bool IsPlain => Conditions is { Failures: Failures.Independent, Clients: >= ManyClients };

        /// <summary>Why four times the canary's own errors cannot be told from chance in 30 minutes; null when they can.</summary>
        private string? Undetectable => Conditions switch
        {
            { Sticky: true, Clients: 1 } => "the one client is on one revision: there is nothing to compare",
            { Sticky: true, Clients: < ManyClients } => "in 36 % of the runs none of the clients is the canary's, in 38 % one is: whose the failures are, the client's or the release's, is not to be told",
            { Clients: 1, Failures: Failures.BrokenClient } => "every request fails on both revisions",
            { Clients: 1, Failures: Failures.FlakyClients } => "20.5 % of the requests fail on stable and 22 % on the canary: × 1.07 is harmless by definition",
            _ => null,
        };

        /// <summary>
        /// Why not even 99 % can be found; null when they can. 5 requests a second are 0.3 bursts a minute at 0.5 %, 9 in the half hour, and 36 of a bad
        /// release.
        /// </summary>
        private string? TooFew => Conditions.Failures == Failures.Bursts
            ? $"27 bursts too many in 30 min are few: the bare test, given each at once, finds {Share.Text(_bareBursts.Value)}"
            : null;

        private static string Words(Failures failures) => failures switch
        {
            Failures.Independent => "independent errors",
            Failures.Bursts => "bursts of mean 5",
            Failures.BrokenClient => "one client always fails",
            _ => "1 % of clients fail a fifth",
        };
    }
}
