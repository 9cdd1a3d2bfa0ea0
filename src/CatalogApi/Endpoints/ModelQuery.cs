using System.Globalization;
using Microsoft.Extensions.Primitives;
using Sluice.Catalog;

namespace Sluice.CatalogApi;

/// <summary>Which page of the catalogue a request asks for.</summary>
/// <param name="Limit">Most models on the page.</param>
/// <param name="Provider">Only this provider's; null for all.</param>
/// <param name="After">The last one of the page before; null for the first page.</param>
internal sealed record ModelQuery(int Limit, string? Provider, OfferId? After)
{
    private const int DefaultLimit = 20;
    private const int MostPerPage = 100;
    private const int LongestEcho = 40;

    /// <summary>Reads the query string. Parameters that are not ours are left alone.</summary>
    /// <param name="parameters">The request's.</param>
    /// <param name="faults">Everything wrong with it; the result is good when this is empty.</param>
    public static ModelQuery Read(IQueryCollection parameters, out IReadOnlyList<ParameterFault> faults)
    {
        var found = new List<ParameterFault>();
        var limit = DefaultLimit;
        if (Single("limit") is { } limitText &&
            !(int.TryParse(limitText, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MostPerPage))
        {
            Refuse("limit", $"expected a whole number from 1 to {MostPerPage}; got '{Shorten(limitText)}'");
        }

        var provider = Single("provider");
        if (provider is not null && !OfferId.TryParse($"{provider}/x", out _) | provider.Contains('/', StringComparison.Ordinal))
        {
            Refuse("provider", $"expected a provider's id, such as openmesh; got '{Shorten(provider)}'");
        }

        OfferId? after = null;
        if (Single("cursor") is { } cursor)
        {
            if (!OfferCursor.TryParse(cursor, out var last))
            {
                Refuse("cursor", "expected the nextCursor of an earlier answer, unchanged; leave it out to start at the first page");
            }
            else if (provider is not null && last.Provider != provider)
            {
                Refuse("cursor", "comes from a list with another provider; leave it out to start at the first page");
            }

            after = last;
        }

        faults = found;
        return new ModelQuery(limit, provider, after);

        string? Single(string name)
        {
            var values = parameters.TryGetValue(name, out var given) ? given : StringValues.Empty;
            if (values.Count > 1)
            {
                Refuse(name, $"expected once; came {values.Count} times");
                return null;
            }

            return values.Count == 1 ? values[0] : null;
        }

        void Refuse(string name, string detail) => found.Add(new ParameterFault(name, detail));
    }

    private static string Shorten(string text) => text.Length <= LongestEcho ? text : $"{text[..LongestEcho]}…";
}
