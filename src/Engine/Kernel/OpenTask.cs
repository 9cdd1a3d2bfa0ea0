using System.Text.Json;
using Sluice.Durable;
using Sluice.Engine.History;

namespace Sluice.Engine.Kernel;

/// <summary>A decision that has no answer yet; an instance ends only when none is left.</summary>
internal interface IOpenTask
{
    /// <summary>What was decided, without its input; null when nobody traces the run.</summary>
    Decision? Call { get; }

    /// <summary>Takes the answer of a decision.</summary>
    void Answer(Answer answer);
}

/// <summary>A decision and the answer that a turn took.</summary>
internal readonly record struct AnsweredCall(Decision Call, Answer Answer);

/// <summary>An activity, child or timer that the code may await.</summary>
internal sealed class OpenTask<T>(string name, int id) : TaskCompletionSource<T>, IOpenTask
{
    public CancellationTokenRegistration Registration { get; set; }

    public Decision? Call { get; init; }

    public void Answer(Answer answer)
    {
        Registration.Dispose();
        switch (answer)
        {
            case TimerFired:
                SetResult(default!);
                break;
            case TaskCompleted completed:
                Return(completed.Result);
                break;
            case SubOrchestrationInstanceCompleted completed:
                Return(completed.Result);
                break;
            case TaskFailed failed:
                SetException(new TaskFailureException(name, id, failed.Failure));
                break;
            case SubOrchestrationInstanceFailed failed:
                SetException(new TaskFailureException(name, id, failed.Failure));
                break;
            default:
                throw new InvalidOperationException($"{answer.GetType().Name} answers no decision.");
        }
    }

    private void Return(string? json)
    {
        T? result;
        try
        {
            result = DurableJson.Read<T>(json);
        }
        catch (Exception e)
        {
            SetException(new JsonException($"ResultUnreadable: The result of '{name}' (#{id}) is not a {typeof(T).Name}: {e.Message}", e));
            return;
        }

        SetResult(result!);
    }
}
