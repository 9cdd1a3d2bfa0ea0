namespace Sluice.Engine.Kernel;

/// <summary>
/// Runs everything an orchestrator does on one thread, in a fixed order, and only during a turn. What arrives from another thread
/// or outside a turn is the sign that the code awaited something that is not replayable: it is refused and reported.
/// </summary>
/// <param name="strayed">Called once, from the foreign thread.</param>
internal sealed class TurnScheduler(Action strayed) : TaskScheduler
{
    private readonly Queue<Task> _queue = new();
    private TurnContext? _context;
    private volatile int _thread;
    private int _strayed;

    /// <summary>Whether the code has left its thread.</summary>
    public bool HasStrayed => Volatile.Read(ref _strayed) != 0;

    /// <summary>Whether the caller is the orchestrator in its turn.</summary>
    public bool IsOnTurn => Environment.CurrentManagedThreadId == _thread;

    /// <summary>Runs an action and all that follows from it, until nothing is left to do.</summary>
    public void Run(Action action)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context ??= new TurnContext(this));
        _thread = Environment.CurrentManagedThreadId;
        try
        {
            new Task(action).RunSynchronously(this);
            while (_queue.TryDequeue(out var task))
            {
                TryExecuteTask(task);
            }
        }
        finally
        {
            _thread = 0;
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>Notes that the code has left its thread.</summary>
    public void Stray()
    {
        if (Interlocked.Exchange(ref _strayed, 1) == 0)
        {
            strayed();
        }
    }

    protected override void QueueTask(Task task)
    {
        if (IsOnTurn)
        {
            _queue.Enqueue(task);
        }
        else
        {
            Stray();
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        IsOnTurn && !taskWasPreviouslyQueued && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];

    private sealed class TurnContext(TurnScheduler scheduler) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) =>
            _ = Task.Factory.StartNew(() => d(state), CancellationToken.None, TaskCreationOptions.None, scheduler);

        public override void Send(SendOrPostCallback d, object? state)
        {
            if (!scheduler.IsOnTurn)
            {
                scheduler.Stray();
                throw new InvalidOperationException("An orchestrator's context takes nothing from outside its turn.");
            }

            d(state);
        }

        public override SynchronizationContext CreateCopy() => this;
    }
}
