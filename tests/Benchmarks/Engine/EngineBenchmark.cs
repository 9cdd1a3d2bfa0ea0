using System.Diagnostics;
using Sluice.Testing.Shim;

namespace Sluice.Benchmarks.Engine;

/// <summary>
/// The embedded engine's figures beside the limits of the same machine in the same run. Each part runs in a process of its own, so that
/// memory and a slow disk are its alone. What is required is printed with each figure, and never fails the run.
/// </summary>
internal static class EngineBenchmark
{
    private static readonly Part[] Parts =
    [
        new("throughput", Throughput.MeasureAsync),
        new("slowFsync", SlowFsync.MeasureAsync, IsSlowDisk: true),
        new("timer", TimerOvershoot.MeasureAsync),
        new("recovery", Recovery.MeasureAsync),
        new("sleepers", Sleepers.MeasureAsync),
        new("growth", Growth.MeasureAsync),
        new("week", Week.MeasureAsync),
    ];

    /// <summary>The parts' names, for <c>--only</c>.</summary>
    public static IEnumerable<string> Names => Parts.Select(p => p.Name);

    /// <summary>Runs all parts, or one.</summary>
    public static async Task<int> RunAsync(bool json, Scale scale, string? only)
    {
        using var shim = DiskShim.Build();
        var all = new Figures();
        foreach (var part in Parts.Where(p => only is null || p.Name == only))
        {
            if (part.IsSlowDisk && shim is null)
            {
                await Console.Error.WriteLineAsync($"SKIPPED: {part.Name}. {DiskShim.Missing}");
                continue;
            }

            if (!json)
            {
                await Console.Error.WriteLineAsync($"Measuring {part.Name} …");
            }

            foreach (var (name, value) in await MeasureAsync(part, scale, shim))
            {
                all[name] = value;
            }
        }

        if (json)
        {
            Console.WriteLine(all);
        }
        else
        {
            Table.Print(all);
        }

        return 0;
    }

    /// <summary>In a child: measures one part and prints its figures.</summary>
    public static async Task<int> RunPartAsync(string name, Scale scale)
    {
        Self.ExitWithParent();
        var folder = Directory.CreateTempSubdirectory("sluice-bench-").FullName;
        try
        {
            Console.WriteLine(await Parts.Single(p => p.Name == name).MeasureAsync(folder, scale));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Figures> MeasureAsync(Part part, Scale scale, DiskShim? shim)
    {
        var start = Self.StartInfo(["engine-part", part.Name, .. scale.Arguments]);
        if (part.IsSlowDisk)
        {
            shim!.SlowDown(start, TimeSpan.FromMilliseconds(2));
        }

        using var child = Process.Start(start)!;
        var output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        return child.ExitCode == 0 ? Figures.Parse(output) : throw new InvalidOperationException($"{part.Name} ended with {child.ExitCode}.");
    }

    /// <param name="Name">For <c>--only</c>.</param>
    /// <param name="MeasureAsync">Measures, in an empty folder.</param>
    /// <param name="IsSlowDisk">Whether each fsync takes 2 ms longer.</param>
    private sealed record Part(string Name, Func<string, Scale, Task<Figures>> MeasureAsync, bool IsSlowDisk = false);
}
