using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Domain.Plans;

namespace Sluice.Registry;

/// <summary>
/// The canonical bytes of a bundle: UTF-8 JSON <c>{"plan":"…","files":{"path":"text",…}}</c> without white space, files ordered by
/// path (ordinal), only the characters escaped that JSON requires. The same bundle has the same bytes wherever it is made.
/// </summary>
public static class BundleBytes
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The bytes of a bundle.</summary>
    public static byte[] Write(Bundle bundle)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("plan", bundle.Plan);
            json.WriteStartObject("files");
            foreach (var (path, text) in bundle.Files.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                json.WriteString(path, text);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>The bundle of these bytes.</summary>
    /// <exception cref="JsonException">They are no bundle.</exception>
    public static Bundle Read(ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        var root = document.RootElement;
        return new Bundle(
            root.GetProperty("plan").GetString()!,
            root.GetProperty("files").EnumerateObject().ToDictionary(f => f.Name, f => f.Value.GetString()!));
    }

    /// <summary>SHA-256 of the bytes, lower-case hex: the bundle's name.</summary>
    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
