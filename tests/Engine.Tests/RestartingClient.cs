using Sluice.Durable;
using Sluice.Engine.VirtualTime;

namespace Sluice.Engine.Tests;

/// <summary>The client of an engine that is killed after every step of its user, once nothing can go on, and started again on its file.</summary>
internal sealed class RestartingClient(VirtualEngine engine) : DurableClient, IDisposable
{
    private readonly SemaphoreSlim _step = new(1);

    public override string Hub => engine.Client.Hub;

    public override Task<string> ScheduleNewOrchestrationInstanceAsync(string orchestratorName, object? input, StartOptions? options = null, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.ScheduleNewOrchestrationInstanceAsync(orchestratorName, input, options, cancellationToken));

    public override Task RaiseEventAsync(string instanceId, string eventName, object? payload = null, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.RaiseEventAsync(instanceId, eventName, payload, cancellationToken));

    public override Task<InstanceMetadata?> GetInstanceAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.GetInstanceAsync(instanceId, getInputsAndOutputs, cancellationToken));

    public override Task<InstancePage> GetAllInstancesAsync(InstanceQuery query, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.GetAllInstancesAsync(query, cancellationToken));

    public override Task<InstanceMetadata> WaitForInstanceStartAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        InsistAsync(c => c.WaitForInstanceStartAsync(instanceId, getInputsAndOutputs, cancellationToken));

    public override Task<InstanceMetadata> WaitForInstanceCompletionAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        InsistAsync(c => c.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs, cancellationToken));

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.SuspendInstanceAsync(instanceId, reason, cancellationToken));

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.ResumeInstanceAsync(instanceId, reason, cancellationToken));

    public override Task TerminateInstanceAsync(string instanceId, TerminateOptions options, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.TerminateInstanceAsync(instanceId, options, cancellationToken));

    public override Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.RewindInstanceAsync(instanceId, reason, cancellationToken));

    public override Task<string> RestartAsync(string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.RestartAsync(instanceId, restartWithNewInstanceId, cancellationToken));

    public override Task<int> PurgeInstanceAsync(string instanceId, bool recursive, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.PurgeInstanceAsync(instanceId, recursive, cancellationToken));

    public override Task<int> PurgeAllInstancesAsync(PurgeFilter filter, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.PurgeAllInstancesAsync(filter, cancellationToken));

    public override Task<InstanceDiagnosis?> DiagnoseAsync(string instanceId, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.DiagnoseAsync(instanceId, cancellationToken));

    public override Task<IReadOnlyList<HistoryRecord>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellationToken = default) =>
        StepAsync(c => c.GetOrchestrationHistoryAsync(instanceId, cancellationToken));

    public void Dispose() => _step.Dispose();

    private Task StepAsync(Func<DurableClient, Task> step) => StepAsync(async c =>
    {
        await step(c);
        return 0;
    });

    private async Task<T> StepAsync<T>(Func<DurableClient, Task<T>> step)
    {
        await _step.WaitAsync();
        try
        {
            return await step(engine.Client);
        }
        finally
        {
            await engine.SettleAsync();
            await engine.RestartAsync();
            _step.Release();
        }
    }

    /// <summary>A wait outlives the engines it waits on.</summary>
    private async Task<T> InsistAsync<T>(Func<DurableClient, Task<T>> wait)
    {
        while (true)
        {
            try
            {
                return await wait(engine.Client);
            }
            catch (Exception e) when (e is ObjectDisposedException or SimulatedCrashException)
            {
                await _step.WaitAsync();
                _step.Release();
            }
        }
    }
}
