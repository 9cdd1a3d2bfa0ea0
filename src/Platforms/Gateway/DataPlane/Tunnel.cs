using System.Net.Sockets;

namespace Sluice.Platforms.Gateway;

/// <summary>Carries bytes both ways after a change of protocol, until one side ends or the connection is cut.</summary>
internal sealed class Tunnel(Stream client, UpstreamConnection replica, ClientPresence presence)
{
    private const int BufferLength = 8 * 1024;

    public async Task RunAsync()
    {
        using var ended = new CancellationTokenSource();
        var up = ToReplicaAsync(ended.Token);
        var down = ToClientAsync();
        await Task.WhenAny(up, down);

        presence.Detach();
        replica.Abort(AbortReason.Finished);
        await ended.CancelAsync();
        await Task.WhenAll(up, down);
        replica.Pool.Close(replica);
        await client.DisposeAsync();
    }

    private async Task ToReplicaAsync(CancellationToken ended)
    {
        var buffer = new byte[BufferLength];
        try
        {
            int read;
            while ((read = await client.ReadAsync(buffer, ended)) > 0)
            {
                await replica.SendAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Either side is gone; which one does not matter any more.
        }
    }

    private async Task ToClientAsync()
    {
        try
        {
            do
            {
                await client.WriteAsync(replica.Buffered);
                replica.Consume(replica.Buffered.Length);
            }
            while (await replica.ReceiveAsync() > 0);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Either side is gone; which one does not matter any more.
        }
    }
}
