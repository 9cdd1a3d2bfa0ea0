using System.Text.Json;
using Sluice.Durable;
using Sluice.Engine.History;

namespace Sluice.Engine.Kernel;

/// <summary>
/// Events and who waits for them, by name without case. Early events wait in order of arrival; of several waiters the newest is
/// served first, as upstream does; a cancelled waiter never takes an event.
/// </summary>
internal sealed class ExternalEvents
{
    private readonly Dictionary<string, LinkedList<IWaiter>> _waiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Queue<(int Order, EventRaised Raised)>> _early = new(StringComparer.OrdinalIgnoreCase);
    private int _raised;

    private interface IWaiter
    {
        Type Type { get; }

        void Take(EventRaised raised);
    }

    /// <summary>How many wait now.</summary>
    public int Waiting { get; private set; }

    /// <summary>Names waited for, and how many wait for each.</summary>
    public IEnumerable<(string Name, int Count)> Names => _waiters.Where(w => w.Value.Count > 0).Select(w => (w.Key, w.Value.Count));

    /// <summary>Events nobody took, in order of arrival.</summary>
    public IEnumerable<EventRaised> Early => _early.Values.SelectMany(q => q).OrderBy(e => e.Order).Select(e => e.Raised);

    public void Raise(EventRaised raised)
    {
        if (_waiters.TryGetValue(raised.Name, out var stack) && stack.Last is { } newest)
        {
            stack.RemoveLast();
            Waiting--;
            newest.Value.Take(raised);
        }
        else
        {
            if (!_early.TryGetValue(raised.Name, out var line))
            {
                _early[raised.Name] = line = new Queue<(int, EventRaised)>();
            }

            line.Enqueue((_raised++, raised));
        }
    }

    public Task<T> WaitAsync<T>(string name, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var waiter = new Waiter<T>(name);
        if (_early.TryGetValue(name, out var line) && line.TryDequeue(out var early))
        {
            waiter.Take(early.Raised);
            return waiter.Task;
        }

        if (!_waiters.TryGetValue(name, out var stack))
        {
            _waiters[name] = stack = new LinkedList<IWaiter>();
        }

        if (stack.Last is { } other && other.Value.Type != typeof(T))
        {
            throw new ArgumentException(
                $"Event '{name}' is already awaited as {other.Value.Type.Name}; it cannot be awaited as {typeof(T).Name} at the same time.",
                nameof(name));
        }

        var node = stack.AddLast(waiter);
        Waiting++;
        if (cancellationToken.CanBeCanceled)
        {
            waiter.Registration = cancellationToken.Register(() =>
            {
                if (node.List is not null)
                {
                    node.List.Remove(node);
                    Waiting--;
                    waiter.TrySetCanceled(cancellationToken);
                }
            });
        }

        return waiter.Task;
    }

    private sealed class Waiter<T>(string name) : TaskCompletionSource<T>, IWaiter
    {
        public Type Type => typeof(T);

        public CancellationTokenRegistration Registration { get; set; }

        public void Take(EventRaised raised)
        {
            Registration.Dispose();
            T? value;
            try
            {
                value = DurableJson.Read<T>(raised.Input);
            }
            catch (Exception e)
            {
                SetException(new JsonException($"EventUnreadable: The payload of event '{name}' is not a {typeof(T).Name}: {e.Message}", e));
                return;
            }

            SetResult(value!);
        }
    }
}
