using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Platforms.Gateway;

/// <summary>How the sending of a request's body ended.</summary>
internal enum BodyEnd
{
    /// <summary>All of it was sent.</summary>
    Complete,

    /// <summary>It was stopped, or never begun.</summary>
    Stopped,

    /// <summary>The client broke off, or did not keep to HTTP.</summary>
    ClientFailed,

    /// <summary>The replica did not take it.</summary>
    ReplicaFailed,
}

/// <summary>Streams a request's body to a replica while its answer is awaited. Never more than one read of it is in memory.</summary>
internal sealed class RequestBody(IFeatureCollection features, UpstreamConnection connection, DataPlaneOptions options)
{
    private readonly PipeReader _reader = features.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;
    private readonly bool _isChunked = features.GetRequiredFeature<IHttpRequestFeature>().Headers.ContentLength is null;
    private TaskCompletionSource<bool>? _mayBegin;
    private Task<BodyEnd>? _sending;
    private volatile bool _stopping;

    public bool HasEnded => _sending is { IsCompleted: true };

    /// <param name="expectsContinue">Whether the client wants the replica to agree before it sends the body.</param>
    public void Start(bool expectsContinue)
    {
        _mayBegin = expectsContinue ? new(TaskCreationOptions.RunContinuationsAsynchronously) : null;
        _sending = SendAsync();
    }

    /// <summary>The replica has said that it wants the body.</summary>
    public void Continue() => _mayBegin?.TrySetResult(true);

    /// <summary>Sends no more. A send that hangs ends only when the connection is cut.</summary>
    public async ValueTask<BodyEnd> StopAsync()
    {
        if (_sending is null)
        {
            return BodyEnd.Stopped;
        }

        if (!_sending.IsCompleted)
        {
            _stopping = true;
            _mayBegin?.TrySetResult(false);
            _reader.CancelPendingRead();
        }

        return await _sending;
    }

    private async Task<BodyEnd> SendAsync()
    {
        if (!await MayBeginAsync())
        {
            return BodyEnd.Stopped;
        }

        while (true)
        {
            ReadResult read;
            try
            {
                read = await ReadAsync();
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
            {
                // Nothing will come that the replica could still answer to.
                connection.Abort(AbortReason.Client);
                return BodyEnd.ClientFailed;
            }

            if (read.IsCanceled || _stopping)
            {
                _reader.AdvanceTo(read.Buffer.Start);
                return BodyEnd.Stopped;
            }

            try
            {
                if (!read.Buffer.IsEmpty)
                {
                    await SendAsync(read);
                }

                _reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    if (_isChunked)
                    {
                        await connection.SendAsync("0\r\n\r\n"u8.ToArray());
                    }

                    return BodyEnd.Complete;
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Perhaps the replica has answered and closed: who reads the answer will see.
                return BodyEnd.ReplicaFailed;
            }
        }
    }

    private async ValueTask<bool> MayBeginAsync()
    {
        if (_mayBegin is null)
        {
            return true;
        }

        try
        {
            return await _mayBegin.Task.WaitAsync(options.ContinueTimeout, options.TimeProvider);
        }
        catch (TimeoutException)
        {
            // The replica may not know the expectation (RFC 9110 §10.1.1).
            return true;
        }
    }

    private async ValueTask<ReadResult> ReadAsync()
    {
        var reading = _reader.ReadAsync();
        if (reading.IsCompletedSuccessfully)
        {
            return reading.Result;
        }

        connection.BeginWaitForClient();
        try
        {
            return await reading;
        }
        finally
        {
            connection.EndWaitForClient();
        }
    }

    private async ValueTask SendAsync(ReadResult read)
    {
        if (_isChunked)
        {
            await connection.SendAsync(Encoding.ASCII.GetBytes($"{read.Buffer.Length:x}\r\n"));
        }

        foreach (var segment in read.Buffer)
        {
            await connection.SendAsync(segment);
        }

        if (_isChunked)
        {
            await connection.SendAsync("\r\n"u8.ToArray());
        }
    }
}
