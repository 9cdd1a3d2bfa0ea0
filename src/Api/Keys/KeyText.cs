using System.Security.Cryptography;
using System.Text;

namespace Sluice.Api.Keys;

/// <summary>Texts of keys: 256 random bits, so that a plain SHA-256 of one is safe to keep.</summary>
public static class KeyText
{
    /// <summary>A new key: <c>slc_</c> and 43 characters.</summary>
    public static string Create() =>
        "slc_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>SHA-256 of a key's text, lower-case hex.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>The key of the Durable management routes. It opens those and nothing else, and no other key opens them.</summary>
/// <param name="text">The key, for the management URIs; a secret.</param>
public sealed class SystemKey(string text)
{
    private readonly byte[] _hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>The key itself, for the <c>code=</c> of management URIs.</summary>
    public string Text => text;

    /// <summary>Compares without telling by its time how much was right.</summary>
    public bool Matches(string given) =>
        text.Length > 0 && CryptographicOperations.FixedTimeEquals(_hash, SHA256.HashData(Encoding.UTF8.GetBytes(given)));
}
