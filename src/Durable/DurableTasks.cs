using System.Text.Json;

namespace Sluice.Durable;

/// <summary>Everything a host can run, by name. Names compare without case, as in Durable Functions.</summary>
public sealed class DurableTasks
{
    private readonly Dictionary<string, Func<IServiceProvider, IOrchestrator>> _orchestrators = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, ActivityRegistration> _activities = new(StringComparer.OrdinalIgnoreCase);
    private ActivityWrapper _around = static (_, _, attempt) => attempt();

    /// <summary>Names of the registered orchestrators.</summary>
    public IReadOnlyCollection<string> OrchestratorNames => _orchestrators.Keys;

    /// <summary>Names of the registered activities.</summary>
    public IReadOnlyCollection<string> ActivityNames => _activities.Keys;

    /// <summary>Registers an orchestrator.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public DurableTasks AddOrchestrator<TInput, TOutput>(
        OrchestratorRef<TInput, TOutput> orchestrator, Func<IServiceProvider, Orchestrator<TInput, TOutput>> create)
    {
        _orchestrators.Add(orchestrator.Name, create);
        return this;
    }

    /// <summary>Registers an activity.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public DurableTasks AddActivity<TInput, TOutput>(
        ActivityRef<TInput, TOutput> activity, Func<IServiceProvider, IActivity<TInput, TOutput>> create)
    {
        _activities.Add(activity.Name, new ActivityRegistration(
            activity.Name,
            typeof(TInput),
            activity.Timeout,
            (services, call, cancellationToken) => _around(
                activity.Name, call, async () => await create(services).RunAsync((TInput)call.Input!, cancellationToken))));
        return this;
    }

    /// <summary>Puts something around every attempt of every activity, on every host: what is measured is measured here.</summary>
    public DurableTasks AroundActivities(ActivityWrapper around)
    {
        _around = around;
        return this;
    }

    /// <summary>The orchestrator of this name, or null.</summary>
    public Func<IServiceProvider, IOrchestrator>? FindOrchestrator(string name) => _orchestrators.GetValueOrDefault(name);

    /// <summary>The activity of this name, or null.</summary>
    public ActivityRegistration? FindActivity(string name) => _activities.GetValueOrDefault(name);
}

/// <summary>An activity as a host sees it, without its types.</summary>
/// <param name="Name">The registered name.</param>
/// <param name="InputType">What the stored JSON input is read as.</param>
/// <param name="Timeout">After how long an attempt is cancelled and fails with <see cref="TimeoutException"/>.</param>
/// <param name="RunAsync">Runs one attempt.</param>
public sealed record ActivityRegistration(
    string Name, Type InputType, TimeSpan Timeout, Func<IServiceProvider, ActivityCall, CancellationToken, Task<object?>> RunAsync)
{
    /// <summary>Reads the stored input.</summary>
    /// <exception cref="JsonException">It is not of the activity's type; the message begins with <c>InputUnreadable</c>.</exception>
    public object? ReadInput(string? json)
    {
        try
        {
            return DurableJson.Read(json, InputType);
        }
        catch (Exception e)
        {
            throw new JsonException($"InputUnreadable: The input of activity '{Name}' is not a {InputType.Name}: {e.Message}", e);
        }
    }

    /// <summary>One attempt, no longer than <see cref="Timeout"/>.</summary>
    /// <exception cref="TimeoutException">It did not end in time; it was told to, and its answer is ignored.</exception>
    public async Task<object?> AttemptAsync(IServiceProvider services, ActivityCall call, TimeProvider time, CancellationToken stopping)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var running = RunAsync(services, call, cancellation.Token);
        if (running.IsCompleted || Timeout == System.Threading.Timeout.InfiniteTimeSpan)
        {
            return await running;
        }

        try
        {
            return await running.WaitAsync(Timeout, time, CancellationToken.None);
        }
        catch (TimeoutException e) when (!running.IsCompleted)
        {
            // The answer is late whatever the activity makes of its token: the orchestrator must hear now.
            cancellation.Cancel();
            _ = running.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw new TimeoutException($"TimeoutException: Activity '{Name}' did not end within {Timeout}.", e);
        }
    }
}

/// <summary>One attempt at an activity.</summary>
/// <param name="InstanceId">The instance that called it.</param>
/// <param name="Input">As the activity takes it.</param>
public sealed record ActivityCall(string InstanceId, object? Input);

/// <summary>Runs an attempt with something around it.</summary>
/// <param name="activity">The registered name.</param>
/// <param name="call">What was called.</param>
/// <param name="attempt">Does it.</param>
public delegate Task<object?> ActivityWrapper(string activity, ActivityCall call, Func<Task<object?>> attempt);
