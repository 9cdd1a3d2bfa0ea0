using System.Text;
using System.Text.Json;
using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Tests.Sources;

public sealed class JsonRowsTests
{
    private const string Document = """
        { "skipped": { "data": [ 1, { "data": [ 2 ] } ], "[]": 3 }, "d\u0061ta": [ { "a": [ 4 ] }, "five", [ 6 ], null ],
          "list": { "[]": 7, "*": { "x": 8 }, "y": { "x": 9, "z": { "x": 10 } } }, "data2": [ 11 ] }
        """;

    [Theory]
    [InlineData("data.[]", """data/[]={"a":[4]} data/[]="five" data/[]=[6] data/[]=null""")]
    [InlineData("data.[].a.[]", "data/[]/a/[]=4")]
    [InlineData("list.*.x", "list/*/x=8 list/y/x=9")]
    [InlineData("list.*", """list/[]=7 list/*={"x":8} list/y={"x":9,"z":{"x":10}}""")]
    [InlineData("*.[]", """data/[]={"a":[4]} data/[]="five" data/[]=[6] data/[]=null data2/[]=11""")]
    [InlineData("data2|list.y.x", "list/y/x=9 data2=[11]")]
    [InlineData("nothing.[]|data.[].b", "")]
    [InlineData("[]", "")]
    public async Task Only_values_that_a_pattern_leads_to_are_read_wherever_the_stream_is_cut(string patterns, string expected)
    {
        foreach (var piece in new[] { 1, 7, 10_000 })
        {
            List<string> read = [];
            await foreach (var (path, value) in JsonRows.ReadAsync(new Pieces(Encoding.UTF8.GetBytes(Document), piece), patterns.Split('|'), default))
            {
                read.Add($"{string.Join('/', path)}={JsonSerializer.Serialize(value)}");
            }

            Assert.Equal(expected, string.Join(' ', read));
        }
    }

    [Fact]
    public async Task A_list_at_the_root_is_read_and_one_that_is_torn_is_not_json()
    {
        Assert.Equal(["1", "[2]"], await ReadAsync("[1, [2]]"));
        await Assert.ThrowsAnyAsync<JsonException>(() => ReadAsync("[1, [2]"));

        static async Task<List<string>> ReadAsync(string json)
        {
            List<string> read = [];
            await foreach (var row in JsonRows.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(json)), ["[]"], default))
            {
                read.Add(row.Value.GetRawText());
            }

            return read;
        }
    }

    /// <summary>Gives at most so many bytes at a time.</summary>
    private sealed class Pieces(byte[] all, int most) : MemoryStream(all)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(most, buffer.Length)], cancellationToken);
    }
}
