using System.Globalization;
using Sluice.Engine.History;

namespace Sluice.Engine.Kernel;

/// <summary>That the code decided something else than its history says it did.</summary>
/// <param name="Expected">The history's decision in words, with what differs.</param>
/// <param name="Actual">The code's.</param>
internal sealed record DecisionDifference(string Expected, string Actual)
{
    // Timers are stored in whole milliseconds; a last digit of floating-point backoff is no other decision.
    private static readonly TimeSpan TimerTolerance = TimeSpan.FromMilliseconds(1);

    private static readonly (string, string) NothingAlike = ("", "");

    /// <summary>The difference in kind, name, target, input or time; null when there is none.</summary>
    public static DecisionDifference? Find(Decision? expected, Decision? actual) => Detail(expected, actual) is { } detail
        ? new DecisionDifference(Describe(expected) + detail.Expected, Describe(actual) + detail.Actual)
        : null;

    /// <summary>A decision in words: kind, name, number.</summary>
    public static string Describe(Decision? decision) => decision switch
    {
        null => "no call at this point",
        TaskScheduled d => Call("activity", d.Name, d.EventId),
        SubOrchestrationInstanceCreated d => Call("sub-orchestrator", d.Name, d.EventId),
        EventSent d => Call("event", d.Name, d.EventId),
        TimerCreated d => string.Create(CultureInfo.InvariantCulture, $"a timer (#{d.EventId})"),
        ExecutionCompleted or ExecutionFailed or ContinuedAsNew => "the end of the run",
        _ => decision.GetType().Name,
    };

    private static string Call(string kind, string name, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"a call of {kind} '{name}' (#{number})");

    /// <summary>What to say after each of the two; null when they are the same. Runs for every decision of a replay.</summary>
    private static (string Expected, string Actual)? Detail(Decision? expected, Decision? actual) => (expected, actual) switch
    {
        (TaskScheduled e, TaskScheduled a) when Same(e, e.Name, a, a.Name) => Input(e.Input, a.Input),
        (SubOrchestrationInstanceCreated e, SubOrchestrationInstanceCreated a) when Same(e, e.Name, a, a.Name) =>
            Word("id", e.InstanceId, a.InstanceId) ?? (a.IsHostVersion ? null : Word("version", e.Version, a.Version)) ?? Input(e.Input, a.Input),
        (EventSent e, EventSent a) when Same(e, e.Name, a, a.Name) => Word("receiver", e.InstanceId, a.InstanceId) ?? Input(e.Input, a.Input),
        (TimerCreated e, TimerCreated a) when e.EventId == a.EventId =>
            (e.FireAt - a.FireAt).Duration() < TimerTolerance ? null : ($" until {e.FireAt:O}", $" until {a.FireAt:O}"),
        (ExecutionCompleted e, ExecutionCompleted a) => Input(e.Result, a.Result),
        (ExecutionFailed, ExecutionFailed) or (ContinuedAsNew, ContinuedAsNew) => null,
        _ => NothingAlike,
    };

    private static bool Same(Decision expected, string expectedName, Decision actual, string actualName) =>
        expected.EventId == actual.EventId && string.Equals(expectedName, actualName, StringComparison.OrdinalIgnoreCase);

    private static (string, string)? Word(string what, string expected, string actual) =>
        expected == actual ? null : ($" with {what} '{expected}'", $" with {what} '{actual}'");

    private static (string, string)? Input(string? expected, string? actual)
    {
        if (JsonDifference.Find(expected, actual) is not { } difference)
        {
            return null;
        }

        var name = difference.Path.Length == 0 ? "value" : difference.Path;
        return ($" with {name} = {difference.Expected}", $" with {name} = {difference.Actual}");
    }
}
