using Sluice.Durable;
using Sluice.Engine.Store;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>A store that does not keep up: clients wait, memory does not grow, and the engine's own writes go on.</summary>
public sealed class BackPressureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-pressure-").FullName;
    private readonly ManualResetEventSlim _open = new(initialState: true);

    public void Dispose()
    {
        _open.Set();
        Directory.Delete(_folder, recursive: true);
        _open.Dispose();
    }

    [Fact]
    public async Task While_the_store_is_held_clients_beyond_the_limit_wait_in_order_and_then_all_are_written()
    {
        await using var engine = await StartAsync();
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("collect", 50, new StartOptions { InstanceId = "i" });
        await Eventually.Async(() => engine.Figures.Pending == 0, "the start is done");

        _open.Reset();
        var letters = Enumerable.Range(0, 50).Select(n => engine.Client.RaiseEventAsync("i", "letter", n)).ToList();
        await Eventually.Async(() => engine.Figures.WriteLag > TimeSpan.Zero, "a write waits for the store");
        Assert.Equal((4, 46), (engine.Figures.Pending, engine.Figures.ClientsWaiting));
        Assert.DoesNotContain(letters, l => l.IsCompleted);

        _open.Set();
        await Task.WhenAll(letters).WaitAsync(TimeSpan.FromSeconds(30));
        var done = await engine.Client.WaitForInstanceCompletionAsync("i", getInputsAndOutputs: true).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(Enumerable.Range(0, 50), done.ReadOutputAs<int[]>()!);
        Assert.Equal(0, engine.Figures.ClientsWaiting);
    }

    [Fact]
    public async Task A_client_that_gives_up_has_written_nothing_and_lets_the_next_one_in()
    {
        await using var engine = await StartAsync();
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("collect", 5, new StartOptions { InstanceId = "i" });
        await Eventually.Async(() => engine.Figures.Pending == 0, "the start is done");
        _open.Reset();
        var first = Enumerable.Range(0, 4).Select(n => engine.Client.RaiseEventAsync("i", "letter", n)).ToList();
        using var patience = new CancellationTokenSource();
        var gone = engine.Client.RaiseEventAsync("i", "letter", 99, patience.Token);
        var last = engine.Client.RaiseEventAsync("i", "letter", 4);

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal(1, engine.Figures.ClientsWaiting);
        _open.Set();
        await Task.WhenAll([.. first, last]).WaitAsync(TimeSpan.FromSeconds(30));

        var done = await engine.Client.WaitForInstanceCompletionAsync("i", getInputsAndOutputs: true).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal([0, 1, 2, 3, 4], done.ReadOutputAs<int[]>()!);
    }

    [Fact]
    public async Task What_the_engine_writes_itself_is_never_held_up()
    {
        await using var engine = await StartAsync();

        // Far more turns than the limit of four: every one of them writes.
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("fan", 200);
        var done = await engine.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(200, done.ReadOutputAs<int>());
    }

    [Fact]
    public async Task Clients_that_wait_when_the_engine_stops_are_told()
    {
        var engine = await StartAsync();
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("collect", 5, new StartOptions { InstanceId = "i" });
        await Eventually.Async(() => engine.Figures.Pending == 0, "the start is done");
        _open.Reset();
        var letters = Enumerable.Range(0, 6).Select(n => engine.Client.RaiseEventAsync("i", "letter", n)).ToList();

        var stopped = engine.StopAsync();
        await Assert.ThrowsAsync<HostStoppingException>(() => letters[5]);
        await Assert.ThrowsAsync<HostStoppingException>(() => engine.Client.RaiseEventAsync("i", "letter", 9));
        _open.Set();
        await Task.WhenAll(letters.Take(4)).WaitAsync(TimeSpan.FromSeconds(30));
        await stopped;
    }

    private async Task<EmbeddedEngine> StartAsync()
    {
        var engine = new EmbeddedEngine(
            new DurableTasks()
                .Orchestrator<int, int[]>("collect", async (context, n) =>
                {
                    var letters = new int[n];
                    for (var i = 0; i < n; i++)
                    {
                        letters[i] = await context.WaitForExternalEvent<int>("letter");
                    }

                    return letters;
                })
                .Orchestrator<int, int>("fan", async (context, n) =>
                    (await Task.WhenAll(Enumerable.Range(0, n).Select(i => context.CallSubOrchestratorAsync<int>("one", i)))).Length)
                .Orchestrator<int, int>("one", async (context, n) => await context.CallActivityAsync<int>("work", n))
                .Activity<int, int>("work", n => n),
            null,
            new EngineOptions
            {
                Path = Path.Combine(_folder, "engine.db"),
                MaxPendingWrites = 4,
                OnStoreCall = call =>
                {
                    if (call == StoreCall.Committed)
                    {
                        _open.Wait();
                    }
                },
            });
        await engine.StartAsync();
        return engine;
    }
}
