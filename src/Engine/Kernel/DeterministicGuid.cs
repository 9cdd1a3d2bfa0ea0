using System.Security.Cryptography;
using System.Text;

namespace Sluice.Engine.Kernel;

/// <summary>Version 5 UUIDs (RFC 9562 §5.5) in the name space that durabletask-dotnet uses for orchestrations.</summary>
internal static class DeterministicGuid
{
    private static readonly Guid NameSpace = new("9e952958-5e33-4daf-827f-2fa12937b875");

    public static Guid Create(string instanceId, DateTime time, int counter)
    {
        var name = Encoding.UTF8.GetBytes($"{instanceId}_{time:o}_{counter}");
        var bytes = new byte[16 + name.Length];
        NameSpace.TryWriteBytes(bytes, bigEndian: true, out _);
        name.CopyTo(bytes, 16);

#pragma warning disable CA5350 // SHA-1 is what version 5 is made of; nothing is protected by it.
        Span<byte> hash = stackalloc byte[20];
        SHA1.HashData(bytes, hash);
#pragma warning restore CA5350

        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
