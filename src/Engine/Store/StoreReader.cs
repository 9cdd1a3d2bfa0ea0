using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.History;

namespace Sluice.Engine.Store;

/// <summary>Queries, on connections of their own: they see what is committed and never hold up the writer.</summary>
internal sealed class StoreReader(string path, Action<StoreCall>? called = null) : IDisposable
{
    private readonly ConcurrentBag<Connection> _idle = [];
    private volatile bool _disposed;

    public InstanceRow? Find(string id) => Use(c =>
    {
        var rows = c.ById.Read(InstanceRow.Read, id);
        return rows.Count == 0 ? null : rows[0];
    });

    public InstanceRow? Load(long key) => Use(c =>
    {
        var rows = c.ByKey.Read(InstanceRow.Read, key);
        return rows.Count == 0 ? null : rows[0];
    });

    /// <summary>The turns of an instance as stored, oldest first; see <see cref="HistoryJson.ReadList"/>.</summary>
    public List<string> History(long key) => Use(c =>
        c.History.Read(r => r.GetString(0), Tables.Position(key, 0), Tables.Position(key + 1, 0) - 1));

    /// <summary>Messages nobody has taken, in order, as stored; see <see cref="HistoryJson.Read"/>.</summary>
    public List<(long Instance, long Number, string Stored)> Inbox() => Use(c => c.Read(
        "SELECT instance, number, event FROM inbox ORDER BY number", r => (r.GetInt64(0), r.GetInt64(1), r.GetString(2))));

    /// <summary>Those of one instance.</summary>
    public List<string> Inbox(long key) => Use(c => c.Read(
        "SELECT event FROM inbox WHERE instance = ?1 ORDER BY number", r => r.GetString(0), key));

    /// <summary>Timers of an instance that have not fired: the number of the decision, and when it is due.</summary>
    public Dictionary<int, DateTimeOffset> Timers(long key) => Use(c => c.Read(
        "SELECT task, due FROM timers WHERE instance = ?1",
        r => (Task: r.GetInt32(0), Due: DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(1))),
        key)).ToDictionary(t => t.Task, t => t.Due);

    /// <summary>Activities without a result.</summary>
    public List<ActivityItem> Activities() => Use(c => c.Read(
        "SELECT a.instance, i.id, i.execution, a.task, a.name, a.input, i.trace, i.version FROM activities a JOIN instances i ON i.key = a.instance ORDER BY a.instance, a.task",
        r => new ActivityItem(r.GetInt64(0), r.GetString(1), r.GetInt32(2), r.GetInt32(3), r.GetString(4), r.Text(5)) { Trace = r.Text(6), Version = r.GetString(7) }));

    /// <summary>Timers that have not fired.</summary>
    public List<TimerItem> Timers() => Use(c => c.Read(
        "SELECT t.instance, i.execution, t.task, t.due FROM timers t JOIN instances i ON i.key = t.instance",
        r => new TimerItem(r.GetInt64(0), r.GetInt32(1), r.GetInt32(2), r.GetInt64(3))));

    /// <summary>One page of instances, oldest first.</summary>
    public InstancePage Query(EngineQuery query) => Use(c =>
    {
        var after = query.ContinuationToken is null ? (Place?)null : ReadToken(query.ContinuationToken);
        var found = new InstanceSearch(c.Places).Find(query, after, query.PageSize + 1);
        var more = found.Count > query.PageSize;
        var load = query.FetchInputsAndOutputs ? c.ByKey : c.Bare;
        var page = found.Take(query.PageSize).SelectMany(place => load.Read(InstanceRow.Read, place.Key)).ToList();
        return new InstancePage(
            [.. page.Select(r => r.ToMetadata(query.FetchInputsAndOutputs))], more ? WriteToken(found[query.PageSize - 1]) : null);
    });

    /// <summary>Instances of some states after a key, by key.</summary>
    public List<InstanceRow> Scan(IEnumerable<RuntimeStatus> statuses, long after, int count) => Use(c => c.Read(
        $"SELECT {InstanceRow.BareColumns} FROM instances WHERE key > ?1 AND status IN ({string.Join(',', statuses.Select(s => (int)s))}) ORDER BY key LIMIT ?2",
        InstanceRow.Read,
        after,
        count));

    /// <summary>Ended instances that match, oldest first.</summary>
    public List<Place> Ended(PurgeFilter filter, Place? after, int count) => Use(c => new InstanceSearch(c.Places).Find(
        new EngineQuery
        {
            CreatedFrom = filter.CreatedFrom,
            CreatedTo = filter.CreatedTo,
            Statuses = [.. (filter.Statuses ?? Enum.GetValues<RuntimeStatus>()).Where(InstanceRow.IsTerminal)],
        },
        after,
        count));

    /// <summary>Instances that ended in a status and were created up to a moment, oldest first, with the time of their end.</summary>
    public List<(Place Place, long Ended)> EndedBefore(RuntimeStatus status, long created, Place? after, int count) => Use(c => c.Read(
        """
        SELECT created, key, updated FROM instances INDEXED BY instances_ended
        WHERE ended = ?1 AND created <= ?2 AND (created, key) > (?3, ?4) ORDER BY created, key LIMIT ?5
        """,
        r => (new Place(r.GetInt64(0), r.GetInt64(1)), r.GetInt64(2)),
        (int)status,
        created,
        after?.Created ?? long.MinValue,
        after?.Key ?? 0,
        count));

    /// <summary>The first instance that ended in a status and was created after a moment.</summary>
    public Place? FirstEnded(RuntimeStatus status, long created) => Use(c => c.Read(
        "SELECT created, key FROM instances INDEXED BY instances_ended WHERE ended = ?1 AND created > ?2 ORDER BY created, key LIMIT 1",
        r => (Place?)new Place(r.GetInt64(0), r.GetInt64(1)),
        (int)status,
        created).FirstOrDefault());

    /// <summary>How many instances have ended.</summary>
    public int CountEnded() => Use(c => c.Read("SELECT count(*) FROM instances INDEXED BY instances_ended WHERE ended > 0", r => r.GetInt32(0))[0]);

    /// <summary>Copies the file as it is now to a new one, while the writer goes on.</summary>
    public void CopyTo(string target) => Use(c =>
    {
        c.CopyTo(target);
        return true;
    });

    /// <summary>The first whole millisecond not before a moment.</summary>
    public static long? Ceiling(DateTimeOffset? time) =>
        time is { } t ? (t.UtcTicks - DateTime.UnixEpoch.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond : null;

    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }

    private static string WriteToken(Place place) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"after:{place.Created}:{place.Key}")));

    private static Place ReadToken(string token)
    {
        var bytes = new byte[64];
        return Convert.TryFromBase64String(token, bytes, out var count)
            && Encoding.ASCII.GetString(bytes, 0, count).Split(':') is ["after", var created, var key]
            && long.TryParse(created, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var moment)
            && long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new Place(moment, number)
            : throw new ArgumentException("The continuation token is not one of this engine's. Take it unchanged from the page before.", nameof(token));
    }

    private T Use<T>(Func<Connection, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            var connection = _idle.TryTake(out var idle) ? idle : new Connection(path);
            try
            {
                called?.Invoke(StoreCall.Read);
                var result = read(connection);
                called?.Invoke(StoreCall.HasRead);
                return result;
            }
            finally
            {
                _idle.Add(connection);
                if (_disposed)
                {
                    Dispose();
                }
            }
        }
        catch (SqliteException e)
        {
            throw Schema.Translate(e, path);
        }
        catch (JsonException e)
        {
            throw new EngineStoreException("StoreCorrupt", $"'{path}' holds an event that cannot be read ({e.Message}). Restore a backup.", e);
        }
    }

    private sealed class Connection : IDisposable
    {
        private readonly SqliteConnection _connection;

        public Connection(string path)
        {
            _connection = Schema.OpenReader(path);
            ById = new Statement(_connection, $"SELECT {InstanceRow.Columns} FROM instances WHERE id = ?1");
            ByKey = new Statement(_connection, $"SELECT {InstanceRow.Columns} FROM instances WHERE key = ?1");
            Bare = new Statement(_connection, $"SELECT {InstanceRow.BareColumns} FROM instances WHERE key = ?1");
            History = new Statement(_connection, "SELECT events FROM history WHERE position BETWEEN ?1 AND ?2 ORDER BY position");
        }

        public Statement ById { get; }

        public Statement ByKey { get; }

        /// <summary>By key, without input, output and custom status.</summary>
        public Statement Bare { get; }

        public Statement History { get; }

        public List<Place> Places(string sql, ReadOnlySpan<Value> values) => Read(sql, r => new Place(r.GetInt64(0), r.GetInt64(1)), values);

        public List<T> Read<T>(string sql, Func<Row, T> read, params ReadOnlySpan<Value> values)
        {
            using var statement = new Statement(_connection, sql);
            return statement.Read(read, values);
        }

        public void CopyTo(string target) => StoreCopy.Copy(_connection, target);

        public void Dispose()
        {
            ById.Dispose();
            ByKey.Dispose();
            Bare.Dispose();
            History.Dispose();
            _connection.Dispose();
        }
    }
}
