using System.Diagnostics;

namespace Sluice.Platforms.Tests.Control;

/// <summary>Waits for what must come true soon, and says what was seen when it does not.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(45);

    public static async Task<T> AsyncOf<T>(Func<Task<T>> look, Func<T, bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var seen = await look();
            if (condition(seen))
            {
                return seen;
            }

            Assert.True(watch.Elapsed < Deadline, $"Not within {Deadline.TotalSeconds} s; last seen: {seen}");
            await Task.Delay(20);
        }
    }

    public static Task Async(Func<Task<bool>> condition, string what) =>
        AsyncOf(async () => (what, holds: await condition()), seen => seen.holds);
}
