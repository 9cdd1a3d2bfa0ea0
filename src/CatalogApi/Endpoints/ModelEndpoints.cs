using Sluice.Catalog;
using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary><c>GET /v1/models</c>, which lists offers, and <c>GET /v1/models/{id}</c>, which is a model with all of them.</summary>
internal sealed class ModelEndpoints(CatalogStore store, Answers answers)
{
    public async Task ListAsync(HttpContext http)
    {
        var reader = new QueryReader(http.Request.Query);
        var query = ModelQuery.Read(reader);
        if (await Problem.RefusedAsync(http, reader))
        {
            return;
        }

        // The question is what the query means, so ?limit=20 and no limit share one answer.
        await answers.WriteAsync(http, Answers.Question("list", query, ApiJson.Wire.ModelQuery), ApiJson.Wire.ModelList, async () =>
        {
            var page = await store.ListAsync(query.Filter, query.After, query.Limit, CancellationToken.None);
            return new ModelList([.. page.Offers.Select(ModelResource.Of)], page.HasMore ? OfferCursor.After(page.Offers[^1].Id) : null);
        });
    }

    public Task GetAsync(HttpContext http)
    {
        var id = RouteId.Of(http);
        return answers.WriteAsync(http, $"model\n{id}", ApiJson.Wire.ModelDetail, async () =>
            await store.ResolveAsync(id) is { } found ? ModelDetail.Of(found.View) : null);
    }
}
