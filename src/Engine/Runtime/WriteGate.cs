using System.Diagnostics.CodeAnalysis;

namespace Sluice.Engine.Runtime;

/// <summary>
/// Back-pressure: lets clients write while fewer than a number of turns and writes are under way, and the others wait in order. What the
/// engine itself writes never passes here.
/// </summary>
internal sealed class WriteGate
{
    private readonly EngineLoad _load;
    private readonly int _limit;
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiting = [];
    private Exception? _closed;
    private int _count;
    private bool _admitting;

    /// <param name="load">What is under way.</param>
    /// <param name="limit">See <see cref="EngineOptions.MaxPendingWrites"/>.</param>
    public WriteGate(EngineLoad load, int limit)
    {
        _load = load;
        _limit = limit;
        load.StepEnded = Admit;
    }

    /// <summary>How many wait.</summary>
    public int Waiting => Volatile.Read(ref _count);

    /// <summary>Has something written as soon as there is room: a step that begins. Writes that wait go in the order they came.</summary>
    /// <param name="write">Queues it; brief.</param>
    /// <param name="cancellationToken">The client gives up, as long as it waits.</param>
    /// <exception cref="OperationCanceledException">The client has given up; nothing was written.</exception>
    public async ValueTask EnterAsync(Action write, CancellationToken cancellationToken)
    {
        if (TryEnter(out var place, write))
        {
            write();
            return;
        }

        // The last step may have ended in between.
        Admit();
        await using var giveUp = cancellationToken.Register(() => Leave(place, cancellationToken));
        await place.Value.Admitted.Task;
    }

    /// <summary>Lets nobody in any more.</summary>
    public void Close(Exception reason)
    {
        List<Waiter> waiting;
        lock (_gate)
        {
            _closed = reason;
            waiting = [.. _waiting];
            _waiting.Clear();
            Volatile.Write(ref _count, 0);
        }

        waiting.ForEach(w => w.Admitted.SetException(reason));
    }

    private bool TryEnter([NotNullWhen(false)] out LinkedListNode<Waiter>? place, Action write)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw _closed;
            }

            if (_waiting.Count == 0 && _load.Steps < _limit)
            {
                _load.StepBegins();
                place = null;
                return true;
            }

            place = _waiting.AddLast(new Waiter(write));
            Volatile.Write(ref _count, _waiting.Count);
            return false;
        }
    }

    private void Admit()
    {
        if (Waiting == 0)
        {
            return;
        }

        lock (_gate)
        {
            if (_admitting)
            {
                // A write that is refused ends its step at once, which leads back here.
                return;
            }

            _admitting = true;
            while (_load.Steps < _limit && _waiting.First is { } first)
            {
                _waiting.RemoveFirst();
                _load.StepBegins();
                first.Value.Write();
                first.Value.Admitted.SetResult();
            }

            _admitting = false;
            Volatile.Write(ref _count, _waiting.Count);
        }
    }

    private void Leave(LinkedListNode<Waiter> place, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (place.List is null)
            {
                return;
            }

            _waiting.Remove(place);
            Volatile.Write(ref _count, _waiting.Count);
        }

        place.Value.Admitted.SetCanceled(cancellationToken);
    }

    private sealed class Waiter(Action write)
    {
        public Action Write => write;

        public TaskCompletionSource Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
