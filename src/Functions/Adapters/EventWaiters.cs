using System.Text.Json;
using Microsoft.DurableTask;

namespace Sluice.Functions.Adapters;

/// <summary>
/// The waits for events of one name. The SDK keeps a cancelled waiter on its stack, and the event that completes it vanishes; so it is
/// given one waiter at a time, never cancelled, and who is served is decided here: the newest live one, or a line for the next.
/// </summary>
/// <remarks>Runs on the orchestrator's thread only, like all that an orchestrator calls.</remarks>
internal sealed class EventWaiters(TaskOrchestrationContext context, string name)
{
    private readonly List<Waiter> _waiting = [];
    private readonly Queue<JsonElement?> _unclaimed = [];
    private bool _listening;

    public async Task<JsonElement?> NextAsync(Type type, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_waiting.Count > 0 && _waiting[^1].Type != type)
        {
            throw new ArgumentException(
                $"Event '{name}' is already awaited as {_waiting[^1].Type.Name}; it cannot be awaited as {type.Name} at the same time.", nameof(type));
        }

        if (_unclaimed.TryDequeue(out var early))
        {
            return early;
        }

        var waiter = new Waiter(type);
        _waiting.Add(waiter);
        await using var left = cancellationToken.Register(() =>
        {
            if (_waiting.Remove(waiter))
            {
                waiter.TrySetCanceled(cancellationToken);
            }
        });
        var next = waiter.Task;
        if (!_listening)
        {
            _ = ListenAsync();
        }

        return await next;
    }

    /// <summary>Hands events that came and that nobody claimed to the instance's next run.</summary>
    public void Forward()
    {
        while (_unclaimed.TryDequeue(out var payload))
        {
            context.SendEvent(context.InstanceId, name, payload!);
        }
    }

    private async Task ListenAsync()
    {
        _listening = true;
        while (_waiting.Count > 0)
        {
            var payload = await context.WaitForExternalEvent<JsonElement?>(name);
            if (_waiting.Count == 0)
            {
                _unclaimed.Enqueue(payload);
                break;
            }

            var newest = _waiting[^1];
            _waiting.RemoveAt(_waiting.Count - 1);
            newest.SetResult(payload);
        }

        _listening = false;
    }

    private sealed class Waiter(Type type) : TaskCompletionSource<JsonElement?>
    {
        public Type Type => type;
    }
}
