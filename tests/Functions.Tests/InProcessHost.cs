using System.Text.Json;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Testing;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Durable;
using Sluice.Functions.Adapters;
using Sluice.Testing.Contract;
using Sluice.Testing;

namespace Sluice.Functions.Tests;

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
        var host = await StartAsync(
            tasks, runner, services, (name, instanceId, input) => runner.RunActivityAsync(name, instanceId, input, services, CancellationToken.None));
        var client = new FunctionsDurableClient(tasks);
        client.Use(host.Client);
        return new InProcessHost(host, client);
    }

    /// <summary>The test host with all tasks, called as the worker extension calls what a trigger names.</summary>
    public static Task<DurableTaskTestHost> StartAsync(
        DurableTasks tasks, FunctionsRunner runner, IServiceProvider services, Func<string, string, JsonElement?, Task<JsonElement?>> runActivity) =>
        DurableTaskTestHost.StartAsync(registry =>
        {
            foreach (var name in tasks.OrchestratorNames)
            {
                registry.AddOrchestrator(name, () => new Orchestration(runner, services));
            }

            foreach (var name in tasks.ActivityNames)
            {
                registry.AddActivity(name, _ => new Activity(name, runActivity));
            }
        }, new DurableTaskTestHostOptions { Port = FreePort.Next() });

    /// <summary>Real time passes here; waiting for it is what the contract asks for.</summary>
    public override Task AdvanceAsync(TimeSpan time) => time > TimeSpan.Zero ? Task.Delay(time) : Task.CompletedTask;

    public override async Task<InstanceMetadata> RunAsync(string instanceId)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            try
            {
                return await Client.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs: true, deadline.Token);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unknown && !deadline.IsCancellationRequested)
            {
                // The test host stumbles over an instance that it is just replacing.
                await Task.Delay(TimeSpan.FromMilliseconds(20), deadline.Token);
            }
        }
    }

    public override async ValueTask DisposeAsync() => await _host.DisposeAsync();

    private sealed class Orchestration(FunctionsRunner runner, IServiceProvider services) : ITaskOrchestrator
    {
        public Type InputType => typeof(object);

        public Type OutputType => typeof(object);

        public async Task<object?> RunAsync(TaskOrchestrationContext context, object? input) => await runner.RunOrchestratorAsync(context, services);
    }

    private sealed class Activity(string name, Func<string, string, JsonElement?, Task<JsonElement?>> run) : ITaskActivity
    {
        public Type InputType => typeof(JsonElement?);

        public Type OutputType => typeof(object);

        public async Task<object?> RunAsync(TaskActivityContext context, object? input) => await run(name, context.InstanceId, (JsonElement?)input);
    }
}
