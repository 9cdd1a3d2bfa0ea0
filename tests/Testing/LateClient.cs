using Sluice.Durable;

namespace Sluice.Testing;

/// <summary>The client of whatever engine runs at present: services are built before the engine and outlive its restarts.</summary>
public sealed class LateClient : DurableClient
{
    /// <summary>The client of the moment.</summary>
    public Func<DurableClient> Present { get; set; } = () => throw new InvalidOperationException("No engine has been started yet.");

    /// <summary>Another name of its hub; null for the engine's own.</summary>
    public string? HubName { get; set; }

    public override string Hub => HubName ?? Present().Hub;

    public override Task<string> ScheduleNewOrchestrationInstanceAsync(string orchestratorName, object? input, StartOptions? options = null, CancellationToken cancellationToken = default) =>
        Present().ScheduleNewOrchestrationInstanceAsync(orchestratorName, input, options, cancellationToken);

    public override Task RaiseEventAsync(string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default) =>
        Present().RaiseEventAsync(instanceId, eventName, payload, cancellationToken);

    public override Task<InstanceMetadata?> GetInstanceAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        Present().GetInstanceAsync(instanceId, getInputsAndOutputs, cancellationToken);

    public override Task<InstancePage> GetAllInstancesAsync(InstanceQuery query, CancellationToken cancellationToken = default) =>
        Present().GetAllInstancesAsync(query, cancellationToken);

    public override Task<InstanceMetadata> WaitForInstanceStartAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        Present().WaitForInstanceStartAsync(instanceId, getInputsAndOutputs, cancellationToken);

    public override Task<InstanceMetadata> WaitForInstanceCompletionAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        Present().WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs, cancellationToken);

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        Present().SuspendInstanceAsync(instanceId, reason, cancellationToken);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        Present().ResumeInstanceAsync(instanceId, reason, cancellationToken);

    public override Task TerminateInstanceAsync(string instanceId, TerminateOptions options, CancellationToken cancellationToken = default) =>
        Present().TerminateInstanceAsync(instanceId, options, cancellationToken);

    public override Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellationToken = default) =>
        Present().RewindInstanceAsync(instanceId, reason, cancellationToken);

    public override Task<string> RestartAsync(string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellationToken = default) =>
        Present().RestartAsync(instanceId, restartWithNewInstanceId, cancellationToken);

    public override Task<int> PurgeInstanceAsync(string instanceId, bool recursive, CancellationToken cancellationToken = default) =>
        Present().PurgeInstanceAsync(instanceId, recursive, cancellationToken);

    public override Task<int> PurgeAllInstancesAsync(PurgeFilter filter, CancellationToken cancellationToken = default) =>
        Present().PurgeAllInstancesAsync(filter, cancellationToken);

    public override Task<IReadOnlyList<HistoryRecord>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        Present().GetOrchestrationHistoryAsync(instanceId, cancellationToken);

    public override Task<InstanceDiagnosis?> DiagnoseAsync(string instanceId, CancellationToken cancellationToken = default) =>
        Present().DiagnoseAsync(instanceId, cancellationToken);
}
