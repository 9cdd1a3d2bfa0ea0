namespace Sluice.Platforms.Gateway;

/// <summary>Whether a client is still there. When it leaves, the exchange that works for it is cut.</summary>
internal sealed class ClientPresence
{
    private readonly Lock _lock = new();
    private UpstreamConnection? _worksForIt;
    private bool _isGone;

    public ClientPresence(CancellationToken connectionClosed) =>
        connectionClosed.UnsafeRegister(static presence => ((ClientPresence)presence!).Leave(), this);

    public bool IsGone
    {
        get
        {
            lock (_lock)
            {
                return _isGone;
            }
        }
    }

    public void Attach(UpstreamConnection connection)
    {
        lock (_lock)
        {
            _worksForIt = connection;
            if (_isGone)
            {
                connection.Abort(AbortReason.Client);
            }
        }
    }

    /// <summary>From here on the connection may work for somebody else.</summary>
    public void Detach()
    {
        lock (_lock)
        {
            _worksForIt = null;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            _isGone = true;
            _worksForIt?.Abort(AbortReason.Client);
        }
    }
}
