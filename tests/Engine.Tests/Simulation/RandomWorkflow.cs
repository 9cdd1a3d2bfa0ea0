using Sluice.Durable;

namespace Sluice.Engine.Tests.Simulation;

/// <summary>A step of a workflow drawn from a seed. Its key is unique in the workload and names its activity, child or event.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Key">Its path.</param>
/// <param name="Number">Attempts that fail, minutes that pass, or runs of a loop.</param>
/// <param name="Steps">What it holds.</param>
internal sealed record Step(StepKind Kind, string Key, int Number, IReadOnlyList<Step> Steps);

internal enum StepKind
{
    /// <summary>An activity that returns at once.</summary>
    Activity,

    /// <summary>An activity that takes minutes.</summary>
    SlowActivity,

    /// <summary>An activity whose first attempts fail and are tried again.</summary>
    FlakyActivity,

    /// <summary>An activity that fails always, and the code goes on.</summary>
    FailingActivity,

    /// <summary>Steps side by side.</summary>
    Parallel,

    /// <summary>A timer.</summary>
    Timer,

    /// <summary>An event that is raised from outside, before a timer that is then cancelled.</summary>
    Event,

    /// <summary>An event that never comes, until a timer ends the wait.</summary>
    MissingEvent,

    /// <summary>A child that runs its steps.</summary>
    Child,

    /// <summary>A child that fails after its steps.</summary>
    FailingChild,

    /// <summary>A child that waits for ever and is terminated from outside.</summary>
    DoomedChild,

    /// <summary>A child that runs its steps again and again, each time as a new run.</summary>
    Loop,

    /// <summary>A child that sends its parent an event, for which the parent waits.</summary>
    Signal,
}

/// <summary>What an instance of a workflow starts with.</summary>
internal sealed record Work(IReadOnlyList<Step> Steps, int Runs = 1, int Run = 0, string? SignalTo = null, bool Fails = false, bool Waits = false, string Text = "");

/// <summary>Draws workflows.</summary>
internal static class RandomWorkflow
{
    public static IReadOnlyList<Step> Draw(Random random, string key, int depth = 0) =>
        [.. Enumerable.Range(0, random.Next(1, depth == 0 ? 5 : 3)).Select(i => DrawStep(random, $"{key}.{i}", depth))];

    /// <summary>What an instance and its children need from outside: events by name, or, where it is null, to be terminated.</summary>
    public static IEnumerable<(string Instance, string? Event)> Demands(string instance, Work work) =>
        from run in Enumerable.Range(0, work.Runs)
        from step in Flat(work.Steps)
        from demand in Demands(instance, step, run)
        select demand;

    private static IEnumerable<Step> Flat(IEnumerable<Step> steps) =>
        steps.SelectMany(s => s.Kind == StepKind.Parallel ? Flat(s.Steps) : [s]);

    private static IEnumerable<(string Instance, string? Event)> Demands(string instance, Step step, int run) => step.Kind switch
    {
        StepKind.Event => [(instance, Workflow.EventOf(step, run))],
        StepKind.DoomedChild => [(Workflow.ChildOf(instance, step, run), null)],
        StepKind.Child or StepKind.FailingChild => Demands(Workflow.ChildOf(instance, step, run), new Work(step.Steps)),
        StepKind.Loop => Demands(Workflow.ChildOf(instance, step, run), new Work(step.Steps, step.Number)),
        _ => [],
    };

    private static Step DrawStep(Random random, string key, int depth)
    {
        var kinds = Enum.GetValues<StepKind>();
        StepKind kind;
        do
        {
            kind = kinds[random.Next(kinds.Length)];
        }
        while (depth >= 2 && kind is StepKind.Parallel or StepKind.Child or StepKind.FailingChild or StepKind.Loop);

        var holds = kind is StepKind.Parallel or StepKind.Child or StepKind.FailingChild or StepKind.Loop;
        return new Step(kind, key, random.Next(1, 4), holds ? Draw(random, key, depth + 1) : []);
    }
}

/// <summary>Runs steps. What it returns depends on the steps alone, not on when or in which order things happened.</summary>
internal sealed class Workflow : Orchestrator<Work, string>
{
    public static OrchestratorRef<Work, string> Ref { get; } = new("workflow");

    public override async Task<string> RunAsync(DurableContext context, Work input)
    {
        if (input.Waits)
        {
            return await context.WaitForExternalEvent<string>("never");
        }

        if (input.SignalTo is { } parent)
        {
            context.SendEvent(parent, $"signal {context.InstanceId}", "hello");
            return "sent";
        }

        var text = input.Text + $"[{input.Run}:";
        foreach (var step in input.Steps)
        {
            text += await StepAsync(context, step, input.Run);
            context.SetCustomStatus(step.Key);
        }

        text += "]";
        if (input.Fails)
        {
            throw new InvalidOperationException("Meant: " + text);
        }

        if (input.Run + 1 < input.Runs)
        {
            context.ContinueAsNew(input with { Run = input.Run + 1, Text = text });
        }

        return text;
    }

    /// <summary>The id of a step's child in a run of its parent.</summary>
    public static string ChildOf(string instanceId, Step step, int run) => $"{instanceId}:{step.Key}-{run}";

    /// <summary>The name of the event that a step waits for.</summary>
    public static string EventOf(Step step, int run) => $"{step.Key}-{run}";

    private static async Task<string> StepAsync(DurableContext context, Step step, int run)
    {
        var child = ChildOf(context.InstanceId, step, run);
        switch (step.Kind)
        {
            case StepKind.Activity or StepKind.SlowActivity or StepKind.FlakyActivity:
                return await ActAsync(context, step, run, TaskOptions.FromRetryPolicy(new RetryPolicy(6, TimeSpan.FromMinutes(1))));
            case StepKind.FailingActivity:
                return await FailAsync(() => ActAsync(context, step, run));
            case StepKind.FailingChild:
                return await FailAsync(() => CallAsync(context, child, new Work(step.Steps, Fails: true)));
            case StepKind.DoomedChild:
                return await FailAsync(() => CallAsync(context, child, new Work([], Waits: true)));
            case StepKind.Parallel:
                return "(" + string.Join('|', await Task.WhenAll(step.Steps.Select(s => StepAsync(context, s, run)))) + ")";
            case StepKind.Timer:
                await context.CreateTimer(TimeSpan.FromMinutes(step.Number));
                return "t";
            case StepKind.Event:
                return await EventAsync(context, EventOf(step, run));
            case StepKind.MissingEvent:
                return await context.WaitForExternalEvent("missing " + step.Key, TimeSpan.FromMinutes(step.Number), "none");
            case StepKind.Signal:
                var signal = context.WaitForExternalEvent<string>($"signal {child}");
                return await CallAsync(context, child, new Work([], SignalTo: context.InstanceId)) + await signal;
            case StepKind.Loop:
                return await CallAsync(context, child, new Work(step.Steps, step.Number));
            default:
                return await CallAsync(context, child, new Work(step.Steps));
        }
    }

    private static Task<string> ActAsync(DurableContext context, Step step, int run, TaskOptions? options = null) =>
        context.CallActivityAsync<string>("act", step with { Key = $"{context.InstanceId}/{step.Key}/{run}", Steps = [] }, options);

    private static Task<string> CallAsync(DurableContext context, string child, Work work) => context.CallSubOrchestratorAsync(
        Ref, work, new SubOrchestrationOptions { InstanceId = child, Version = context.Version });

    private static async Task<string> EventAsync(DurableContext context, string name)
    {
        using var enough = new CancellationTokenSource();
        var raised = context.WaitForExternalEvent<string>(name);
        var timer = context.CreateTimer(TimeSpan.FromDays(300), enough.Token);
        var first = await Task.WhenAny(raised, timer);
        enough.Cancel();
        return first == raised ? await raised : "late";
    }

    private static async Task<string> FailAsync(Func<Task<string>> call)
    {
        try
        {
            return await call();
        }
        catch (TaskFailureException e)
        {
            return $"<{e.Failure.Code}>";
        }
    }
}
