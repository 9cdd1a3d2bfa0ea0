using System.Net.Sockets;

namespace Sluice.Platforms.Gateway;

/// <summary>Why an exchange was cut from outside.</summary>
internal enum AbortReason
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>The client went away, or stood still.</summary>
    Client,

    /// <summary>The replica stood still.</summary>
    Timeout,

    /// <summary>The drain time-out came.</summary>
    Drain,

    /// <summary>It has no more use.</summary>
    Finished,
}

/// <summary>A connection to a replica. Carries one exchange at a time; between two it waits in its pool.</summary>
internal sealed class UpstreamConnection(Socket socket, UpstreamPool pool, TimeProvider time) : IDisposable
{
    /// <summary>The most that a response head may take, in bytes.</summary>
    public const int MaxHeadLength = 32 * 1024;

    private const int InitialBufferLength = 8 * 1024;

    private readonly Lock _lock = new();
    private byte[] _buffer = new byte[InitialBufferLength];
    private int _start;
    private int _end;
    private bool _inUse;
    private long _progress;
    private long _patience;
    private int _waitsForClient;
    private volatile AbortReason _aborted;

    public UpstreamPool Pool => pool;

    public ResponseHead Head { get; } = new();

    /// <summary>Whether it has carried an exchange before the present one.</summary>
    public bool IsReused { get; private set; }

    /// <summary>Whether the present exchange has got a byte from the replica.</summary>
    public bool HasAnswered { get; private set; }

    public AbortReason Aborted => _aborted;

    public long IdleSince => _progress;

    /// <summary>Whether the replica has neither closed the waiting connection nor said something unasked.</summary>
    public bool LooksAlive
    {
        get
        {
            try
            {
                return !socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>What has been received and not consumed.</summary>
    public ReadOnlyMemory<byte> Buffered => _buffer.AsMemory(_start, _end - _start);

    /// <summary>The exchange waits for its client, who is at fault when it stands still now.</summary>
    public void BeginWaitForClient()
    {
        Progress();
        Interlocked.Increment(ref _waitsForClient);
    }

    /// <summary>The client has moved.</summary>
    public void EndWaitForClient()
    {
        Interlocked.Decrement(ref _waitsForClient);
        Progress();
    }

    /// <summary>Begins an exchange; false when the connection was closed meanwhile.</summary>
    public bool TryBegin(TimeSpan patience)
    {
        lock (_lock)
        {
            if (_aborted != AbortReason.None)
            {
                return false;
            }

            _inUse = true;
            _patience = (long)(patience.TotalSeconds * time.TimestampFrequency);
            _waitsForClient = 0;
            HasAnswered = false;
            Progress();
            return true;
        }
    }

    /// <summary>Ends an exchange; false when it was cut, or left something behind, so that the connection cannot be used again.</summary>
    public bool TryEnd()
    {
        lock (_lock)
        {
            _inUse = false;
            IsReused = true;
            Progress();
            return _aborted == AbortReason.None && _start == _end;
        }
    }

    public void Abort(AbortReason reason)
    {
        lock (_lock)
        {
            if (_aborted == AbortReason.None && _inUse)
            {
                _aborted = reason;
                socket.Dispose();
            }
        }
    }

    public void AbortIfStalled(long now)
    {
        // The lock, so that an exchange that begins meanwhile is not cut for what the one before it did.
        lock (_lock)
        {
            if (now - Volatile.Read(ref _progress) > _patience)
            {
                Abort(Volatile.Read(ref _waitsForClient) > 0 ? AbortReason.Client : AbortReason.Timeout);
            }
        }
    }

    /// <summary>From here on the exchange may be silent for ever.</summary>
    public void WaitForEver() => _patience = long.MaxValue;

    /// <exception cref="SocketException">The connection broke, or was cut.</exception>
    /// <exception cref="ObjectDisposedException">It was cut.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            var sent = await socket.SendAsync(data, SocketFlags.None);
            Progress();
            data = data[sent..];
        }
    }

    /// <summary>Says that nothing more will be sent.</summary>
    public void ShutdownSend() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Receives more behind what is buffered.</summary>
    /// <returns>How many bytes came; 0 when the replica has closed.</returns>
    public async ValueTask<int> ReceiveAsync()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            if (_start > 0)
            {
                Buffered.CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }
            else
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }
        }

        var received = await ReceiveAsync(_buffer.AsMemory(_end));
        _end += received;
        return received;
    }

    /// <summary>Receives past the buffer, which must be empty.</summary>
    public async ValueTask<int> ReceiveAsync(Memory<byte> destination)
    {
        var received = await socket.ReceiveAsync(destination, SocketFlags.None);
        HasAnswered |= received > 0;
        Progress();
        return received;
    }

    /// <summary>Marks buffered bytes as used.</summary>
    public void Consume(int count) => _start += count;

    public void Dispose()
    {
        lock (_lock)
        {
            // Nobody may begin on it any more.
            _aborted = _aborted == AbortReason.None ? AbortReason.Finished : _aborted;
            socket.Dispose();
        }
    }

    private void Progress() => Volatile.Write(ref _progress, time.GetTimestamp());
}
