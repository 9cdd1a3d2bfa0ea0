using Sluice.Durable;

namespace Sluice.Engine.VirtualTime;

/// <summary>The client of whatever engine runs at present: services are built before the engine and outlive its restarts.</summary>
public sealed class LateClient : DurableClient
{
    /// <summary>The client of the moment.</summary>
    public Func<DurableClient> Present { get; set; } = () => throw new InvalidOperationException("No engine has been started yet.");

    /// <summary>Another name of its hub; null for the engine's own.</summary>
    public string? HubName { get; set; }

    /// <inheritdoc/>
    public override string Hub => HubName ?? Present().Hub;

    /// <inheritdoc/>
    public override Task<string> ScheduleNewOrchestrationInstanceAsync(string orchestratorName, object? input, StartOptions? options = null, CancellationToken cancellationToken = default) =>
        Present().ScheduleNewOrchestrationInstanceAsync(orchestratorName, input, options, cancellationToken);

    /// <inheritdoc/>
    public override Task RaiseEventAsync(string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default) =>
        Present().RaiseEventAsync(instanceId, eventName, payload, cancellationToken);

    /// <inheritdoc/>
    public override Task<InstanceMetadata?> GetInstanceAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        Present().GetInstanceAsync(instanceId, getInputsAndOutputs, cancellationToken);

    /// <inheritdoc/>
    public override Task<InstancePage> GetAllInstancesAsync(InstanceQuery query, CancellationToken cancellationToken = default) =>
        Present().GetAllInstancesAsync(query, cancellationToken);

    /// <inheritdoc/>
    public override Task<InstanceMetadata> WaitForInstanceStartAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        Present().WaitForInstanceStartAsync(instanceId, getInputsAndOutputs, cancellationToken);

    /// <inheritdoc/>
    public override Task<InstanceMetadata> WaitForInstanceCompletionAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        Present().WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs, cancellationToken);

    /// <inheritdoc/>
    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        Present().SuspendInstanceAsync(instanceId, reason, cancellationToken);

    /// <inheritdoc/>
    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        Present().ResumeInstanceAsync(instanceId, reason, cancellationToken);

    /// <inheritdoc/>
    public override Task TerminateInstanceAsync(string instanceId, TerminateOptions options, CancellationToken cancellationToken = default) =>
        Present().TerminateInstanceAsync(instanceId, options, cancellationToken);

    /// <inheritdoc/>
    public override Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellationToken = default) =>
        Present().RewindInstanceAsync(instanceId, reason, cancellationToken);

    /// <inheritdoc/>
    public override Task<string> RestartAsync(string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellationToken = default) =>
        Present().RestartAsync(instanceId, restartWithNewInstanceId, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> PurgeInstanceAsync(string instanceId, bool recursive, CancellationToken cancellationToken = default) =>
        Present().PurgeInstanceAsync(instanceId, recursive, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> PurgeAllInstancesAsync(PurgeFilter filter, CancellationToken cancellationToken = default) =>
        Present().PurgeAllInstancesAsync(filter, cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<HistoryRecord>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        Present().GetOrchestrationHistoryAsync(instanceId, cancellationToken);

    /// <inheritdoc/>
    public override Task<InstanceDiagnosis?> DiagnoseAsync(string instanceId, CancellationToken cancellationToken = default) =>
        Present().DiagnoseAsync(instanceId, cancellationToken);
}
