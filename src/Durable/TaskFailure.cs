namespace Sluice.Durable;

/// <summary>Why a task failed, as far as it survives the way through storage.</summary>
/// <param name="ErrorType">The exception's full type name; <c>(unknown)</c> on some hosts. Do not branch on it: use <see cref="Code"/>.</param>
/// <param name="ErrorMessage">The exception's message.</param>
/// <param name="StackTrace">Where it came from, when known.</param>
/// <param name="Inner">The cause, when there is one.</param>
public sealed record TaskFailure(string ErrorType, string ErrorMessage, string? StackTrace = null, TaskFailure? Inner = null)
{
    /// <summary>Set for failures that no retry can heal, such as a missing activity.</summary>
    public bool IsNonRetriable { get; init; }

    /// <summary>
    /// The machine-readable word at the front of the deepest coded message (<c>StaleWrite: …</c> gives <c>StaleWrite</c>), or null.
    /// Type names and custom properties do not survive every host; a message does.
    /// </summary>
    public string? Code
    {
        get
        {
            string? code = null;
            for (var failure = this; failure is not null; failure = failure.Inner)
            {
                var colon = failure.ErrorMessage.IndexOf(": ", StringComparison.Ordinal);
                if (colon > 0 && failure.ErrorMessage.AsSpan(0, colon).IndexOfAnyExceptInRange('A', 'z') < 0
                    && char.IsAsciiLetterUpper(failure.ErrorMessage[0]))
                {
                    code = failure.ErrorMessage[..colon];
                }
            }

            return code;
        }
    }

    /// <summary>Whether this failure or one of its causes has the type name given (full or last part).</summary>
    public bool IsCausedBy(string typeName)
    {
        for (var failure = this; failure is not null; failure = failure.Inner)
        {
            if (failure.ErrorType == typeName || failure.ErrorType.EndsWith("." + typeName, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes what can be stored from an exception; the failure inside a <see cref="TaskFailureException"/> becomes the cause.</summary>
    public static TaskFailure FromException(Exception exception) => new(
        exception.GetType().FullName ?? exception.GetType().Name,
        exception.Message,
        exception.StackTrace,
        exception is TaskFailureException task ? task.Failure : exception.InnerException is { } inner ? FromException(inner) : null);
}

/// <summary>A task called by an orchestrator failed, after its retries.</summary>
/// <param name="taskName">The activity's or orchestrator's name.</param>
/// <param name="taskId">Its number in the history.</param>
/// <param name="failure">What went wrong there.</param>
public sealed class TaskFailureException(string taskName, int taskId, TaskFailure failure)
    : Exception($"Task '{taskName}' (#{taskId}) failed with an unhandled exception: {failure.ErrorMessage}")
{
    /// <summary>The activity's or orchestrator's name.</summary>
    public string TaskName { get; } = taskName;

    /// <summary>Its number in the history.</summary>
    public int TaskId { get; } = taskId;

    /// <summary>What went wrong there.</summary>
    public TaskFailure Failure { get; } = failure;
}
