namespace Sluice.Durable;

/// <summary>A durable function that decides: deterministic code over a <see cref="DurableContext"/>.</summary>
/// <typeparam name="TInput">What it starts with; crosses JSON.</typeparam>
/// <typeparam name="TOutput">What it ends with; crosses JSON.</typeparam>
public abstract class Orchestrator<TInput, TOutput> : IOrchestrator
{
    /// <inheritdoc/>
    public Type InputType => typeof(TInput);

    /// <summary>Runs from the beginning at every replay.</summary>
    public abstract Task<TOutput> RunAsync(DurableContext context, TInput input);

    /// <inheritdoc/>
    Task<object?> IOrchestrator.RunAsync(DurableContext context, object? input) => WithoutType(RunAsync(context, (TInput)input!));

    // The input is not held here: the code may let go of it.
    private static async Task<object?> WithoutType(Task<TOutput> run) => await run;
}

/// <summary>An orchestrator as a host sees it, without its types.</summary>
public interface IOrchestrator
{
    /// <summary>What the stored JSON input is read as.</summary>
    Type InputType { get; }

    /// <summary>Runs the orchestrator; the result is serialised by its runtime type.</summary>
    Task<object?> RunAsync(DurableContext context, object? input);
}

/// <summary>The typed name of an orchestrator: what callers use instead of a bare string.</summary>
/// <param name="Name">The registered name, the same on every host. Stored in histories: never renamed.</param>
public sealed record OrchestratorRef<TInput, TOutput>(string Name);
