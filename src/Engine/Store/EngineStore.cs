using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Sluice.Engine.Runtime;

namespace Sluice.Engine.Store;

/// <summary>
/// The file and its one writer. Writes queue up and are committed in groups, as many as came while the last group was on its way;
/// nobody hears of a write before it is durable.
/// </summary>
internal sealed class EngineStore : IDisposable
{
    private static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(1);

    private readonly EngineOptions _options;
    private readonly SqliteConnection _connection;
    private readonly Tables _tables;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Thread? _writer;
    private readonly Action<EngineStoreException> _failed;
    private readonly EngineMetrics _metrics;
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _wake = new(initialState: false, spinCount: 50);
    private List<IWrite> _queue = [];
    private bool _closing;
    private bool _dead;
    private bool _scheduled;
    private long _queuedSince;
    private long _writingSince;

    /// <param name="options">Path and durability.</param>
    /// <param name="metrics">Counts commits.</param>
    /// <param name="failed">Called once when a commit fails: the store takes nothing more.</param>
    /// <exception cref="EngineStoreException">The file cannot be used.</exception>
    public EngineStore(EngineOptions options, EngineMetrics metrics, Action<EngineStoreException> failed)
    {
        _options = options;
        _metrics = metrics;
        _failed = failed;
        _connection = Schema.Open(options, out var check);
        Check = check;
        try
        {
            _tables = new Tables(_connection, compresses: !options.InMemory);
            _begin = new Statement(_connection, "BEGIN IMMEDIATE");
            _commit = new Statement(_connection, "COMMIT");
            Reader = new StoreReader(options.DataSource, options.OnStoreCall);
        }
        catch (SqliteException e)
        {
            _connection.Dispose();
            throw Schema.Translate(e, options.Path);
        }

        if (options.Simulation is null)
        {
            _writer = new Thread(Write) { IsBackground = true, Name = "Sluice engine writer" };
            _writer.Start();
        }
    }

    private interface IWrite
    {
        void Apply(Tables tables);

        void Committed();

        void Failed(Exception e);
    }

    /// <summary>The examination of the file, if it had not been closed.</summary>
    public StoreCheck? Check { get; }

    /// <summary>Reads beside the writer: what is committed.</summary>
    public StoreReader Reader { get; }

    /// <summary>How long the oldest write that is not durable has waited.</summary>
    public TimeSpan Lag
    {
        get
        {
            lock (_gate)
            {
                var since = _writingSince > 0 ? _writingSince : _queue.Count > 0 ? _queuedSince : 0;
                return since > 0 ? Stopwatch.GetElapsedTime(since) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Queues a write.</summary>
    /// <param name="apply">Runs in the transaction, on the writer's thread.</param>
    /// <param name="committed">Runs on the writer's thread once durable, in the order of the writes: brief.</param>
    /// <param name="failed">
    /// Runs instead when nothing was committed: with an <see cref="EngineStoreException"/> or <see cref="ObjectDisposedException"/> when nothing will
    /// be any more, with another when only this write cannot.
    /// </param>
    public void Enqueue<T>(Func<Tables, T> apply, Action<T> committed, Action<Exception> failed)
    {
        var write = new PendingWrite<T>(apply, committed, failed);
        lock (_gate)
        {
            if (!_closing && !_dead)
            {
                if (_queue.Count == 0)
                {
                    _queuedSince = EngineMetrics.Now;
                }

                _queue.Add(write);
                Wake();
                return;
            }
        }

        write.Failed(Stopped());
    }

    /// <summary>Commits what is queued and closes the file.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
        }

        if (_writer is not null)
        {
            _wake.Set();
            _writer.Join();
        }
        else
        {
            WriteQueued();
        }

        Reader.Dispose();
        _tables.Dispose();
        _begin.Dispose();
        _commit.Dispose();
        _connection.Dispose();
        _wake.Dispose();
    }

    /// <summary>Stops as a crash would: what is not committed is lost, and nobody hears of anything.</summary>
    public void Abandon()
    {
        Volatile.Write(ref _dead, true);
        Dispose();
    }

    /// <summary>Has the writer look at the queue; called with the gate held.</summary>
    private void Wake()
    {
        if (_options.Simulation is not { } simulation)
        {
            _wake.Set();
        }
        else if (!_scheduled)
        {
            _scheduled = true;
            simulation(WriteQueued);
        }
    }

    /// <summary>The writer's work where it has no thread of its own.</summary>
    private void WriteQueued()
    {
        List<IWrite> batch;
        lock (_gate)
        {
            _scheduled = false;
            (batch, _queue) = (_queue, []);
            _writingSince = 0;
        }

        Take(batch);
    }

    private void Take(List<IWrite> batch)
    {
        if (Volatile.Read(ref _dead))
        {
            Refuse(batch);
        }
        else if (batch.Count > 0)
        {
            Commit(batch);
        }
    }

    private void Write()
    {
        var batch = new List<IWrite>();
        while (true)
        {
            if (!_wake.Wait(IdleAfter))
            {
                // Sleeping rollouts cost no page cache; the next write reads what it needs again.
                Schema.Execute(_connection, "PRAGMA shrink_memory");
                _wake.Wait();
            }

            lock (_gate)
            {
                (batch, _queue) = (_queue, batch);
                _writingSince = batch.Count > 0 ? _queuedSince : 0;
                if (!_closing)
                {
                    _wake.Reset();
                }
                else if (batch.Count == 0)
                {
                    return;
                }
            }

            Take(batch);
            batch.Clear();
            lock (_gate)
            {
                _writingSince = 0;
            }
        }
    }

    private void Commit(List<IWrite> batch)
    {
        var begun = EngineMetrics.Now;
        IWrite? applied = null;
        try
        {
            _options.OnStoreCall?.Invoke(StoreCall.Begin);
            _begin.Execute();
            foreach (var write in batch)
            {
                _options.OnStoreCall?.Invoke(StoreCall.Write);
                applied = write;
                write.Apply(_tables);
                applied = null;
            }

            _options.OnStoreCall?.Invoke(StoreCall.Commit);
            _commit.Execute();
        }
        catch (Exception e) when (applied is not null && !IsOfTheFile(e))
        {
            // This write's own fault, and no reason to refuse the others.
            Rollback();
            batch = batch.FindAll(w => w != applied);
            if (batch.Count > 0)
            {
                Commit(batch);
            }

            applied.Failed(e);
            return;
        }
        catch (Exception e)
        {
            Fail(batch, e);
            return;
        }

        _metrics.Commit(begun, batch.Count);
        try
        {
            _options.OnStoreCall?.Invoke(StoreCall.Committed);
        }
        catch (Exception e)
        {
            Fail(batch, e);
            return;
        }

        if (Volatile.Read(ref _dead))
        {
            Refuse(batch);
            return;
        }

        foreach (var write in batch)
        {
            write.Committed();
        }
    }

    // Constraint, too big, mismatch, misuse and range are said of a row; every other code of the file or the disk.
    private static bool IsOfTheFile(Exception e) => e is EngineStoreException or SqliteException { SqliteErrorCode: not (18 or 19 or 20 or 21 or 25) };

    private void Rollback()
    {
        try
        {
            Schema.Execute(_connection, "ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back already.
        }
    }

    private static void Refuse(List<IWrite> batch)
    {
        foreach (var write in batch)
        {
            write.Failed(Stopped());
        }
    }

    private static ObjectDisposedException Stopped() => new("engine", "The engine has stopped; whether this was written is not known.");

    private void Fail(List<IWrite> batch, Exception e)
    {
        List<IWrite> waiting;
        lock (_gate)
        {
            _dead = true;
            (waiting, _queue) = (_queue, []);
        }

        Rollback();
        var failure = e as EngineStoreException
            ?? (e is SqliteException sqlite ? Schema.Translate(sqlite, _options.Path) : new EngineStoreException("StoreFailed", e.Message, e));
        foreach (var write in batch.Concat(waiting))
        {
            write.Failed(failure);
        }

        _failed(failure);
    }

    private sealed class PendingWrite<T>(Func<Tables, T> apply, Action<T> committed, Action<Exception> failed) : IWrite
    {
        private T _result = default!;

        public void Apply(Tables tables) => _result = apply(tables);

        public void Committed() => committed(_result);

        public void Failed(Exception e) => failed(e);
    }
}
