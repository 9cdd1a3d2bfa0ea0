using Sluice.Benchmarks.Judgement.Traffic;

namespace Sluice.Benchmarks.Judgement;

/// <summary>
/// The table of operating characteristics. Unless a name says otherwise: 100 requests a second, 5 % to the canary, 0.5 % errors, 15 minutes of
/// exposure after a warm-up of 2, latency lognormal with σ = 0.5, 5,000 clients routed per request, a look every 30 s.
/// </summary>
internal static class Cells
{
    public const string X4 = "errors × 4";
    public const string X4AfterCleanDay = "errors × 4 after a clean day";
    public const string X10 = "errors × 10";
    public const string X2At10Percent = "errors × 2 at 10 %";
    public const string Latency150 = "latency × 1.5, jitter";

    private const double Jitter = 0.05;
    private static readonly TimeSpan CleanDay = TimeSpan.FromHours(24);
    private static readonly Conditions Default = new();

    private static readonly Rollout Quarter = JudgedPlans.Soaks("15m", 5);
    private static readonly Rollout QuarterAt10 = JudgedPlans.Soaks("15m", 10);
    private static readonly Rollout Day = JudgedPlans.Soaks("24h", 5);
    private static readonly Rollout DayAt10 = JudgedPlans.Soaks("24h", 10);

    /// <summary>Unchanged releases watched for minutes: rolled back in at most 1 % of all runs.</summary>
    public static IReadOnlyList<Cell> Unchanged15Minutes { get; } =
    [
        Harmless("unchanged, 100 rps", Quarter, Default),
        Harmless("unchanged, 20 rps", Quarter, Default with { RequestsPerSecond = 20 }),
        Harmless("unchanged, 100 rps, 10 %", QuarterAt10, Default),
        Harmless("unchanged, ramp 5 → 25 → 50", JudgedPlans.Soaks("15m", 5, 25, 50), Default),
        Harmless("unchanged, frailty CV 0.5", Quarter, Default with { FrailtyCv = 0.5 }),
        Harmless("unchanged, latency jitter 5 %", Quarter, Default with { LatencyJitter = Jitter }),
        Harmless("unchanged, bursts with client ids", Quarter, Default with { Failures = Failures.Bursts }),
    ];

    /// <summary>Unchanged releases watched for a day.</summary>
    public static IReadOnlyList<Cell> Unchanged24Hours { get; } =
    [
        Harmless("unchanged, 24 h, 100 rps", Day, Default),
        Harmless("unchanged, 24 h, 20 rps", Day, Default with { RequestsPerSecond = 20 }),
        Harmless("unchanged, 24 h, diurnal", Day, Default with { Diurnal = true }),
        Harmless("unchanged, 24 h, frailty CV 0.5", Day, Default with { FrailtyCv = 0.5 }),
        Harmless("unchanged, 24 h, latency jitter 5 %", Day, Default with { LatencyJitter = Jitter }),
        Harmless("unchanged, 24 h, bursts with client ids", Day, Default with { Failures = Failures.Bursts }),
    ];

    /// <summary>Both arms fail, up to 2 minutes apart.</summary>
    public static Cell Outage { get; } = Harmless("shared outage, lag or lead ≤ 2 min", Quarter, Default with { Outage = true }, Requirement.SaysStableDegraded);

    /// <summary>Two bad minutes after each rise of the weight.</summary>
    public static Cell ColdStart { get; } = Harmless("cold start of 2 min", JudgedPlans.Soaks("15m", 5, 25, 50), Default with { ColdStart = true });

    /// <summary>A difference that nobody minds.</summary>
    public static Cell SmallShift { get; } = Harmless("errors × 1.05, 24 h at 10 %", DayAt10, Default with { ErrorRatio = 1.05 });

    /// <summary>Bad releases.</summary>
    public static IReadOnlyList<Cell> Bad { get; } =
    [
        new(X4, Quarter, Default with { ErrorRatio = 4 }) { Requirements = [Requirement.Found(0.99), Requirement.Within(4)] },
        new(X4AfterCleanDay, JudgedPlans.Soaks("25h", 5), Default with { ErrorRatio = 4, Onset = CleanDay })
        {
            Requirements = [Requirement.Found(0.99), Requirement.Within(6)],
        },
        new(X10, Quarter, Default with { ErrorRatio = 10 }) { Requirements = [Requirement.Found(0.99), Requirement.Within(2)] },
        new(X2At10Percent, QuarterAt10, Default with { ErrorRatio = 2 }) { Requirements = [Requirement.Found(0.85)] },
        new("errors × 2 before 100 % in progressive", JudgedPlans.Named("progressive"), Default with { ErrorRatio = 2 })
        {
            Requirements = [Requirement.Found(0.99)],
        },
        new(Latency150, Quarter, Default with { LatencyRatio = 1.5, LatencyJitter = Jitter })
        {
            Requirements = [Requirement.Found(0.99), Requirement.Within(3)],
        },
        new("latency × 1.25, quiet", Quarter, Default with { LatencyRatio = 1.25 }) { Requirements = [Requirement.Found(0.99), Requirement.Within(5)] },
    ];

    /// <summary>What of the bad releases is printed as a single figure, by the cell's name.</summary>
    public static IReadOnlyDictionary<string, (string Key, Func<CellResult, double> Of)> Figures { get; } = new Dictionary<string, (string Key, Func<CellResult, double> Of)>
    {
        [X4] = ("foundX4Minutes", r => r.Minutes),
        [X4AfterCleanDay] = ("foundX4AfterCleanDayMinutes", r => r.Minutes),
        [X10] = ("foundX10Minutes", r => r.Minutes),
        [X2At10Percent] = ("foundX2At10Percent", r => r.Hits.Value),
        [Latency150] = ("foundLatency150Minutes", r => r.Minutes),
    };

    private static Cell Harmless(string name, Rollout plan, Conditions conditions, params Requirement[] more) =>
        new(name, plan, conditions) { Requirements = [Requirement.Harmless, .. more] };
}
