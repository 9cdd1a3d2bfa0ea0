using Sluice.Catalog;
using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary>What callers name models by: an offer's id, or a model's key, which has a bar.</summary>
internal static class RouteId
{
    /// <summary>The id in the path. Ids contain slashes; the server decodes a path but for %2F, so both spellings arrive here.</summary>
    public static string Of(HttpContext http) => ((string)http.Request.RouteValues["id"]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a text can name anything.</summary>
    public static bool IsValid(string text) => OfferId.TryParse(text, out _) || (IsKey(text) && text.Length <= OfferId.MaxLength && !text.Any(char.IsControl));

    /// <summary>The model that is named, and the one offer when it was named by it; null when there is neither.</summary>
    public static async Task<(ModelView View, Offer? Offer)?> ResolveAsync(this CatalogStore store, string id)
    {
        // A key may look like an id, never the other way: no provider's ids have bars.
        if (IsKey(id) && await store.FindModelAsync(id, CancellationToken.None) is { } model)
        {
            return (model, null);
        }

        return OfferId.TryParse(id, out var parsed)
            && await store.FindAsync(parsed, CancellationToken.None) is { } offer
            && await store.FindModelAsync(offer.Model.Key, CancellationToken.None) is { } view
                ? (view, offer)
                : null;
    }

    private static bool IsKey(string text) => text.Contains('|', StringComparison.Ordinal);
}
