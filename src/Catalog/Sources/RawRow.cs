using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Catalog.Sources;

/// <summary>A row as its source sent it, and what tells whether it changed.</summary>
/// <param name="Json">The JSON without insignificant white space.</param>
/// <param name="Hash">SHA-256 in hex over how we read rows and what we read.</param>
public readonly record struct RawRow(string Json, string Hash)
{
    // Part of each hash: raise it whenever rows are read differently, and every row is written anew once.
    private static ReadOnlySpan<byte> Reading => "1:"u8;

    private static readonly JsonWriterOptions Minified = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // One for each thread: a list has thousands of rows, and each is written here once.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    /// <summary>Keeps a row.</summary>
    public static RawRow Of(JsonElement row)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(4 * 1024);
        buffer.ResetWrittenCount();
        buffer.Write(Reading);
        using (var writer = new Utf8JsonWriter(buffer, Minified))
        {
            row.WriteTo(writer);
        }

        return new RawRow(Encoding.UTF8.GetString(buffer.WrittenSpan[Reading.Length..]), Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan)));
    }
}
