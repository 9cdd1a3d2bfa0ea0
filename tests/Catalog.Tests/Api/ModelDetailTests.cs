using System.Text.Json;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Tests.Sources;

namespace Sluice.Catalog.Tests.Api;

/// <summary>One model, its prices over time, and several side by side, on what syncs wrote.</summary>
public sealed class ModelDetailTests
{
    [Theory]
    [InlineData("aster/lyra-2-large")]
    [InlineData("large-lyra|2")]
    [InlineData("large-lyra%7C2")]
    public async Task A_model_has_all_its_offers_with_their_tiers_by_any_ones_id_or_by_its_key(string id)
    {
        await using var api = await TestApi.StartAsync();

        var model = await api.GetAsync($"/v1/models/{id}");

        Assert.Equal(("large-lyra|2", "Lyra 2 Large"), (model.GetProperty("model").GetProperty("key").GetString(), model.GetProperty("model").GetProperty("name").GetString()));
        var listed = await api.ListAsync("model=large-lyra|2");
        Assert.True(listed.Count > 2);
        Assert.Equal(listed, TestApi.Ids(model, "offers"));
        var tier = model.GetProperty("offers")[0].GetProperty("tiers")[0];
        Assert.Equal(("Context", 200_000, 5m), (tier.GetProperty("kind").GetString(), tier.GetProperty("minTokens").GetInt32(), tier.GetProperty("pricing").GetProperty("input").GetDecimal()));
    }

    [Fact]
    public async Task A_synced_model_has_measurements_and_repositories_and_hides_the_sample()
    {
        await using var api = await TestApi.StartAsync();
        await api.SyncAsync(
            "run-1",
            await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(Rows.OpenRouterRow("openai/m-2", """{ "prompt": "1e-6", "completion": "2e-6" }""", """, "hugging_face_id": "openai/M-2" """))),
            await Reading.OfAsync(SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "M 2 (high)", "1", "1", "0"))),
            await Reading.OfAsync(SourceNames.HuggingFace, """[{ "id": "openai/M-2", "downloads": 5, "likes": 1 }]"""));

        Assert.Equal(["openrouter/openai/m-2"], await api.ListAsync(""));
        var model = await api.GetAsync("/v1/models/openrouter/openai/m-2");
        var benchmark = model.GetProperty("benchmarks")[0];
        Assert.Equal(("high", 23.8m), (benchmark.GetProperty("effort").GetString(), benchmark.GetProperty("intelligence").GetDecimal()));
        Assert.Equal(JsonValueKind.Null, benchmark.GetProperty("tokensPerSecond").ValueKind);
        Assert.Equal("openai/M-2", model.GetProperty("repositories")[0].GetProperty("id").GetString());
    }

    [Fact]
    public async Task Prices_over_time_come_newest_first_a_page_at_a_time_and_name_no_person()
    {
        await using var api = await TestApi.StartAsync();
        for (var run = 1; run <= 4; run++)
        {
            await api.SyncAsync($"run-{run}", await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(Rows.OpenRouterRow("x/m", $$"""{ "prompt": "{{run}}e-6", "completion": "2e-6" }"""))));
            api.Clock.Advance(TimeSpan.FromHours(2));
        }

        var first = await api.GetAsync("/v1/price-history/openrouter/x/m?limit=2");
        var second = await api.GetAsync($"/v1/price-history/openrouter/x%2Fm?limit=2&cursor={first.GetProperty("nextCursor").GetString()}");

        var changes = first.GetProperty("data").EnumerateArray().Concat(second.GetProperty("data").EnumerateArray()).ToList();
        Assert.Equal([(3m, 4m), (2m, 3m), (1m, 2m)], changes.Select(change => (Input(change, "old"), Input(change, "new"))));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("nextCursor").ValueKind);
        Assert.Equal(("2026-03-01T18:00:00.000Z", "sync:openrouter"), (changes[0].GetProperty("changedAt").GetString(), changes[0].GetProperty("changedBy").GetString()));

        static decimal Input(JsonElement change, string name) => change.GetProperty(name).GetProperty("input").GetDecimal();
    }

    [Fact]
    public async Task An_offer_whose_price_never_changed_has_an_empty_history_and_one_that_is_not_there_has_none()
    {
        await using var api = await TestApi.StartAsync();

        Assert.Equal(0, (await api.GetAsync("/v1/price-history/aster/lyra-2-large")).GetProperty("data").GetArrayLength());
        await api.GetAsync("/v1/price-history/aster/nothing", 404);
        await api.GetAsync("/v1/price-history/large-lyra|2", 404);
        var problem = await api.GetAsync("/v1/price-history/aster/lyra-2-large?limit=0&cursor=MTphc3Rlci9seXJhLTItbGFyZ2U", 400);
        Assert.Equal(["limit", "cursor"], problem.GetProperty("errors").EnumerateArray().Select(fault => fault.GetProperty("parameter").GetString()));
    }

    [Fact]
    public async Task Models_and_offers_are_compared_side_by_side_and_the_cheapest_is_named()
    {
        await using var api = await TestApi.StartAsync();

        var sides = (await api.GetAsync("/v1/compare?id=aster/lyra-2-large&id=large-lyra|2&id=quarry/tundra:8b")).GetProperty("data").EnumerateArray().ToList();

        Assert.Equal(["aster/lyra-2-large", "large-lyra|2", "quarry/tundra:8b"], sides.Select(side => side.GetProperty("id").GetString()));
        Assert.Equal(["aster/lyra-2-large"], TestApi.Ids(sides[0], "offers"));
        Assert.Equal(2.5m, sides[0].GetProperty("lowestInput").GetProperty("price").GetDecimal());
        Assert.Equal(await api.ListAsync("model=large-lyra|2"), TestApi.Ids(sides[1], "offers"));
        Assert.Equal(("openmesh/aster/lyra-2-large:batch", 1.25m), (sides[1].GetProperty("lowestInput").GetProperty("offer").GetString(), sides[1].GetProperty("lowestInput").GetProperty("price").GetDecimal()));
        Assert.Equal(400_000, sides[1].GetProperty("largestContext").GetInt32());
        Assert.Equal(JsonValueKind.Null, sides[2].GetProperty("lowestInput").ValueKind);
    }

    [Fact]
    public async Task A_comparison_names_everything_that_is_wrong_or_not_there()
    {
        await using var api = await TestApi.StartAsync();

        var few = await api.GetAsync("/v1/compare?id=x", 400);
        var missing = await api.GetAsync("/v1/compare?id=aster/lyra-2-large&id=a/b&id=c|", 404);

        Assert.Equal(2, few.GetProperty("errors").GetArrayLength());
        Assert.Equal(["there is no 'a/b'", "there is no 'c|'"], missing.GetProperty("errors").EnumerateArray().Select(fault => fault.GetProperty("detail").GetString()));
        await api.GetAsync("/v1/compare", 400);
        await api.GetAsync($"/v1/compare?{string.Join('&', Enumerable.Repeat("id=aster/lyra-2-large", 11))}", 400);
    }
}
