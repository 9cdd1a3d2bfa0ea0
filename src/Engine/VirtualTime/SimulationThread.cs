namespace Sluice.Engine.VirtualTime;

/// <summary>
/// The one thread on which everything of a simulation runs, one thing after the other: in the order it came, or in one drawn from a
/// seed, so that a run can be repeated. As a synchronisation context it keeps what awaits on it there.
/// </summary>
public sealed class SimulationThread : SynchronizationContext, IDisposable
{
    private readonly object _gate = new();
    private readonly List<Action> _ready = [];
    private readonly Random? _order;
    private readonly Thread _thread;
    private int _next;
    private bool _running;
    private bool _ended;
    private long _done;
    private TaskCompletionSource? _idle;
    private TaskCompletionSource? _woken;

    /// <param name="seed">Draws what runs next; in order of arrival when null.</param>
    public SimulationThread(int? seed = null)
    {
        _order = seed is { } s ? new Random(s) : null;
        _thread = new Thread(Run) { IsBackground = true, Name = "Simulation" };
        _thread.Start();
    }

    /// <summary>Asked on the thread when nothing is left to do: true when it has found something, such as a clock to move.</summary>
    public Func<bool>? Idling { get; set; }

    /// <summary>How many things have run.</summary>
    public long Done => Volatile.Read(ref _done);

    /// <summary>Adds something to do.</summary>
    public void Post(Action action)
    {
        TaskCompletionSource? woken;
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ready.Add(action);
            (woken, _woken) = (_woken, null);
            Monitor.Pulse(_gate);
        }

        woken?.SetResult();
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state) => Post(() => d(state));

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nobody waits for the simulation's thread from within.");

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Runs something on the thread, and all that it awaits.</summary>
    public Task RunAsync(Func<Task> action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => _ = RunAsync(action, done));
        return done.Task;
    }

    /// <summary>Runs something on the thread.</summary>
    public Task RunAsync(Action action) => RunAsync(() =>
    {
        action();
        return Task.CompletedTask;
    });

    /// <summary>Completes when nothing is left to do.</summary>
    public Task WhenIdle()
    {
        lock (_gate)
        {
            return !_running && Count == 0
                ? Task.CompletedTask
                : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Completes when something is added. Take it before looking at anything else.</summary>
    public Task WhenWoken()
    {
        lock (_gate)
        {
            return (_woken ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Lets the present thing end; what waits never runs.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            Monitor.Pulse(_gate);
        }

        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private static async Task RunAsync(Func<Task> action, TaskCompletionSource done)
    {
        try
        {
            await action();
            done.SetResult();
        }
        catch (Exception e)
        {
            done.SetException(e);
        }
    }

    private int Count => _ready.Count - _next;

    private void Run()
    {
        SetSynchronizationContext(this);
        while (Take() is { } action)
        {
            action();
            // Code that ran here may have left its own context behind.
            SetSynchronizationContext(this);
            Volatile.Write(ref _done, _done + 1);
            while (IsEmpty && Idling?.Invoke() == true)
            {
            }
        }
    }

    private bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return Count == 0 && !_ended;
            }
        }
    }

    private Action? Take()
    {
        lock (_gate)
        {
            while (Count == 0 && !_ended)
            {
                _running = false;
                var idle = _idle;
                _idle = null;
                idle?.SetResult();
                Monitor.Wait(_gate);
            }

            if (_ended)
            {
                _running = false;
                _idle?.TrySetResult();
                return null;
            }

            _running = true;
            return _order is null ? TakeFirst() : TakeAny(_order);
        }
    }

    private Action TakeFirst()
    {
        var action = _ready[_next++];
        if (_next == _ready.Count || _next == 1024)
        {
            _ready.RemoveRange(0, _next);
            _next = 0;
        }

        return action;
    }

    private Action TakeAny(Random order)
    {
        var index = order.Next(_ready.Count);
        var action = _ready[index];
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        return action;
    }
}
