using Sluice.Catalog;
using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary><c>GET /v1/price-history/{id}</c>: what syncs changed about an offer's price, newest first.</summary>
internal sealed class PriceHistoryEndpoint(CatalogStore store, Answers answers)
{
    public async Task GetAsync(HttpContext http)
    {
        var reader = new QueryReader(http.Request.Query);
        var limit = reader.Integer("limit", 1, ModelQuery.MostPerPage) ?? ModelQuery.DefaultLimit;
        PriceChangePosition? after = null;
        if (reader.Single("cursor") is { } cursor)
        {
            after = PriceChangeCursor.TryParse(cursor, out var last) ? last : null;
            if (after is null)
            {
                reader.Refuse("cursor", "expected the nextCursor of an earlier answer, unchanged; leave it out to start at the newest change");
            }
        }

        if (await Problem.RefusedAsync(http, reader))
        {
            return;
        }

        var text = RouteId.Of(http);
        await answers.WriteAsync(http, $"prices\n{limit}\n{after?.At.UtcTicks}\n{after?.SyncId}\n{text}", ApiJson.Wire.PriceHistory, async () =>
            OfferId.TryParse(text, out var id) ? await ReadAsync(id, after, limit) : null);
    }

    private async Task<PriceHistory?> ReadAsync(OfferId id, PriceChangePosition? after, int limit)
    {
        // One more than asked for tells whether a page follows.
        var changes = await store.ListPriceChangesAsync(id, after, limit + 1, CancellationToken.None);
        if (changes.Count == 0 && await store.FindAsync(id, CancellationToken.None) is null)
        {
            return null;
        }

        var page = changes.Take(limit).ToList();
        return new PriceHistory(
            id.ToString(), [.. page.Select(PriceChangeResource.Of)], changes.Count > limit ? PriceChangeCursor.After(page[^1].Position) : null);
    }
}

/// <summary>One page of an offer's prices.</summary>
/// <param name="Id">The offer.</param>
/// <param name="Data">Changes, newest first; empty when the price is what it was at first.</param>
/// <param name="NextCursor">Asks for the page that follows; null on the last.</param>
internal sealed record PriceHistory(string Id, IReadOnlyList<PriceChangeResource> Data, string? NextCursor);

/// <summary>A change.</summary>
/// <param name="ChangedAt">When.</param>
/// <param name="ChangedBy">Which source said so, as <c>sync:openrouter</c>.</param>
/// <param name="Old">Before.</param>
/// <param name="New">After.</param>
internal sealed record PriceChangeResource(string ChangedAt, string ChangedBy, Pricing Old, Pricing New)
{
    // Who asked for the sync is no business of everybody's.
    public static PriceChangeResource Of(PriceChange change) =>
        new(Timestamps.Text(change.Position.At), change.ChangedBy.Split(" by ", 2)[0], change.Old, change.New);
}
