using System.Buffers;

namespace Sluice.Platforms.Gateway;

/// <summary>Characters of HTTP messages (RFC 9110 §5.6.2).</summary>
internal static class HttpText
{
    private const string TokenCharacters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<char> Token = SearchValues.Create(TokenCharacters);

    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create([.. TokenCharacters.Select(c => (byte)c)]);

    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && text.IndexOfAnyExcept(Token) < 0;

    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && text.IndexOfAnyExcept(TokenBytes) < 0;
}
