using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Sluice.Platforms.Gateway;

/// <summary>
/// SipHash-2-4 (Aumasson and Bernstein, 2012) with a random key: 64 bits that tell clients apart and cannot be turned back into who they
/// are. The key lives and dies with the process.
/// </summary>
internal sealed class SipHash
{
    private readonly ulong _key0;
    private readonly ulong _key1;

    public SipHash()
        : this(RandomNumberGenerator.GetBytes(16))
    {
    }

    /// <param name="key">16 bytes.</param>
    public SipHash(ReadOnlySpan<byte> key)
    {
        _key0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _key1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]);
    }

    /// <summary>Hashes text as UTF-16. <paramref name="domain"/> keeps equal texts of different origin apart.</summary>
    public ulong Hash(ReadOnlySpan<char> text, byte domain = 0) => Hash(MemoryMarshal.AsBytes(text), domain);

    /// <summary>Hashes bytes. <paramref name="domain"/> keeps equal bytes of different origin apart.</summary>
    public ulong Hash(ReadOnlySpan<byte> data, byte domain = 0)
    {
        var v0 = _key0 ^ 0x736f6d6570736575UL;
        var v1 = (_key1 + domain) ^ 0x646f72616e646f6dUL;
        var v2 = _key0 ^ 0x6c7967656e657261UL;
        var v3 = (_key1 + domain) ^ 0x7465646279746573UL;
        var last = (ulong)data.Length << 56;

        while (data.Length >= 8)
        {
            Mix(BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        for (var i = 0; i < data.Length; i++)
        {
            last |= (ulong)data[i] << (8 * i);
        }

        Mix(last);
        v2 ^= 0xff;
        Round();
        Round();
        Round();
        Round();
        return v0 ^ v1 ^ v2 ^ v3;

        void Mix(ulong word)
        {
            v3 ^= word;
            Round();
            Round();
            v0 ^= word;
        }

        void Round()
        {
            v0 += v1;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v3;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
