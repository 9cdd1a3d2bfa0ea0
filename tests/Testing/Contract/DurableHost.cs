using Sluice.Durable;

namespace Sluice.Testing.Contract;

/// <summary>A running host as the contract sees it.</summary>
public abstract class DurableHost : IAsyncDisposable
{
    /// <summary>Its client.</summary>
    public abstract DurableClient Client { get; }

    /// <summary>A wait that is short for this host and long against its work: hours in virtual time, seconds in real time.</summary>
    public abstract TimeSpan Tick { get; }

    /// <summary>Its clock.</summary>
    public abstract DateTimeOffset Now { get; }

    /// <summary>Lets time pass, and what is due meanwhile happen.</summary>
    public abstract Task AdvanceAsync(TimeSpan time);

    /// <summary>Lets an instance run to its end, however much time has to pass.</summary>
    public abstract Task<InstanceMetadata> RunAsync(string instanceId);

    /// <summary>Waits, without letting durable time pass where the host can, until an instance is as expected.</summary>
    /// <exception cref="TimeoutException">It is not so after 30 seconds; says what it is.</exception>
    public async Task<InstanceMetadata> UntilAsync(string instanceId, Func<InstanceMetadata, bool> expected)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await AdvanceAsync(TimeSpan.Zero);
            var instance = await Client.GetInstanceAsync(instanceId, getInputsAndOutputs: true);
            if (instance is not null && expected(instance))
            {
                return instance;
            }

            if (TimeProvider.System.GetElapsedTime(begun) > TimeSpan.FromSeconds(30))
            {
                throw new TimeoutException($"After 30 s the instance is still: {instance?.ToString() ?? "unknown"}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>Starts an instance and runs it to its end.</summary>
    public async Task<InstanceMetadata> RunAsync(string orchestrator, object? input, StartOptions? options = null) =>
        await RunAsync(await Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, options));

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
