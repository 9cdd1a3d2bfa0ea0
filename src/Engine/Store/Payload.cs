using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Sluice.Engine.Store;

/// <summary>
/// Large texts are stored compressed: a BLOB of a format byte, the length of the text in UTF-8 (4 bytes, little-endian) and its Brotli form.
/// Small texts, and those that do not shrink, stay TEXT; a column may hold both.
/// </summary>
internal static class Payload
{
    /// <summary>Texts of fewer bytes in UTF-8 are stored as they are.</summary>
    public const int Threshold = 4096;

    private const byte Brotli = 1;
    private const int Header = 5;

    /// <summary>A text as it is stored.</summary>
    public static Value Pack(string? text)
    {
        // A character has at most three bytes.
        if (text is null || text.Length < Threshold / 3)
        {
            return text;
        }

        var utf8 = Encoding.UTF8.GetBytes(text);
        return Compress(utf8) is { } packed ? Value.Blob(packed) : utf8;
    }

    /// <summary>A text in UTF-8 as it is stored.</summary>
    public static Value Pack(byte[] utf8) => Compress(utf8) is { } packed ? Value.Blob(packed) : utf8;

    /// <summary>The text of a BLOB, in UTF-8.</summary>
    /// <exception cref="EngineStoreException">It is not one of <see cref="Pack(string)"/>.</exception>
    public static byte[] Unpack(ReadOnlySpan<byte> packed)
    {
        if (packed.Length > Header && packed[0] == Brotli
            && BinaryPrimitives.ReadInt32LittleEndian(packed[1..]) is var length and >= Threshold)
        {
            var utf8 = new byte[length];
            if (BrotliDecoder.TryDecompress(packed[Header..], utf8, out var written) && written == length)
            {
                return utf8;
            }
        }

        throw new EngineStoreException("StoreCorrupt", "A payload in the engine's file cannot be decompressed. Restore a backup.");
    }

    private static ReadOnlyMemory<byte>? Compress(byte[] utf8)
    {
        if (utf8.Length < Threshold)
        {
            return null;
        }

        // The cheapest quality: what it saves of writing pays for it. What does not get a quarter smaller, such as
        // what was compressed before it became text, is not worth unpacking.
        var packed = new byte[Header + (utf8.Length / 4 * 3)];
        if (!BrotliEncoder.TryCompress(utf8, packed.AsSpan(Header), out var written, quality: 0, window: 18))
        {
            return null;
        }

        packed[0] = Brotli;
        BinaryPrimitives.WriteInt32LittleEndian(packed.AsSpan(1), utf8.Length);
        return packed.AsMemory(0, Header + written);
    }
}
