using System.Diagnostics;
using Xunit;

namespace Sluice.Testing;

/// <summary>Waits for what must come true, and says what was seen when it does not.</summary>
public static class Eventually
{
    /// <summary>Long: other programs share the machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>Looks until it holds.</summary>
    /// <returns>What was seen then.</returns>
    public static async Task<T> AsyncOf<T>(Func<Task<T>> look, Func<T, bool> condition, string what, TimeSpan? within = null)
    {
        var watch = Stopwatch.StartNew();
        var deadline = within ?? Deadline;
        while (true)
        {
            var seen = await look();
            if (condition(seen))
            {
                return seen;
            }

            Assert.True(watch.Elapsed < deadline, $"Not within {deadline.TotalSeconds} s: {what}. Last seen: {seen}");
            await Task.Delay(LookEvery);
        }
    }

    /// <summary>Looks until it holds.</summary>
    public static Task Async(Func<bool> condition, string what, TimeSpan? within = null) =>
        AsyncOf(() => Task.FromResult(condition()), holds => holds, what, within);
}
