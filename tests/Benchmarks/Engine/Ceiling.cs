using SQLitePCL;

namespace Sluice.Benchmarks.Engine;

/// <summary>
/// What SQLite itself allows: the least that a durable engine must write, and nothing else. A workflow is seven durable steps; a step is
/// four rows of history, its place in a queue and its instance's row, under integer keys. One thread writes and commits what queued up
/// meanwhile. No replay and no JSON. A fixed program: figures of different releases of the engine are ratios to it.
/// </summary>
internal sealed class Ceiling : IDisposable
{
    private const int Steps = 7;
    private const int RowsPerStep = 4;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _begin;
    private readonly sqlite3_stmt _commit;
    private readonly sqlite3_stmt _insertInstance;
    private readonly sqlite3_stmt _updateInstance;
    private readonly sqlite3_stmt _insertHistory;
    private readonly sqlite3_stmt _insertQueue;
    private readonly sqlite3_stmt _deleteQueue;
    private readonly byte[] _event = [.. Enumerable.Repeat((byte)'e', 100)];
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _wake = new(initialState: false, spinCount: 50);
    private readonly Thread _writer;
    private List<Step> _queue = [];
    private long _instances;
    private bool _closing;

    public Ceiling(string path)
    {
        Batteries_V2.Init();
        Check(raw.sqlite3_open_v2(path, out _database, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE, null));
        foreach (var sql in new[]
        {
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE instances (key INTEGER PRIMARY KEY, status INTEGER NOT NULL, updated INTEGER NOT NULL)",
            "CREATE TABLE history (position INTEGER PRIMARY KEY, event BLOB NOT NULL)",
            "CREATE TABLE queue (instance INTEGER PRIMARY KEY, step INTEGER NOT NULL)",
        })
        {
            Check(raw.sqlite3_exec(_database, sql));
        }

        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _insertInstance = Prepare("INSERT INTO instances VALUES (?, 0, 0)");
        _updateInstance = Prepare("UPDATE instances SET status = ?, updated = ? WHERE key = ?");
        _insertHistory = Prepare("INSERT INTO history VALUES (?, ?)");
        _insertQueue = Prepare("INSERT INTO queue VALUES (?, ?)");
        _deleteQueue = Prepare("DELETE FROM queue WHERE instance = ?");
        _writer = new Thread(Write) { IsBackground = true, Name = "Ceiling writer" };
        _writer.Start();
    }

    /// <summary>Runs one workflow: each step is durable before the next begins.</summary>
    public async Task RunAsync()
    {
        var instance = Interlocked.Increment(ref _instances);
        for (var number = 0; number < Steps; number++)
        {
            var step = new Step(instance, number);
            lock (_gate)
            {
                _queue.Add(step);
                _wake.Set();
            }

            await step.Durable.Task;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
            _wake.Set();
        }

        _writer.Join();
        foreach (var statement in new[] { _begin, _commit, _insertInstance, _updateInstance, _insertHistory, _insertQueue, _deleteQueue })
        {
            statement.Dispose();
        }

        _database.Dispose();
        _wake.Dispose();
    }

    private void Write()
    {
        var batch = new List<Step>();
        while (true)
        {
            _wake.Wait();
            lock (_gate)
            {
                (batch, _queue) = (_queue, batch);
                _wake.Reset();
                if (batch.Count == 0 && _closing)
                {
                    return;
                }
            }

            Run(_begin);
            batch.ForEach(Write);
            Run(_commit);
            batch.ForEach(static step => step.Durable.SetResult());
            batch.Clear();
        }
    }

    private void Write(Step step)
    {
        if (step.Number == 0)
        {
            Run(_insertInstance, step.Instance);
        }
        else
        {
            Run(_updateInstance, step.Number, step.Number, step.Instance);
            Run(_deleteQueue, step.Instance);
        }

        for (var row = 0; row < RowsPerStep; row++)
        {
            Check(raw.sqlite3_bind_blob(_insertHistory, 2, _event));
            Run(_insertHistory, (step.Instance << 24) | (uint)((step.Number * RowsPerStep) + row));
        }

        if (step.Number < Steps - 1)
        {
            Run(_insertQueue, step.Instance, step.Number);
        }
    }

    private void Run(sqlite3_stmt statement, params ReadOnlySpan<long> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            Check(raw.sqlite3_bind_int64(statement, i + 1, values[i]));
        }

        Check(raw.sqlite3_step(statement));
        Check(raw.sqlite3_reset(statement));
    }

    private sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_database, sql, out var statement));
        return statement;
    }

    private void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_DONE))
        {
            throw new IOException($"SQLite: {raw.sqlite3_errmsg(_database).utf8_to_string()}");
        }
    }

    private sealed record Step(long Instance, int Number)
    {
        public TaskCompletionSource Durable { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
