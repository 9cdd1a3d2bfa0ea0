using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sluice.Catalog;
using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>.</summary>
internal sealed class ModelEndpoints(CatalogStore store, ResponseCache cache, TimeProvider time)
{
    public async Task ListAsync(HttpContext http)
    {
        var query = ModelQuery.Read(http.Request.Query, out var faults);
        if (faults.Count > 0)
        {
            await Problem.WriteAsync(http, StatusCodes.Status400BadRequest, "The query cannot be answered as it is; errors lists every fault.", faults);
            return;
        }

        // The key is what the query means, so ?limit=20 and no limit share one answer; a line break occurs in no id.
        var answer = await cache.GetAsync($"list\n{query.Limit}\n{query.Provider}\n{query.After}", async () =>
        {
            var page = await store.ListAsync(query.Provider, query.After, query.Limit, CancellationToken.None);
            var next = page.HasMore ? OfferCursor.After(page.Offers[^1].Id) : null;
            return Json(new ModelList([.. page.Offers.Select(ModelResource.Of)], next), ApiJson.Wire.ModelList);
        });
        await answer!.WriteAsync(http, time, cache.Lifetime);
    }

    public async Task GetAsync(HttpContext http)
    {
        // Ids contain slashes. The server decodes a path but for %2F, so both spellings arrive here.
        var text = ((string)http.Request.RouteValues["id"]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var answer = OfferId.TryParse(text, out var id)
            ? await cache.GetAsync($"item\n{id}", async () =>
                await store.FindAsync(id, CancellationToken.None) is { } offer ? Json(ModelResource.Of(offer), ApiJson.Wire.ModelResource) : null)
            : null;
        await (answer is null
            ? Problem.WriteAsync(http, StatusCodes.Status404NotFound, "No such model. Ids are provider/model, exact case; /v1/models lists them.")
            : answer.WriteAsync(http, time, cache.Lifetime));
    }

    private static byte[] Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);
}
