using System.Globalization;
using Sluice.EngineProcess;
using Sluice.Testing.Shim;

namespace Sluice.Engine.Tests.Processes;

/// <summary>Real deaths: the process is killed before, in the middle of or after one of its writes, syncs or truncations.</summary>
public sealed class DiskCrashTests : IDisposable
{
    private const int Crashes = 200;

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-crash-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Killed_at_any_write_or_sync_it_loses_nothing_acknowledged_and_ends_as_if_nothing_had_been()
    {
        using var shim = DiskShim.Build();
        if (shim is null)
        {
            Assert.Skip(DiskShim.Missing);
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(15));
        var (calls, expected) = await WithoutCrashAsync(shim, patience.Token);
        Assert.True(calls > 100, $"Only {calls} calls reached the disk: the shim does not see them.");

        var killed = 0;
        await Parallel.ForAsync(0, Crashes, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = patience.Token }, async (seed, token) =>
        {
            try
            {
                if (await CrashAsync(shim, seed, calls, expected, token))
                {
                    Interlocked.Increment(ref killed);
                }
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} of {calls} calls: {e.Message}", e);
            }
        });

        // How writes fall into groups differs from run to run, so a few of the last calls do not come.
        Assert.InRange(killed, Crashes * 8 / 10, Crashes);
    }

    private async Task<(long Calls, string Outcome)> WithoutCrashAsync(DiskShim shim, CancellationToken token)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "whole")).FullName;
        var count = Path.Combine(_folder, "count");
        var start = Child.StartInfo("mixed", folder);
        shim.Count(start, Path.Combine(folder, "engine.db"), count);
        var (exit, errors) = await Child.RunAsync(start, token);
        Assert.True(exit == 0, errors);
        await using var engine = MixedWork.NewEngine(folder);
        await engine.StartAsync(token);
        return (long.Parse(await File.ReadAllTextAsync(count, token), CultureInfo.InvariantCulture), await MixedWork.OutcomeAsync(engine.Client, token));
    }

    private async Task<bool> CrashAsync(DiskShim shim, int seed, long calls, string expected, CancellationToken token)
    {
        var random = new Random(seed);
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"{seed}")).FullName;
        var file = Path.Combine(folder, "engine.db");
        var start = Child.StartInfo("mixed", folder);
        shim.KillAt(start, file, random.NextInt64(1, calls + 1), (DiskDeath)random.Next(3));
        var (exit, errors) = await Child.RunAsync(start, token);
        Assert.True(exit is 0 or 137, errors);

        Assert.Equal("ok", Integrity.Check(file));
        var acknowledged = MixedWork.Acknowledged(folder).Read().Length;
        await using (var engine = MixedWork.NewEngine(folder))
        {
            await engine.StartAsync(token);
            foreach (var (id, step) in MixedWork.Instances)
            {
                Assert.True(step >= acknowledged || await engine.Client.GetInstanceAsync(id, cancellationToken: token) is not null, $"{id} is lost.");
            }

            await MixedWork.StepAsync(engine.Client, folder, acknowledged, MixedWork.Steps.Count);
            Assert.Equal(expected, await MixedWork.OutcomeAsync(engine.Client, token));
        }

        Directory.Delete(folder, recursive: true);
        return exit == 137;
    }
}
