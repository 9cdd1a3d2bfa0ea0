using Sluice.Durable;

namespace Sluice.Testing;

/// <summary>Orchestrators and activities from lambdas, so that a test reads in one place.</summary>
public static class LambdaTasks
{
    public static DurableTasks Orchestrator<TInput, TOutput>(
        this DurableTasks tasks, string name, Func<DurableContext, TInput, Task<TOutput>> run) =>
        tasks.AddOrchestrator(new OrchestratorRef<TInput, TOutput>(name), _ => new LambdaOrchestrator<TInput, TOutput>(run));

    public static DurableTasks Activity<TInput, TOutput>(
        this DurableTasks tasks, string name, Func<TInput, CancellationToken, Task<TOutput>> run, TimeSpan? timeout = null) =>
        tasks.AddActivity(
            new ActivityRef<TInput, TOutput>(name) { Timeout = timeout ?? TimeSpan.FromSeconds(60) },
            _ => new LambdaActivity<TInput, TOutput>(run));

    public static DurableTasks Activity<TInput, TOutput>(this DurableTasks tasks, string name, Func<TInput, TOutput> run) =>
        tasks.Activity<TInput, TOutput>(name, (input, _) => Task.FromResult(run(input)));

    private sealed class LambdaOrchestrator<TInput, TOutput>(Func<DurableContext, TInput, Task<TOutput>> run) : Orchestrator<TInput, TOutput>
    {
        public override Task<TOutput> RunAsync(DurableContext context, TInput input) => run(context, input);
    }

    private sealed class LambdaActivity<TInput, TOutput>(Func<TInput, CancellationToken, Task<TOutput>> run) : IActivity<TInput, TOutput>
    {
        public Task<TOutput> RunAsync(TInput input, CancellationToken cancellationToken) => run(input, cancellationToken);
    }
}
