using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Sluice.Catalog;

/// <summary>
/// Where a page ended, as text that callers hand back and do not read. It names the last offer seen and no position,
/// so rows that come or go between two pages neither repeat nor skip another.
/// </summary>
public static class OfferCursor
{
    private const string Format = "1:";

    /// <summary>Base64url text for the page that follows <paramref name="last"/>.</summary>
    public static string After(OfferId last) => CursorText.Write(Format + last);

    /// <summary>Reads a cursor.</summary>
    /// <returns>False for anything that <see cref="After"/> did not write.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out OfferId last)
    {
        last = default;
        return CursorText.TryRead(text, Format, out var id) && OfferId.TryParse(id, out last);
    }
}

/// <summary>The same for the price changes of one offer: it names the last change seen.</summary>
public static class PriceChangeCursor
{
    private const string Format = "p1:";

    /// <summary>Base64url text for the page that follows <paramref name="last"/>.</summary>
    public static string After(PriceChangePosition last) => CursorText.Write($"{Format}{last.At.ToUnixTimeMilliseconds()}:{last.SyncId}");

    /// <summary>Reads a cursor.</summary>
    /// <returns>False for anything that <see cref="After"/> did not write.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out PriceChangePosition last)
    {
        last = default;
        if (!CursorText.TryRead(text, Format, out var plain)
            || plain.Split(':', 2) is not [var at, { Length: > 0 } run]
            || !long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return false;
        }

        last = new PriceChangePosition(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), run);
        return true;
    }
}

/// <summary>Text that goes to a caller and comes back.</summary>
internal static class CursorText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Write(string plain) => Base64Url.EncodeToString(Strict.GetBytes(plain));

    /// <summary>What follows the format's mark; false for another format, no UTF-8 or no base64url.</summary>
    public static bool TryRead([NotNullWhen(true)] string? text, string format, [NotNullWhen(true)] out string? plain)
    {
        plain = null;
        if (string.IsNullOrEmpty(text) || !Base64Url.IsValid(text))
        {
            return false;
        }

        try
        {
            var whole = Strict.GetString(Base64Url.DecodeFromChars(text));
            plain = whole.StartsWith(format, StringComparison.Ordinal) ? whole[format.Length..] : null;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        return plain is not null;
    }
}
