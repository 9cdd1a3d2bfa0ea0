using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Sluice.Catalog.Syncs;
using Sluice.Functions.Adapters;
using Sluice.Orchestration;

namespace Sluice.Functions.Triggers;

/// <summary>Every orchestrator by the name of the tables in Orchestration/Names.cs and Catalog/Syncs; a test compares them.</summary>
public sealed class Orchestrators(FunctionsRunner runner)
{
    /// <inheritdoc cref="Orchestrations.Rollout"/>
    [Function("Rollout")]
    public Task<JsonElement?> Rollout([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    /// <inheritdoc cref="Orchestrations.SoakLeg"/>
    [Function("Soak")]
    public Task<JsonElement?> Soak([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    /// <inheritdoc cref="Orchestrations.AfterRelease"/>
    [Function("AfterRelease")]
    public Task<JsonElement?> AfterRelease([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    /// <inheritdoc cref="Orchestrations.Rollback"/>
    [Function("Rollback")]
    public Task<JsonElement?> Rollback([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    /// <inheritdoc cref="Orchestrations.Recovery"/>
    [Function("Recovery")]
    public Task<JsonElement?> Recovery([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    /// <inheritdoc cref="Orchestrations.Watchdog"/>
    [Function("Watchdog")]
    public Task<JsonElement?> Watchdog([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    /// <inheritdoc cref="Orchestrations.Reminders"/>
    [Function("Reminders")]
    public Task<JsonElement?> Reminders([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    /// <inheritdoc cref="Orchestrations.Retention"/>
    [Function("Retention")]
    public Task<JsonElement?> Retention([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    /// <inheritdoc cref="SyncOrchestrations.Models"/>
    [Function("ModelSync")]
    public Task<JsonElement?> ModelSync([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    /// <inheritdoc cref="SyncOrchestrations.Prices"/>
    [Function("PricingSync")]
    public Task<JsonElement?> PricingSync([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext call) => RunAsync(context, call);

    private Task<JsonElement?> RunAsync(TaskOrchestrationContext context, FunctionContext call) =>
        runner.RunOrchestratorAsync(context, call.InstanceServices);
}
