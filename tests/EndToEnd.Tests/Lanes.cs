using System.Collections.Concurrent;

namespace Sluice.EndToEnd.Tests;

/// <summary>Runs many cases on a few data folders side by side: most of a run is waiting.</summary>
internal static class Lanes
{
    /// <summary>Runs every case once, each lane one after another on its own shop; all that goes wrong is told at the end.</summary>
    /// <param name="cases">What is run.</param>
    /// <param name="lanes">Data folders.</param>
    /// <param name="run">One case; the text is a version that the shop has not seen.</param>
    public static async Task RunAsync<T>(IEnumerable<T> cases, int lanes, Func<LocalSluice, Shop, string, T, Task> run)
    {
        var waiting = new ConcurrentQueue<T>(cases);
        var faults = new ConcurrentQueue<string>();
        await Task.WhenAll(Enumerable.Range(0, lanes).Select(_ => Task.Run(LaneAsync)));
        Assert.True(faults.IsEmpty, $"{faults.Count} faults:\n\n{string.Join("\n\n", faults)}");

        async Task LaneAsync()
        {
            // A fault may leave its folder in any state: the next case gets a fresh one.
            while (!waiting.IsEmpty)
            {
                try
                {
                    await using var sluice = await LocalSluice.StartAsync();
                    await using var shop = await Shop.OpenAsync(sluice, usersPerSecond: 25);
                    for (var number = 2; waiting.TryDequeue(out var item); number++)
                    {
                        try
                        {
                            await run(sluice, shop, $"v{number}.0.0", item);
                        }
                        catch (Exception e)
                        {
                            faults.Enqueue($"{item}: {e.Message}{e.StackTrace}\n  {string.Join("\n  ", shop.LastStory)}");
                            break;
                        }
                    }

                    await shop.AssertNobodyNoticedAsync();
                }
                catch (Exception e)
                {
                    faults.Enqueue(e.Message + e.StackTrace);
                }
            }
        }
    }
}
