using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Sluice.Catalog.Tests.Api;

public sealed class ModelsTests
{
    [Theory]
    [InlineData("/v1/models", 20)]
    [InlineData("/v1/models?limit=1", 1)]
    [InlineData("/v1/models?limit=100", 60)]
    public async Task A_list_is_as_long_as_asked_for(string path, int length)
    {
        await using var api = await TestApi.StartAsync();

        Assert.Equal(length, (await api.GetAsync(path)).GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task Following_the_cursor_shows_every_model_once_also_while_rows_come_in()
    {
        await using var api = await TestApi.StartAsync();
        List<string> seen = [];
        var path = "/v1/models?limit=7";
        while (true)
        {
            var page = await api.GetAsync(path);
            seen.AddRange(page.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!));
            if (page.GetProperty("nextCursor").GetString() is not { } cursor)
            {
                break;
            }

            path = $"/v1/models?limit=7&cursor={cursor}";
            await api.Store.SaveAsync([Offers.Of($"aaa/{seen.Count}")], default);
        }

        Assert.Equal(60, seen.Count);
        Assert.Equal(60, seen.Distinct().Count());
    }

    [Fact]
    public async Task A_provider_filters_the_list()
    {
        await using var api = await TestApi.StartAsync();

        var models = (await api.GetAsync("/v1/models?provider=quarry")).GetProperty("data").EnumerateArray().ToList();

        Assert.Equal(4, models.Count);
        Assert.All(models, model => Assert.Equal("quarry", model.GetProperty("provider").GetString()));
    }

    [Theory]
    [InlineData("lab=aster&status=deprecated", "aster/lyra-1.5,aster/lyra-1.5-20250612")]
    [InlineData("provider=aster&modality=audio", "aster/lyra-voice")]
    [InlineData("provider=aster&inputModality=pdf&outputModality=text&minContext=400000", "aster/lyra-2-large")]
    [InlineData("provider=aster&maxInputPrice=0.05&maxOutputPrice=0.1", "aster/aster-embed-3")]
    [InlineData("model=tundra|8b&openWeights=true&priceKind=UNKNOWN", "")]
    [InlineData("model=8b-tundra|&openWeights=true&priceKind=UNKNOWN", "quarry/tundra:8b")]
    [InlineData("lab=nobody", "")]
    public async Task Filters_narrow_the_list_together(string query, string ids)
    {
        await using var api = await TestApi.StartAsync();

        Assert.Equal(ids.Split(',', StringSplitOptions.RemoveEmptyEntries), await api.ListAsync(query));
    }

    [Fact]
    public async Task A_row_that_changes_between_pages_so_that_it_falls_out_hides_no_other()
    {
        await using var api = await TestApi.StartAsync();
        await api.Store.SaveAsync([.. Enumerable.Range(0, 6).Select(n => Offers.Of($"zz/{n}", new Pricing(PriceKind.Fixed, 1, 1)))], default);
        var first = await api.GetAsync("/v1/models?provider=zz&maxInputPrice=1&limit=3");

        await api.Store.SaveAsync([Offers.Of("zz/2", new Pricing(PriceKind.Fixed, 9, 1)), Offers.Of("zz/0", new Pricing(PriceKind.Fixed, 9, 1))], default);
        var second = await api.GetAsync($"/v1/models?provider=zz&maxInputPrice=1&limit=3&cursor={first.GetProperty("nextCursor").GetString()}");

        Assert.Equal(["zz/0", "zz/1", "zz/2"], TestApi.Ids(first, "data"));
        Assert.Equal(["zz/3", "zz/4", "zz/5"], TestApi.Ids(second, "data"));
    }

    [Fact]
    public async Task Every_fault_of_a_query_is_told_at_once()
    {
        await using var api = await TestApi.StartAsync();

        var problem = await api.GetAsync(
            "/v1/models?limit=0&cursor=nonsense&provider=a/b&lab=&model=x&modality=Text&inputModality=a%25&outputModality=&priceKind=cheap&maxInputPrice=-1&maxOutputPrice=1e3&minContext=1k&openWeights=yes&status=1",
            400);

        Assert.Equal(
            [
                "limit", "provider", "lab", "model", "modality", "inputModality", "outputModality", "priceKind", "maxInputPrice", "maxOutputPrice", "minContext",
                "openWeights", "status", "cursor",
            ],
            problem.GetProperty("errors").EnumerateArray().Select(fault => fault.GetProperty("parameter").GetString()));
    }

    [Theory]
    [InlineData("limit=")]
    [InlineData("limit=101")]
    [InlineData("limit=-1")]
    [InlineData("limit=1.5")]
    [InlineData("limit=99999999999999")]
    [InlineData("limit=5&limit=6")]
    [InlineData("provider=")]
    [InlineData("provider=quarry&cursor=MTphc3Rlci9seXJhLTItbGFyZ2U")]
    public async Task A_bad_query_is_refused(string query)
    {
        await using var api = await TestApi.StartAsync();

        using var answer = await api.Http.GetAsync($"/v1/models?{query}");

        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Single((await TestApi.ReadAsync(answer, 400)).GetProperty("errors").EnumerateArray());
    }

    [Theory]
    [InlineData("openmesh/aster/lyra-2-large:batch")]
    [InlineData("openmesh%2Faster%2Flyra-2-large%3Abatch")]
    [InlineData("openmesh/aster%2flyra-2-large:batch")]
    public async Task A_model_is_found_by_its_id_with_slashes_plain_or_escaped(string path)
    {
        await using var api = await TestApi.StartAsync();

        var model = await api.GetAsync($"/v1/models/{path}");

        Assert.Equal("large-lyra|2", model.GetProperty("model").GetProperty("key").GetString());
        var offer = model.GetProperty("offers").EnumerateArray().Single(offer => offer.GetProperty("id").GetString() == "openmesh/aster/lyra-2-large:batch");
        Assert.Equal(1.25m, offer.GetProperty("pricing").GetProperty("input").GetDecimal());
        Assert.Equal("Fixed", offer.GetProperty("pricing").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task A_price_that_is_not_known_is_there_and_null()
    {
        await using var api = await TestApi.StartAsync();

        var offers = (await api.GetAsync("/v1/models/quarry/tundra:8b")).GetProperty("offers").EnumerateArray();
        var pricing = offers.Single(offer => offer.GetProperty("id").GetString() == "quarry/tundra:8b").GetProperty("pricing");

        Assert.Equal("Unknown", pricing.GetProperty("kind").GetString());
        Assert.Equal(JsonValueKind.Null, pricing.GetProperty("input").ValueKind);
    }

    [Theory]
    [InlineData("/v1/models/openmesh/ASTER/lyra-2-large")]
    [InlineData("/v1/models/nothing")]
    [InlineData("/v2")]
    public async Task What_is_not_there_is_a_problem_of_its_own(string path)
    {
        await using var api = await TestApi.StartAsync();

        Assert.Equal(404, (await api.GetAsync(path, 404)).GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task A_caller_that_has_the_answer_gets_304()
    {
        await using var api = await TestApi.StartAsync();
        using var first = await api.Http.GetAsync("/v1/models?limit=3");
        Assert.Equal("public, max-age=3600", first.Headers.CacheControl!.ToString());

        using var again = new HttpRequestMessage(HttpMethod.Get, "/v1/models?limit=3");
        again.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"other\""));
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await api.Http.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());

        using var other = await api.Http.GetAsync("/v1/models?limit=4");
        Assert.NotEqual(first.Headers.ETag, other.Headers.ETag);
    }

    [Fact]
    public async Task Answers_are_kept_for_an_hour()
    {
        await using var api = await TestApi.StartAsync();
        await api.GetAsync("/v1/models?provider=new");
        await api.Store.SaveAsync([Offers.Of("new/model")], default);

        api.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(0, (await api.GetAsync("/v1/models?provider=new")).GetProperty("data").GetArrayLength());

        api.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, (await api.GetAsync("/v1/models?provider=new")).GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task A_model_that_was_missing_is_found_as_soon_as_it_is_there()
    {
        await using var api = await TestApi.StartAsync();
        await api.GetAsync("/v1/models/new/model", 404);

        await api.Store.SaveAsync([Offers.Of("new/model")], default);

        await api.GetAsync("/v1/models/new/model");
    }
}
