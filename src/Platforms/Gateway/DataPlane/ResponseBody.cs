using System.IO.Pipelines;

namespace Sluice.Platforms.Gateway;

/// <summary>
/// Streams an answer's body to the client, at the client's pace: what cannot be written is not received. A body that came
/// in one piece is left for Kestrel to flush together with the head.
/// </summary>
internal sealed class ResponseBody(PipeWriter writer, UpstreamConnection connection)
{
    private const int MinReceive = 4096;

    private bool _hasFlushed;

    /// <exception cref="IOException">The replica closed before the body's end.</exception>
    /// <exception cref="MalformedResponseException">The body's coding is broken.</exception>
    public async ValueTask CopyAsync(BodyFraming framing)
    {
        switch (framing)
        {
            case BodyFraming.Length:
                await CopyLengthAsync(connection.Head.ContentLength!.Value);
                break;
            case BodyFraming.Chunked:
                await CopyChunkedAsync();
                break;
            case BodyFraming.UntilClose:
                await CopyUntilCloseAsync();
                break;
            case BodyFraming.None:
            default:
                return;
        }

        if (_hasFlushed)
        {
            // Kestrel flushes at the end only what has not begun.
            await FlushAsync();
        }
    }

    /// <summary>Writes without flushing. (BufferWriter's own extension asks for 0 bytes, and Kestrel then gives none.)</summary>
    public static void Write(PipeWriter writer, ReadOnlySpan<byte> data)
    {
        data.CopyTo(writer.GetSpan(data.Length));
        writer.Advance(data.Length);
    }

    private async ValueTask CopyLengthAsync(long remaining)
    {
        while (true)
        {
            var buffered = connection.Buffered;
            if (!buffered.IsEmpty)
            {
                var length = (int)Math.Min(buffered.Length, remaining);
                Write(writer, buffered.Span[..length]);
                connection.Consume(length);
                remaining -= length;
            }

            if (remaining == 0)
            {
                return;
            }

            await FlushAsync();
            var received = await ReceiveIntoWriterAsync(remaining);
            remaining -= received > 0 ? received : throw Truncated();
        }
    }

    private async ValueTask CopyChunkedAsync()
    {
        var decoder = new ChunkDecoder();
        while (true)
        {
            while (!connection.Buffered.IsEmpty)
            {
                var consumed = decoder.Read(connection.Buffered.Span, out var data);
                if (consumed == 0)
                {
                    break;
                }

                Write(writer, connection.Buffered.Span[data]);
                connection.Consume(consumed);
                if (decoder.IsComplete)
                {
                    return;
                }
            }

            await FlushAsync();
            if (await connection.ReceiveAsync() == 0)
            {
                throw Truncated();
            }
        }
    }

    private async ValueTask CopyUntilCloseAsync()
    {
        Write(writer, connection.Buffered.Span);
        connection.Consume(connection.Buffered.Length);
        do
        {
            await FlushAsync();
        }
        while (await ReceiveIntoWriterAsync(long.MaxValue) > 0);
    }

    private async ValueTask<int> ReceiveIntoWriterAsync(long most)
    {
        var memory = writer.GetMemory(MinReceive);
        var received = await connection.ReceiveAsync(memory[..(int)Math.Min(memory.Length, most)]);
        writer.Advance(received);
        return received;
    }

    private async ValueTask FlushAsync()
    {
        _hasFlushed = true;
        var flushing = writer.FlushAsync();
        if (flushing.IsCompletedSuccessfully)
        {
            return;
        }

        connection.BeginWaitForClient();
        await flushing;
        connection.EndWaitForClient();
    }

    private static IOException Truncated() => new("The replica closed the connection in the middle of its answer.");
}
