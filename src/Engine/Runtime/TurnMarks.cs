using System.IO.MemoryMappedFiles;

namespace Sluice.Engine.Runtime;

/// <summary>
/// Says, after a process has died, whose turns it was making. A turn that ends its process (a stack overflow, memory without end) would
/// do so again at every start; one that was there too often in a row is given up instead.
/// </summary>
/// <remarks>
/// A small file beside the database, mapped into memory: a turn writes its key when it begins and clears it when it ends, which costs no
/// system call. It need not survive a power failure, which is nobody's turn's fault. An orderly stop leaves no marks. Whoever was in a
/// turn at a death is a suspect until its next turn has ended; suspects take turns one at a time, so that the guilty one is soon alone.
/// </remarks>
internal sealed class TurnMarks : IDisposable
{
    /// <summary>Deaths in a row after which an instance is given up.</summary>
    public const int Deaths = 5;

    // Keys of the turns under way, then pairs of key and deaths so far.
    private const int Places = 256;
    private const int Bytes = (Places + Places + Places) * sizeof(long);

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int[] _taken = new int[Places];
    private readonly Lock _gate = new();

    // Where the deaths of each are counted.
    private readonly Dictionary<long, int> _suspects = [];
    private int _suspected;
    private bool _closed;

    /// <param name="path">Of the database.</param>
    /// <exception cref="EngineStoreException">The file cannot be made or is in use.</exception>
    public TurnMarks(string path)
    {
        try
        {
            var stream = new FileStream(path + "-turns", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            if (stream.Length < Bytes)
            {
                // Written, not only made longer: a mapped page that the disk has no room for would end the process.
                stream.Write(new byte[Bytes]);
                stream.Flush(flushToDisk: true);
            }

            _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
            _view = _file.CreateViewAccessor(0, Bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineStoreException(
                "StoreUnwritable", $"'{path}-turns' cannot be used ({e.Message}). See to room and rights in its folder.", e);
        }

        Condemned = Count();
    }

    /// <summary>Instances that were in a turn at each of the last deaths.</summary>
    public IReadOnlyCollection<long> Condemned { get; }

    /// <summary>Whether an instance was in a turn at the last death, and has made none since.</summary>
    public bool IsSuspect(long instance)
    {
        if (Volatile.Read(ref _suspected) == 0)
        {
            return false;
        }

        lock (_gate)
        {
            return _suspects.ContainsKey(instance);
        }
    }

    /// <summary>A suspect's turn has ended and the process lives.</summary>
    public void Clear(long instance)
    {
        lock (_gate)
        {
            if (_suspects.Remove(instance, out var place) && !_closed)
            {
                WriteCount(place, default);
            }

            Volatile.Write(ref _suspected, _suspects.Count);
        }
    }

    /// <summary>Marks a turn as begun.</summary>
    /// <returns>What <see cref="End"/> takes; -1 when all places are taken, and the turn goes unmarked.</returns>
    public int Begin(long instance)
    {
        var first = Environment.CurrentManagedThreadId;
        for (var i = 0; i < Places; i++)
        {
            var place = (first + i) % Places;
            if (Volatile.Read(ref _taken[place]) == 0 && Interlocked.CompareExchange(ref _taken[place], 1, 0) == 0)
            {
                Write(place, instance);
                return place;
            }
        }

        return -1;
    }

    /// <summary>Clears a mark.</summary>
    public void End(int place)
    {
        if (place >= 0)
        {
            Write(place, 0);
            Volatile.Write(ref _taken[place], 0);
        }
    }

    /// <summary>Leaves the marks as they are, as a death would.</summary>
    public void Abandon() => Close();

    /// <summary>Leaves no marks: the process ends in order.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                for (var i = 0; i < Places * 3; i++)
                {
                    _view.Write(i * sizeof(long), 0L);
                }
            }
        }

        Close();
    }

    private void Close()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _closed = true;
                _view.Dispose();
                _file.Dispose();
            }
        }
    }

    private void Write(int place, long instance)
    {
        // Beside a stop or a simulated crash a turn may still run; it must not write into what is no longer its file.
        lock (_gate)
        {
            if (!_closed)
            {
                _view.Write(place * sizeof(long), instance);
            }
        }
    }

    private List<long> Count()
    {
        var before = new Dictionary<long, long>();
        for (var i = 0; i < Places; i++)
        {
            var place = (Places + (2 * i)) * sizeof(long);
            if (_view.ReadInt64(place) is var key and > 0)
            {
                before[key] = _view.ReadInt64(place + sizeof(long));
            }
        }

        var deaths = new Dictionary<long, long>();
        for (var i = 0; i < Places; i++)
        {
            if (_view.ReadInt64(i * sizeof(long)) is var key and > 0)
            {
                deaths[key] = before.GetValueOrDefault(key) + 1;
                _view.Write(i * sizeof(long), 0L);
            }
        }

        // One that is given up starts anew: a rewind has as many tries again.
        var condemned = deaths.Where(d => d.Value >= Deaths).Select(d => d.Key).ToList();
        var kept = deaths.Where(d => d.Value < Deaths).ToList();
        for (var i = 0; i < Places; i++)
        {
            WriteCount(i, i < kept.Count ? kept[i] : default);
            if (i < kept.Count)
            {
                _suspects.Add(kept[i].Key, i);
            }
        }

        _suspected = _suspects.Count;
        return condemned;
    }

    private void WriteCount(int place, KeyValuePair<long, long> deaths)
    {
        _view.Write((Places + (2 * place)) * sizeof(long), deaths.Key);
        _view.Write((Places + (2 * place) + 1) * sizeof(long), deaths.Value);
    }
}
