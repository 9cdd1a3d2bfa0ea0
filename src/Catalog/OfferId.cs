using System.Diagnostics.CodeAnalysis;

namespace Sluice.Catalog;

/// <summary>Identity of an offer, written <c>provider/the provider's own id</c>.</summary>
/// <param name="Provider">Without a slash, not empty.</param>
/// <param name="ModelId">Exact case, not empty; slashes, colons, <c>@</c> and <c>~</c> occur.</param>
public readonly record struct OfferId(string Provider, string ModelId)
{
    /// <summary>Longest id in its written form, characters.</summary>
    public const int MaxLength = 256;

    /// <summary>Reads the written form: the provider ends at the first slash.</summary>
    /// <returns>False when either part is missing, a control character occurs or the text is longer than <see cref="MaxLength"/>.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out OfferId id)
    {
        id = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash <= 0 || slash == text!.Length - 1 || text.Length > MaxLength || text.Any(char.IsControl))
        {
            return false;
        }

        id = new OfferId(text[..slash], text[(slash + 1)..]);
        return true;
    }

    /// <summary>The written form.</summary>
    public override string ToString() => $"{Provider}/{ModelId}";
}
