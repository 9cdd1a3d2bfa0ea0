using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sluice.Platforms.Tests.Gateway;

/// <summary>One end of a TCP connection that says exactly what a test wants said. Everything ends after 30 seconds.</summary>
internal sealed class RawConnection(Socket socket) : IDisposable
{
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30));
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    public static async Task<RawConnection> ToAsync(IPEndPoint endpoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endpoint);
        return new RawConnection(socket);
    }

    public IPEndPoint LocalEndPoint => (IPEndPoint)socket.LocalEndPoint!;

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            data = data[await socket.SendAsync(data, _deadline.Token)..];
        }
    }

    /// <summary>Reads a head; empty when the other end closes before one.</summary>
    public async Task<string> ReadHeadAsync()
    {
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (await FillAsync() == 0)
            {
                return "";
            }
        }

        return Take(length + 4);
    }

    public async Task<string> ReadAsync(int count)
    {
        while (_end - _start < count)
        {
            if (await FillAsync() == 0)
            {
                throw new IOException($"Expected {count} bytes, the connection ended after '{Take(_end - _start)}'.");
            }
        }

        return Take(count);
    }

    /// <summary>Reads a message: its head and its body as its framing says, without the chunks' heads.</summary>
    public async Task<(string Head, string Body)> ReadMessageAsync(bool isHead = false)
    {
        var head = await ReadHeadAsync();
        var status = head.StartsWith("HTTP/", StringComparison.Ordinal) ? int.Parse(head.AsSpan(9, 3)) : 0;
        if (isHead || status is 204 or 304 || head.Length == 0)
        {
            return (head, "");
        }

        if (head.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.OrdinalIgnoreCase))
        {
            return (head, await ReadChunksAsync());
        }

        if (Field(head, "Content-Length") is { } length)
        {
            return (head, await ReadAsync(int.Parse(length)));
        }

        return (head, status == 0 ? "" : await ReadToEndAsync());
    }

    /// <summary>What comes until the other end closes or breaks off.</summary>
    public async Task<string> ReadToEndAsync()
    {
        try
        {
            while (await FillAsync() > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Broken off.
        }

        return Take(_end - _start);
    }

    /// <summary>Whether the other end has closed or broken off, with nothing more to read.</summary>
    public async Task<bool> IsClosedAsync() => (await ReadToEndAsync()).Length == 0;

    /// <summary>Reads and forgets a number of bytes.</summary>
    public async Task SkipAsync(long count)
    {
        while (count > 0)
        {
            if (_start == _end && await FillAsync() == 0)
            {
                throw new IOException($"{count} bytes are missing.");
            }

            var taken = (int)Math.Min(count, _end - _start);
            _start += taken;
            count -= taken;
        }
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public void Dispose()
    {
        socket.Dispose();
        _deadline.Dispose();
    }

    /// <summary>The value of a field of a head; null when it is absent.</summary>
    public static string? Field(string head, string name) =>
        head.Split("\r\n").Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 1)..].Trim()).FirstOrDefault();

    private async Task<string> ReadChunksAsync()
    {
        var body = new StringBuilder();
        while (true)
        {
            var size = int.Parse((await ReadLineAsync()).Split(';')[0], NumberStyles.HexNumber);
            body.Append(await ReadAsync(size));
            var end = await ReadLineAsync();
            if (size == 0)
            {
                Assert.Equal("", end);
                return body.ToString();
            }
        }
    }

    private async Task<string> ReadLineAsync()
    {
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8)) < 0)
        {
            if (await FillAsync() == 0)
            {
                throw new IOException("The connection ended within a line.");
            }
        }

        return Take(length + 2)[..^2];
    }

    private async Task<int> FillAsync()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var received = await socket.ReceiveAsync(_buffer.AsMemory(_end), _deadline.Token);
        _end += received;
        return received;
    }

    private string Take(int count)
    {
        var text = Encoding.Latin1.GetString(_buffer, _start, count);
        _start += count;
        return text;
    }
}
