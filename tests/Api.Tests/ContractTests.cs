using System.Text.Json.Nodes;
using Sluice.Durable;
using Sluice.Testing;
using Sluice.Testing.Contract.Api;

namespace Sluice.Api.Tests;

/// <summary>The standalone server keeps the contract.</summary>
public sealed class ContractTests : ApiContract
{
    protected override async Task<ContractServer> StartAsync() => await Server.StartAsync(moreTasks: AddTasks);

    /// <summary>What the management routes are tried on.</summary>
    internal static void AddTasks(DurableTasks tasks) => tasks
        .Activity<JsonNode?, JsonNode?>("Same", input => input)
        .Activity<string, string>("Broken", _ => throw new InvalidOperationException("it was told to fail"))
        .Orchestrator<JsonNode?, JsonNode?>("Echo", (_, input) => Task.FromResult(input))
        .Orchestrator<int, string>("Waits", (context, _) => context.WaitForExternalEvent<string>("Go"))
        .Orchestrator<int, string>("Fails", (_, _) => throw new InvalidOperationException("it was told to fail"))
        .Orchestrator<string, string>("Parent", async (context, input) =>
        {
            context.SetCustomStatus(new { at = "the child" });
            await context.CreateTimer(TimeSpan.Zero);
            var child = await context.CallSubOrchestratorAsync<string>("Echo", input);
            return await context.CallActivityAsync<string>("Same", child + "!");
        })
        .Orchestrator<string, string>("Breaks", (context, input) => context.CallActivityAsync<string>("Broken", input));
}
