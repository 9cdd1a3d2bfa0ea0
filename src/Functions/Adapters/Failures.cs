using Microsoft.DurableTask;
using Sluice.Durable;

namespace Sluice.Functions.Adapters;

/// <summary>Failures as Durable Functions carries them, and as ours.</summary>
internal static class Failures
{
    // What the SDK's worker says of a name that nobody registered.
    private static readonly string[] MissingTypes = ["ActivityTaskNotFound", "OrchestratorTaskNotFound"];

    public static TaskFailure Of(TaskFailureDetails details) => new(
        details.ErrorType, details.ErrorMessage, details.StackTrace, details.InnerFailure is { } inner ? Of(inner) : null)
    {
        IsNonRetriable = MissingTypes.Contains(details.ErrorType, StringComparer.Ordinal),
    };

    public static TaskFailureException Of(TaskFailedException failed) => new(
        failed.TaskName,
        failed.TaskId,

        // A child that was terminated fails its call without any details.
        failed.FailureDetails is { } details ? Of(details) : new TaskFailure("(unknown)", "ended from outside"));

    /// <summary>The way back, for a failure that an orchestrator let through: the SDK keeps the causes of its own type only.</summary>
    public static TaskFailedException Of(TaskFailureException failed) => new(failed.TaskName, failed.TaskId, Details(failed.Failure));

    private static TaskFailureDetails Details(TaskFailure failure) => new(
        failure.ErrorType, failure.ErrorMessage, failure.StackTrace, failure.Inner is { } inner ? Details(inner) : null, Properties: null);
}
