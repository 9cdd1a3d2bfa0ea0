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
    private const string Reading = "1:";

    private static readonly JsonWriterOptions Minified = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Keeps a row.</summary>
    public static RawRow Of(JsonElement row)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        buffer.Write(Encoding.ASCII.GetBytes(Reading));
        using (var writer = new Utf8JsonWriter(buffer, Minified))
        {
            row.WriteTo(writer);
        }

        return new RawRow(Encoding.UTF8.GetString(buffer.WrittenSpan[Reading.Length..]), Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan)));
    }
}
