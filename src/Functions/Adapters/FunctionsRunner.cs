using System.Text.Json;
using Microsoft.DurableTask;
using Sluice.Durable;

namespace Sluice.Functions.Adapters;

/// <summary>Runs registered orchestrators and activities for whoever calls them by name: the triggers, or the SDK's test host.</summary>
public sealed class FunctionsRunner(DurableTasks tasks, TimeProvider time)
{
    /// <summary>One turn of an orchestrator.</summary>
    public async Task<JsonElement?> RunOrchestratorAsync(TaskOrchestrationContext context, IServiceProvider services)
    {
        var create = tasks.FindOrchestrator(context.Name.Name)
            ?? throw new InvalidOperationException($"OrchestratorMissing: There is no orchestrator '{context.Name.Name}' in this program.");
        var orchestrator = create(services);
        var json = Payload.Text(context.GetInput<JsonElement?>());
        try
        {
            return Payload.Write(await orchestrator.RunAsync(new FunctionsDurableContext(context), DurableJson.Read(json, orchestrator.InputType)));
        }
        catch (TaskFailureException failed)
        {
            throw Failures.Of(failed);
        }
    }

    /// <summary>One attempt of an activity.</summary>
    public async Task<JsonElement?> RunActivityAsync(
        string name, string instanceId, JsonElement? input, IServiceProvider services, CancellationToken cancellationToken)
    {
        var activity = tasks.FindActivity(name)
            ?? throw new InvalidOperationException($"ActivityMissing: There is no activity '{name}' in this program.");
        var call = new ActivityCall(instanceId, activity.ReadInput(Payload.Text(input)));
        return Payload.Write(await activity.AttemptAsync(services, call, time, cancellationToken));
    }
}
