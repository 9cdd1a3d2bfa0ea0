using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Sluice.Catalog.Syncs;
using Sluice.Functions.Hosting;
using Sluice.Orchestration;

namespace Sluice.Functions.Triggers;

/// <summary>Every activity by the name of the tables in Orchestration/Names.cs and Catalog/Syncs; a test compares them.</summary>
public sealed class Activities(Invocations invocations)
{
    /// <inheritdoc cref="ActivityRefs.LoadPlan"/>
    [Function("LoadPlan")]
    public Task<JsonElement?> LoadPlan([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.ReadCommands"/>
    [Function("ReadCommands")]
    public Task<JsonElement?> ReadCommands([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.Record"/>
    [Function("Record")]
    public Task<JsonElement?> Record([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.MarkRolledBack"/>
    [Function("MarkRolledBack")]
    public Task<JsonElement?> MarkRolledBack([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.AcquireLock"/>
    [Function("AcquireLock")]
    public Task<JsonElement?> AcquireLock([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.ReleaseLock"/>
    [Function("ReleaseLock")]
    public Task<JsonElement?> ReleaseLock([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.Supersede"/>
    [Function("Supersede")]
    public Task<JsonElement?> Supersede([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.SetDesiredState"/>
    [Function("SetDesiredState")]
    public Task<JsonElement?> SetDesiredState([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.StoreStack"/>
    [Function("StoreStack")]
    public Task<JsonElement?> StoreStack([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.ReadEnvironment"/>
    [Function("ReadEnvironment")]
    public Task<JsonElement?> ReadEnvironment([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.ValidateEnvironment"/>
    [Function("ValidateEnvironment")]
    public Task<JsonElement?> ValidateEnvironment([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.PendingMigrations"/>
    [Function("PendingMigrations")]
    public Task<JsonElement?> PendingMigrations([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.MigrateUp"/>
    [Function("MigrateUp")]
    public Task<JsonElement?> MigrateUp([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.MigrateDown"/>
    [Function("MigrateDown")]
    public Task<JsonElement?> MigrateDown([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.StartRevision"/>
    [Function("StartRevision")]
    public Task<JsonElement?> StartRevision([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.GetRevision"/>
    [Function("GetRevision")]
    public Task<JsonElement?> GetRevision([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.StopRevision"/>
    [Function("StopRevision")]
    public Task<JsonElement?> StopRevision([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.SetTraffic"/>
    [Function("SetTraffic")]
    public Task<JsonElement?> SetTraffic([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.Smoke"/>
    [Function("Smoke")]
    public Task<JsonElement?> Smoke([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.RunChecks"/>
    [Function("RunChecks")]
    public Task<JsonElement?> RunChecks([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.Baseline"/>
    [Function("Baseline")]
    public Task<JsonElement?> Baseline([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.Look"/>
    [Function("Look")]
    public Task<JsonElement?> Look([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.CheckFreeze"/>
    [Function("CheckFreeze")]
    public Task<JsonElement?> CheckFreeze([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.Warm"/>
    [Function("Warm")]
    public Task<JsonElement?> Warm([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.StartAfterRelease"/>
    [Function("StartAfterRelease")]
    public Task<JsonElement?> StartAfterRelease([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.ReadSyncs"/>
    [Function("ReadSyncs")]
    public Task<JsonElement?> ReadSyncs([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.LimitSyncs"/>
    [Function("LimitSyncs")]
    public Task<JsonElement?> LimitSyncs([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.EndLost"/>
    [Function("EndLost")]
    public Task<JsonElement?> EndLost([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.FindStopped"/>
    [Function("FindStopped")]
    public Task<JsonElement?> FindStopped([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.Remind"/>
    [Function("Remind")]
    public Task<JsonElement?> Remind([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="ActivityRefs.RemoveOld"/>
    [Function("RemoveOld")]
    public Task<JsonElement?> RemoveOld([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="SyncActivities.Begin"/>
    [Function("BeginSync")]
    public Task<JsonElement?> BeginSync([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="SyncActivities.Source"/>
    [Function("SyncSource")]
    public Task<JsonElement?> SyncSource([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    /// <inheritdoc cref="SyncActivities.End"/>
    [Function("EndSync")]
    public Task<JsonElement?> EndSync([ActivityTrigger] JsonElement? input, string instanceId, [DurableClient] DurableTaskClient client, FunctionContext call) =>
        RunAsync(input, instanceId, client, call);

    private Task<JsonElement?> RunAsync(JsonElement? input, string instanceId, DurableTaskClient client, FunctionContext call) =>
        invocations.RunActivityAsync(call.FunctionDefinition.Name, instanceId, input, client, call.InstanceServices, call.CancellationToken);
}
