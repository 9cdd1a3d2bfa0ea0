using System.Globalization;
using System.Text;

namespace Sluice.Catalog.Identity;

/// <summary>
/// Unicode's compatibility form (NFKC) of the characters that ids and names are written with. The runtime's own does nothing when
/// globalisation is invariant, as it is here; accents that stand apart from their letters are left alone.
/// </summary>
internal static class UnicodeForms
{
    // UAX #15, the decompositions of class font, wide, super, sub and compat that are one or two ASCII characters.
    private static readonly Dictionary<char, string> Folded = new()
    {
        ['\u00B9'] = "1",
        ['\u00B2'] = "2",
        ['\u00B3'] = "3",
        ['\u2070'] = "0",
        ['\u2024'] = ".",
        ['\u2025'] = "..",
        ['\u2026'] = "...",
        ['\u2011'] = "\u2010",
        ['\uFB00'] = "ff",
        ['\uFB01'] = "fi",
        ['\uFB02'] = "fl",
        ['\uFB03'] = "ffi",
        ['\uFB04'] = "ffl",
    };

    /// <summary>ASCII comes back as it is.</summary>
    public static string Compatible(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var folded = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            _ = character switch
            {
                >= '\uFF01' and <= '\uFF5E' => folded.Append((char)(character - 0xFEE0)),
                >= '\u2074' and <= '\u2079' => folded.Append((char)(character - '\u2074' + '4')),
                >= '\u2080' and <= '\u2089' => folded.Append((char)(character - '\u2080' + '0')),
                _ when Folded.TryGetValue(character, out var plain) => folded.Append(plain),
                _ when CharUnicodeInfo.GetUnicodeCategory(character) == UnicodeCategory.SpaceSeparator => folded.Append(' '),
                _ => folded.Append(character),
            };
        }

        return folded.ToString();
    }
}
