using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Sluice.Durable;
using Sluice.Functions.Adapters;
using Sluice.Functions.Hosting;

namespace Sluice.FunctionsProbe;

/// <summary>This program's functions, as the product's triggers are written.</summary>
public sealed class ProbeFunctions(FunctionsRunner runner, Invocations invocations, FunctionsDurableClient durable)
{
    [Function("ProbeEvent")]
    public Task<JsonElement?> Event([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    [Function("ProbeWork")]
    public Task<JsonElement?> Work([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    [Function("ProbeFamily")]
    public Task<JsonElement?> Family([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    [Function("ProbeNap")]
    public Task<JsonElement?> Nap([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    [Function("ProbeDo")]
    public Task<JsonElement?> Do([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        invocations.RunActivityAsync(call.FunctionDefinition.Name, instanceId, input, client, call.InstanceServices, call.CancellationToken);

    /// <summary>Starts under a version, which the extension's own route cannot be told. Its name comes before that of the product's function for every route.</summary>
    [Function("BeginProbe")]
    public async Task<IResult> Start(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "probe/{version}/{name}/{id}")] HttpRequest request,
        string version,
        string name,
        string id,
        [DurableClient] DurableTaskClient client)
    {
        durable.Use(client);
        var input = await JsonSerializer.DeserializeAsync<JsonElement>(request.Body);
        return Results.Text(await durable.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOptions { InstanceId = id, Version = version }));
    }

    private Task<JsonElement?> RunAsync(TaskOrchestrationContext context, FunctionContext call) =>
        runner.RunOrchestratorAsync(context, call.InstanceServices);
}
