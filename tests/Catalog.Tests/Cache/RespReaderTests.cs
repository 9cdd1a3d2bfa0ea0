using System.Text;
using Sluice.Catalog.Cache;

namespace Sluice.Catalog.Tests.Cache;

/// <summary>Replies byte by byte, as the protocol's description has them.</summary>
public sealed class RespReaderTests
{
    [Theory]
    [InlineData("+OK\r\n", "OK", false)]
    [InlineData("+\r\n", "", false)]
    [InlineData("-ERR no\r\n", "ERR no", true)]
    [InlineData(":-42\r\n", "-42", false)]
    [InlineData("$5\r\nhe\r\no\r\n", "he\r\no", false)]
    [InlineData("$0\r\n\r\n", "", false)]
    [InlineData("$2\r\né\r\n", "é", false)]
    [InlineData("$-1\r\n", null, false)]
    [InlineData("*-1\r\n", null, false)]
    [InlineData("_\r\n", null, false)]
    [InlineData("#t\r\n", "t", false)]
    [InlineData(",1.5\r\n", "1.5", false)]
    [InlineData("(3492890328409238509324850943850943825024385\r\n", "3492890328409238509324850943850943825024385", false)]
    [InlineData("!6\r\nERR no\r\n", "ERR no", true)]
    [InlineData("=6\r\ntxt:hi\r\n", "hi", false)]
    [InlineData("*2\r\n$1\r\na\r\n*1\r\n:1\r\n", null, false)]
    [InlineData("%1\r\n+server\r\n+redis\r\n", null, false)]
    [InlineData(">2\r\n+invalidate\r\n*0\r\n+OK\r\n", "OK", false)]
    [InlineData("|1\r\n+ttl\r\n:1\r\n+OK\r\n", "OK", false)]
    public async Task Every_type_of_reply_is_read_and_nothing_after_it(string sent, string? text, bool isError)
    {
        foreach (var piece in new[] { 1, 3, 4096 })
        {
            var reader = new RespReader(new InPieces(Encoding.UTF8.GetBytes(sent + "+next\r\n"), piece));

            Assert.Equal(new RespReply(text, isError), await reader.ReadAsync(default));
            Assert.Equal("next", (await reader.ReadAsync(default)).Text);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("\r\n")]
    [InlineData("+OK\n")]
    [InlineData("$x\r\n")]
    [InlineData("$99999999999\r\n")]
    [InlineData("$2\r\nabc\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n")]
    public async Task What_is_no_reply_is_refused(string sent) => await Assert.ThrowsAsync<InvalidDataException>(() =>
        new RespReader(new InPieces(Encoding.UTF8.GetBytes(sent), 4096)).ReadAsync(default));

    [Theory]
    [InlineData("")]
    [InlineData("+O")]
    [InlineData("$5\r\nhe")]
    [InlineData("*2\r\n:1\r\n")]
    public async Task A_server_that_hangs_up_in_a_reply_is_noticed(string sent) => await Assert.ThrowsAsync<EndOfStreamException>(() =>
        new RespReader(new InPieces(Encoding.UTF8.GetBytes(sent), 4096)).ReadAsync(default));

    [Fact]
    public async Task A_line_without_end_does_not_fill_the_memory() => await Assert.ThrowsAsync<InvalidDataException>(() =>
        new RespReader(new InPieces(new byte[1024 * 1024], 4096)).ReadAsync(default));

    /// <summary>Gives so many bytes at a time, as a network may.</summary>
    private sealed class InPieces(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }
}
