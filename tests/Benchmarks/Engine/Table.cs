using System.Globalization;

namespace Sluice.Benchmarks.Engine;

/// <summary>The figures for people, each with what is required of it.</summary>
internal static class Table
{
    private static readonly Row[] Rows =
    [
        new("Throughput, 64 at once (workflows/s)", "throughput", "limitThroughput",
            [
                new("≥ 2,500", (f, _) => f >= 2_500),
                new("≥ 25 % of the ceiling", (f, limit) => f >= 0.25 * limit),
            ]),
        new("CPU a workflow (µs)", "cpuMicrosecondsPerWorkflow", "limitCpuMicrosecondsPerWorkflow", []),
        new("Latency of one, p50 (ms)", "latencyP50Ms", "limitLatencyP50Ms", [new("≤ 2.1 × the ceiling", (f, limit) => f <= 2.1 * limit)]),
        new("Latency of one, p95 (ms)", "latencyP95Ms", "limitLatencyP95Ms", []),
        new("Latency of one, 2 ms fsync, p50 (ms)", "slowFsyncP50Ms", "limitSlowFsyncP50Ms", [new("≤ 1.12 × the ceiling", (f, limit) => f <= 1.12 * limit)]),
        new("Throughput, 2 ms fsync (workflows/s)", "slowFsyncThroughput", "limitSlowFsyncThroughput", [new("≥ 1,500", (f, _) => f >= 1_500)]),
        new("Overshoot of a 1 s timer over a bare one, p95 (ms)", "timerOvershootP95Ms", "bareTimerOvershootP95Ms", [new("≤ 5", (f, _) => f <= 5)]),
        new("kill -9, 500 in flight: all complete after (s)", "recoverySeconds", null, [new("≤ 1.5", (f, _) => f <= 1.5)]),
        new("  lost", "recoveryLost", null, [new("0", (f, _) => f == 0)]),
        new("  activities repeated; limit: those running", "recoveryRepeated", "limitRecoveryRepeated", [new("≤ the limit", (f, limit) => f <= limit)]),
        new("10,000 sleepers (MiB)", "sleepersMiB", null, [new("≤ 20", (f, _) => f <= 20)]),
        new("100,000 sleepers (MiB)", "sleepers100000MiB", null, []),
        new("CPU a workflow beside 1,000 ended ones (µs)", "cpuMicrosecondsAt1000Instances", null, []),
        new("  10,000", "cpuMicrosecondsAt10000Instances", "cpuMicrosecondsAt1000Instances", []),
        new("  100,000", "cpuMicrosecondsAt100000Instances", "cpuMicrosecondsAt1000Instances", []),
        new("  1,000,000", "cpuMicrosecondsAt1000000Instances", "cpuMicrosecondsAt1000Instances", [new("flat: ≤ 1.2 ×", (f, limit) => f <= 1.2 * limit)]),
        new("CPU an event in a history of 100 (µs)", "cpuMicrosecondsPerEventOf100", null, []),
        new("  10", "cpuMicrosecondsPerEventOf10", "cpuMicrosecondsPerEventOf100", []),
        new("  1,000", "cpuMicrosecondsPerEventOf1000", "cpuMicrosecondsPerEventOf100", []),
        new("  5,000", "cpuMicrosecondsPerEventOf5000", "cpuMicrosecondsPerEventOf100", [new("flat: ≤ 1.2 ×", (f, limit) => f <= 1.2 * limit)]),
        new("Replay of 5,000 events (ms)", "replay5000Ms", null, [new("≤ 50", (f, _) => f <= 50)]),
        new("A week of 100,000 rollouts (CPU minutes)", "weekCpuMinutes", null, [new("≤ 1,008", (f, _) => f <= 1_008)]),
        new("  peak (MiB)", "weekPeakMiB", null, [new("≤ 2,048", (f, _) => f <= 2_048)]),
        new("  CPU a rollout (ms)", "weekCpuMillisecondsPerRollout", null, []),
        new("  cost of one against half as many (share)", "weekCostDifference", null, [new("< 0.15", (f, _) => Math.Abs(f) < 0.15)]),
    ];

    public static void Print(Figures figures)
    {
        Console.WriteLine($"Medians of {Figures.Rounds} runs on {Environment.ProcessorCount} cores; load of the machine {LoadAverage()}.");
        Console.WriteLine();
        Console.WriteLine($"{"",-50}{"measured",12}{"limit",12}{"ratio",9}   required");
        foreach (var row in Rows.Where(r => figures.ContainsKey(r.Figure)))
        {
            var value = figures[row.Figure];
            double? limit = row.Limit is not null && figures.TryGetValue(row.Limit, out var known) ? known : null;
            var verdicts = row.Requirements.Select(r => $"{r.Text} {(r.IsMet(value, limit ?? double.NaN) ? "OK" : "MISSED")}");
            Console.WriteLine(
                $"{row.Label,-50}{Text(value),12}{(limit is { } l ? Text(l) : ""),12}{(limit is { } d ? Text(value / d) : ""),9}   {string.Join(", ", verdicts)}");
        }
    }

    private static string Text(double value) => value.ToString(Math.Abs(value) >= 100 ? "N0" : "N2", CultureInfo.InvariantCulture);

    private static string LoadAverage() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    /// <param name="Label">What it is, with its unit.</param>
    /// <param name="Figure">Key of the figure.</param>
    /// <param name="Limit">Key of the limit measured in the same run, if there is one.</param>
    /// <param name="Requirements">What is required of it.</param>
    private sealed record Row(string Label, string Figure, string? Limit, Requirement[] Requirements);

    /// <param name="Text">In words.</param>
    /// <param name="IsMet">Of the figure and its limit.</param>
    private sealed record Requirement(string Text, Func<double, double, bool> IsMet);
}
