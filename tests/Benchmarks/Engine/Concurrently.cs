namespace Sluice.Benchmarks.Engine;

/// <summary>Does the same many times, some at once.</summary>
internal static class Concurrently
{
    /// <param name="concurrent">How many are under way at any time.</param>
    /// <param name="count">How many in all.</param>
    /// <param name="run">Takes the number, from 0.</param>
    public static Task RunAsync(int concurrent, int count, Func<int, Task> run)
    {
        var next = -1;
        return Task.WhenAll(Enumerable.Range(0, concurrent).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number < count)
            {
                await run(number);
            }
        })));
    }
}
