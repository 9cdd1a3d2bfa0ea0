using System.Diagnostics;

namespace Sluice.EndToEnd.Tests;

/// <summary>Waits for what must come true, and says what was seen when it does not.</summary>
internal static class Eventually
{
    /// <summary>Long: other programs share the machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    public static async Task<T> AsyncOf<T>(Func<Task<T>> look, Func<T, bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var seen = await look();
            if (condition(seen))
            {
                return seen;
            }

            Assert.True(watch.Elapsed < Deadline, $"Not within {Deadline.TotalSeconds} s: {what}. Last seen: {seen}");
            await Task.Delay(LookEvery);
        }
    }

    public static Task Async(Func<bool> condition, string what) =>
        AsyncOf(() => Task.FromResult(condition()), holds => holds, what);
}
