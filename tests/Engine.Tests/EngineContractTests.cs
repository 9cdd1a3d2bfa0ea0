using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing.Contract;

namespace Sluice.Engine.Tests;

/// <summary>The embedded engine keeps the contract while its instances stay in memory.</summary>
public sealed class EngineContractTests : DurableContract
{
    protected override async Task<DurableHost> StartAsync(DurableTasks tasks) => new VirtualHost(await VirtualEngine.StartAsync(tasks));
}

/// <summary>It keeps it as well when every turn replays the whole history.</summary>
public sealed class ReplayingEngineContractTests : DurableContract
{
    protected override async Task<DurableHost> StartAsync(DurableTasks tasks) =>
        new VirtualHost(await VirtualEngine.StartAsync(tasks, options: new VirtualEngineOptions { MaxCachedInstances = 0 }));
}

/// <summary>And when it is killed and started again after every step of its user.</summary>
public sealed class RestartingEngineContractTests : DurableContract
{
    protected override async Task<DurableHost> StartAsync(DurableTasks tasks)
    {
        var engine = await VirtualEngine.StartAsync(tasks);
        return new VirtualHost(engine, new RestartingClient(engine));
    }
}

internal sealed class VirtualHost(VirtualEngine engine, RestartingClient? client = null) : DurableHost
{
    public override DurableClient Client => (DurableClient?)client ?? engine.Client;

    public override TimeSpan Tick => TimeSpan.FromMinutes(10);

    public override DateTimeOffset Now => engine.Now;

    public override Task AdvanceAsync(TimeSpan time) => engine.AdvanceAsync(time);

    public override Task<InstanceMetadata> RunAsync(string instanceId) => engine.RunAsync(instanceId);

    public override async ValueTask DisposeAsync()
    {
        client?.Dispose();
        await engine.DisposeAsync();
    }
}
