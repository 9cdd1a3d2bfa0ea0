using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;

namespace Sluice.Testing;

/// <summary>An HTTP receiver on loopback that keeps what it is sent and answers 200: a telemetry back end to its sender.</summary>
public sealed class Receiver : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Path, string Body)> _received = [];

    private Receiver(int port)
    {
        Url = $"http://127.0.0.1:{port}";
        _listener.Prefixes.Add(Url + "/");
    }

    /// <summary>Its address, without a slash at the end.</summary>
    public string Url { get; }

    /// <summary>Everything received, in order; bodies byte for byte as Latin 1, uncompressed.</summary>
    public IReadOnlyCollection<(string Path, string Body)> Received => _received;

    public static Receiver Start()
    {
        var receiver = new Receiver(FreePort.Next());
        receiver._listener.Start();
        _ = receiver.ServeAsync();
        return receiver;
    }

    /// <summary>All bodies sent to a path.</summary>
    public string To(string path) => string.Concat(_received.Where(r => r.Path == path).Select(r => r.Body));

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                _received.Enqueue((context.Request.Url!.AbsolutePath, Text(body, context.Request.Headers["Content-Encoding"])));
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // Closed, or a sender that went away.
            }
        }
    }

    private static string Text(MemoryStream body, string? encoding)
    {
        body.Position = 0;
        if (encoding != "gzip")
        {
            return Encoding.Latin1.GetString(body.ToArray());
        }

        using var unpacked = new MemoryStream();
        using var gzip = new GZipStream(body, CompressionMode.Decompress);
        gzip.CopyTo(unpacked);
        return Encoding.Latin1.GetString(unpacked.ToArray());
    }
}
