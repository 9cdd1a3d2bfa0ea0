using Sluice.Durable;

namespace Sluice.FunctionsProbe;

/// <summary>The orchestrators and the activity of this program, by name.</summary>
internal static class Probes
{
    public static OrchestratorRef<string, string> Event { get; } = new("ProbeEvent");

    public static OrchestratorRef<Work, Seen> Work { get; } = new("ProbeWork");

    public static OrchestratorRef<Family, FamilySeen> Family { get; } = new("ProbeFamily");

    public static OrchestratorRef<Nap, Seen> Nap { get; } = new("ProbeNap");

    public static ActivityRef<Work, string> Do { get; } = new("ProbeDo");
}

/// <summary>Something an activity does.</summary>
/// <param name="Name">How the log calls it.</param>
/// <param name="Failures">How many of its attempts fail, over all instances.</param>
/// <param name="Seconds">How long an attempt takes.</param>
/// <param name="Attempts">How often it is tried.</param>
internal sealed record Work(string Name, int Failures = 0, int Seconds = 0, int Attempts = 1);

/// <summary>What an orchestrator saw of itself and of its work.</summary>
internal sealed record Seen(string Answer, string Version, string? Parent);

/// <summary>A parent's work: before its child, the child's, and after it.</summary>
/// <param name="Before">Done first.</param>
/// <param name="Child">Done by a child.</param>
/// <param name="After">Done last.</param>
/// <param name="Catches">Whether a failing child is survived.</param>
internal sealed record Family(Work Before, Work Child, Work After, bool Catches = false);

/// <summary>What a parent saw.</summary>
/// <param name="Child">The child's result; null when it failed.</param>
/// <param name="Code">Of its failure.</param>
/// <param name="Version">The parent's own.</param>
internal sealed record FamilySeen(Seen? Child, string? Code, string Version);

/// <summary>Work with a timer in its middle.</summary>
internal sealed record Nap(Work Before, int Seconds, Work After);

/// <summary>Waits for the event <c>go</c> and returns what it brought.</summary>
internal sealed class EventProbe : Orchestrator<string, string>
{
    public override Task<string> RunAsync(DurableContext context, string input) => context.WaitForExternalEvent<string>("go");
}

/// <summary>Has work done, again where it fails.</summary>
internal sealed class WorkProbe : Orchestrator<Work, Seen>
{
    public override async Task<Seen> RunAsync(DurableContext context, Work input)
    {
        var options = input.Attempts > 1 ? TaskOptions.FromRetryPolicy(new RetryPolicy(input.Attempts, TimeSpan.FromSeconds(1))) : null;
        var answer = await context.CallActivityAsync(Probes.Do, input, options);
        return new Seen(answer, context.Version, context.Parent?.InstanceId);
    }
}

/// <summary>Works, has a child work, works on.</summary>
internal sealed class FamilyProbe : Orchestrator<Family, FamilySeen>
{
    public override async Task<FamilySeen> RunAsync(DurableContext context, Family input)
    {
        await context.CallActivityAsync(Probes.Do, input.Before);
        Seen? child = null;
        string? code = null;
        try
        {
            child = await context.CallSubOrchestratorAsync(
                Probes.Work, input.Child, new SubOrchestrationOptions { InstanceId = context.InstanceId + ":child" });
        }
        catch (TaskFailureException failed) when (input.Catches)
        {
            code = failed.Failure.Code;
        }

        await context.CallActivityAsync(Probes.Do, input.After);
        return new FamilySeen(child, code, context.Version);
    }
}

/// <summary>Works, sleeps, works on.</summary>
internal sealed class NapProbe : Orchestrator<Nap, Seen>
{
    public override async Task<Seen> RunAsync(DurableContext context, Nap input)
    {
        await context.CallActivityAsync(Probes.Do, input.Before);
        await context.CreateTimer(context.CurrentUtcDateTime.AddSeconds(input.Seconds));
        return new Seen(await context.CallActivityAsync(Probes.Do, input.After), context.Version, context.Parent?.InstanceId);
    }
}

/// <summary>Notes begin and end in the file that <c>PROBE_LOG</c> names: <c>begin NAME</c>, <c>end NAME</c>. It counts attempts by it.</summary>
internal sealed class DoActivity : IActivity<Work, string>
{
    private static readonly Lock Gate = new();

    private static string LogFile => Environment.GetEnvironmentVariable("PROBE_LOG")
        ?? throw new InvalidOperationException("LogMissing: PROBE_LOG names no file.");

    public async Task<string> RunAsync(Work input, CancellationToken cancellationToken)
    {
        var attempt = Note($"begin {input.Name}");
        await Task.Delay(TimeSpan.FromSeconds(input.Seconds), cancellationToken);
        if (attempt <= input.Failures)
        {
            throw new InvalidOperationException($"ProbeBroken: {input.Name} fails at attempt {attempt} of {input.Failures} that fail.");
        }

        Note($"end {input.Name}");
        return $"{input.Name} done";
    }

    private static int Note(string line)
    {
        lock (Gate)
        {
            File.AppendAllText(LogFile, line + "\n");
            return File.ReadLines(LogFile).Count(l => l == line);
        }
    }
}
