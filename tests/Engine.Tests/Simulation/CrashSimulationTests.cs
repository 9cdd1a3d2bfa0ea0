using Sluice.Engine.Store;

namespace Sluice.Engine.Tests.Simulation;

/// <summary>
/// Random workflows in virtual time under a crash, or a failing disk, at every use of the file: each run ends as one without. A test that
/// fails names its seed, with which the run is the same again. More than 10,000 crashes and failures in all.
/// </summary>
public sealed class CrashSimulationTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_run_can_be_repeated_from_its_seed()
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var calls = new List<StoreCall>();
            var again = new List<StoreCall>();
            var first = await SeededRun.Async(seed, Listening(calls));

            Assert.Equal(first, await SeededRun.Async(seed, Listening(again)));
            Assert.Equal(calls, again);
        }

        static Disturbance Listening(List<StoreCall> calls) => new((_, call) =>
        {
            calls.Add(call);
            return Fault.None;
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task One_crash_or_failure_at_each_use_of_the_file_changes_nothing(int seed)
    {
        var (expected, calls) = await UndisturbedAsync(seed);
        for (var at = 1; at <= calls; at++)
        {
            foreach (var fault in new[] { Fault.Crash, Fault.Failure })
            {
                var disturbance = new Disturbance((n, call) => n != at || (fault == Fault.Failure && call is StoreCall.Committed) ? Fault.None : fault);
                await SameAsync(seed, expected, disturbance, $"{fault} at use {at}");
            }
        }

        output.WriteLine($"seed {seed}: {calls} uses of the file");
    }

    [Theory]
    [InlineData(100, 200)]
    [InlineData(200, 300)]
    [InlineData(300, 400)]
    [InlineData(400, 500)]
    public async Task Many_crashes_and_failures_at_random_change_nothing(int from, int to)
    {
        var faults = 0;
        for (var seed = from; seed < to; seed++)
        {
            var (expected, _) = await UndisturbedAsync(seed);
            var random = new Random(seed);
            var next = random.Next(1, 30);
            var disturbance = new Disturbance((n, _) =>
            {
                if (n < next)
                {
                    return Fault.None;
                }

                next += random.Next(3, 30);
                return random.Next(3) == 0 ? Fault.Failure : Fault.Crash;
            });
            await SameAsync(seed, expected, disturbance, "many");
            faults += disturbance.Count;
        }

        output.WriteLine($"{faults} crashes and failures");
        Assert.True(faults > 2_000, $"only {faults} faults");
    }

    /// <summary>Fails the first use, then, counted from the start anew, the second, and so on: the run gets one further each time.</summary>
    [Fact]
    public async Task A_disk_that_fails_a_little_later_each_time_is_outlived()
    {
        for (var seed = 10; seed < 15; seed++)
        {
            var (expected, _) = await UndisturbedAsync(seed);
            var (sinceFailure, allowed) = (0, 0);
            var disturbance = new Disturbance((_, _) =>
            {
                if (sinceFailure++ < allowed)
                {
                    return Fault.None;
                }

                (sinceFailure, allowed) = (0, allowed + 1);
                return Fault.Failure;
            });

            await SameAsync(seed, expected, disturbance, "growing");
            Assert.True(allowed > 10, $"seed {seed}: only {allowed} failures");
        }
    }

    private static async Task<(string Outcome, long Calls)> UndisturbedAsync(int seed)
    {
        var disturbance = Disturbance.None();
        return (await SeededRun.Async(seed, disturbance), disturbance.Calls);
    }

    private static async Task SameAsync(int seed, string expected, Disturbance disturbance, string what)
    {
        string actual;
        try
        {
            actual = await SeededRun.Async(seed, disturbance);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Seed {seed}, {what}: {e.Message}", e);
        }

        Assert.True(expected == actual, $"Seed {seed}, {what}:\nexpected\n{expected}\nbut was\n{actual}");
    }
}
