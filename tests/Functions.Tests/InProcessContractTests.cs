using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Testing;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Durable;
using Sluice.Functions.Adapters;
using Sluice.Testing.Contract;

namespace Sluice.Functions.Tests;

/// <summary>The adapters keep the durable contract over the SDK's own worker, client and kernel.</summary>
public sealed class InProcessContractTests : DurableContract
{
    protected override async Task<DurableHost> StartAsync(DurableTasks tasks) => await InProcessHost.StartAsync(tasks);
}

/// <summary>Our tasks in durabletask-dotnet's in-process test host: its gRPC worker and client over an orchestration service in memory.</summary>
internal sealed class InProcessHost : DurableHost
{
    private readonly DurableTaskTestHost _host;

    private InProcessHost(DurableTaskTestHost host, FunctionsDurableClient client) => (_host, Client) = (host, client);

    public override DurableClient Client { get; }

    public override TimeSpan Tick => TimeSpan.FromSeconds(2);

    public override DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static async Task<InProcessHost> StartAsync(DurableTasks tasks)
    {
        var runner = new FunctionsRunner(tasks, TimeProvider.System);
        var services = new ServiceCollection().BuildServiceProvider();
        var host = await DurableTaskTestHost.StartAsync(registry =>
        {
            foreach (var name in tasks.OrchestratorNames)
            {
                registry.AddOrchestratorFunc<JsonElement?, JsonElement?>(name, (context, _) => runner.RunOrchestratorAsync(context, services));
            }

            foreach (var name in tasks.ActivityNames)
            {
                registry.AddActivityFunc<JsonElement?, JsonElement?>(name, (context, input) => runner.RunActivityAsync(name, context.InstanceId, input, services, CancellationToken.None));
            }
        });
        var client = new FunctionsDurableClient(tasks);
        client.Use(host.Client);
        return new InProcessHost(host, client);
    }

    /// <summary>Real time passes here; waiting for it is what the contract asks for.</summary>
    public override Task AdvanceAsync(TimeSpan time) => time > TimeSpan.Zero ? Task.Delay(time) : Task.CompletedTask;

    public override async Task<InstanceMetadata> RunAsync(string instanceId)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        return await Client.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs: true, deadline.Token);
    }

    public override async ValueTask DisposeAsync() => await _host.DisposeAsync();
}
