using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sluice.Catalog;

/// <summary>
/// Where a page ended, as text that callers hand back and do not read. It names the last offer seen and no position,
/// so rows that come or go between two pages neither repeat nor skip another.
/// </summary>
public static class OfferCursor
{
    private const string Format = "1:";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Base64url text for the page that follows <paramref name="last"/>.</summary>
    public static string After(OfferId last) => Base64Url.EncodeToString(Strict.GetBytes(Format + last));

    /// <summary>Reads a cursor.</summary>
    /// <returns>False for anything that <see cref="After"/> did not write.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out OfferId last)
    {
        last = default;
        if (string.IsNullOrEmpty(text) || !Base64Url.IsValid(text))
        {
            return false;
        }

        try
        {
            var plain = Strict.GetString(Base64Url.DecodeFromChars(text));
            return plain.StartsWith(Format, StringComparison.Ordinal) && OfferId.TryParse(plain[Format.Length..], out last);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
