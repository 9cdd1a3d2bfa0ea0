using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sluice.Catalog.Identity;
using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Tests.Sources;

/// <summary>
/// The facts that an independent program counted in the recorded lists, where these are present. Each rule behind them has small tests of its
/// own, which always run.
/// </summary>
public sealed class FixtureFactTests
{
    [Fact]
    public async Task The_recorded_lists_give_the_facts_that_were_counted_independently()
    {
        if (!Fixtures.Present)
        {
            return;
        }

        await using var server = await ListServer.StartAsync();
        server.File("/api.json", Fixtures.File("models_dev_api.json"));
        server.File("/api/v1/models", Fixtures.File("openrouter_models.json"));
        server.File("/api/v2/data/llms/models", Fixtures.File("artificial_analysis_models.json"));
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(Fixtures.File("expected.json")));
        var expected = file.RootElement;
        foreach (var (name, hash) in expected.GetProperty("sha256").EnumerateObject().Select(p => (p.Name, p.Value.GetString())))
        {
            Assert.Equal(hash, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Fixtures.File($"{name}.json")))));
        }

        var md = await Reading.From(server, SourceNames.ModelsDev).ReadAsync();
        var or = await Reading.From(server, SourceNames.OpenRouter).ReadAsync();
        var aa = await Reading.From(server, SourceNames.ArtificialAnalysis).ReadAsync();
        Assert.Empty(md.Faults.Concat(or.Faults).Concat(aa.Faults).Select(fault => $"{fault.Id}: {fault.Reason}"));

        // models.dev
        var facts = expected.GetProperty("models_dev");
        Assert.Equal(facts.GetProperty("rows").GetInt32(), md.Listings.Count);
        Assert.Equal(
            facts.GetProperty("rows_per_provider").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt32()),
            md.Listings.GroupBy(l => l.Id.Provider).ToDictionary(g => g.Key, g => g.Count()));
        Assert.Equal(facts.GetProperty("distinct_ids_exact").GetInt32(), md.Listings.Select(l => l.Id.ModelId).Distinct().Count());
        Assert.Equal(
            facts.GetProperty("distinct_ids_case_insensitive").GetInt32(),
            md.Listings.Select(l => l.Id.ModelId).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal(facts.GetProperty("cost_missing").GetInt32(), md.Listings.Count(l => l.Pricing.Kind == PriceKind.Unknown));
        Assert.Equal(
            facts.GetProperty("cost_zero_both").GetInt32(), md.Listings.Count(l => l.Pricing.Kind is PriceKind.Free or PriceKind.Subscription));
        var status = facts.GetProperty("status");
        Assert.Equal(
            new[] { "none", "alpha", "beta", "deprecated" }.Select(s => status.GetProperty(s).GetInt32()),
            Enum.GetValues<OfferStatus>().Select(s => md.Listings.Count(l => l.Status == s)));
        var mdKeys = Keys(md);
        Assert.Equal(facts.GetProperty("distinct_models").GetInt32(), mdKeys.Count);

        // OpenRouter
        facts = expected.GetProperty("openrouter");
        Assert.Equal(facts.GetProperty("rows").GetInt32(), or.Listings.Count);
        Assert.Equal(facts.GetProperty("alias_rows").GetInt32(), or.Listings.Count(l => l.AliasOf is not null));
        Assert.Equal(
            facts.GetProperty("dynamic_priced").EnumerateArray().Select(id => id.GetString()),
            or.Listings.Where(l => l.Pricing.Kind == PriceKind.Dynamic).Select(l => l.Id.ModelId).Order(StringComparer.Ordinal));
        Assert.Equal(facts.GetProperty("free_rows").GetInt32(), or.Listings.Count(l => l.Pricing.Kind == PriceKind.Free));
        Assert.Equal(
            facts.GetProperty("variants").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt32()),
            or.Listings.Select(l => ModelIdentity.Of(l.Id.ModelId, "openrouter").Variant).OfType<string>().CountBy(v => v).ToDictionary());
        var orKeys = Keys(or);
        Assert.Equal(facts.GetProperty("distinct_models").GetInt32(), orKeys.Count);

        // Artificial Analysis
        facts = expected.GetProperty("artificial_analysis");
        Assert.Equal(facts.GetProperty("rows").GetInt32(), aa.Benchmarks.Count);
        Assert.Equal(facts.GetProperty("price_zero_meaning_unknown").GetInt32(), aa.Benchmarks.Count(b => b.Pricing.Kind == PriceKind.Unknown));
        var aaKeys = aa.Benchmarks.Select(b => BenchmarkName.Of(b.Name).Key).ToHashSet();
        Assert.Equal(facts.GetProperty("distinct_models").GetInt32(), aaKeys.Count);

        // Together
        facts = expected.GetProperty("offers");
        var inBoth = md.Listings.Select(l => l.Id).Intersect(or.Listings.Select(l => l.Id)).Count();
        Assert.Equal(facts.GetProperty("openrouter_ids_also_in_models_dev_openrouter_provider").GetInt32(), inBoth);
        Assert.Equal(facts.GetProperty("distinct_offers_models_dev_plus_openrouter").GetInt32(), md.Listings.Count + or.Listings.Count - inBoth);
        facts = expected.GetProperty("identity");
        Assert.Equal(
            new Dictionary<string, int>
            {
                ["models_dev_and_openrouter"] = mdKeys.Intersect(orKeys).Count(),
                ["models_dev_and_aa"] = mdKeys.Intersect(aaKeys).Count(),
                ["openrouter_and_aa"] = orKeys.Intersect(aaKeys).Count(),
                ["all_three"] = mdKeys.Intersect(orKeys).Intersect(aaKeys).Count(),
                ["union_models_dev_openrouter"] = mdKeys.Union(orKeys).Count(),
                ["union_all_three"] = mdKeys.Union(orKeys).Union(aaKeys).Count(),
            },
            facts.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt32()));

        foreach (var check in expected.GetProperty("spot_checks").EnumerateArray())
        {
            var snapshot = check.GetProperty("source").GetString() == "openrouter" ? or : md;
            var provider = check.TryGetProperty("provider", out var named) ? named.GetString() : "openrouter";
            AssertSpot(check, snapshot.Single($"{provider}/{check.GetProperty("id").GetString()}"));
        }
    }

    [Fact]
    public async Task The_recorded_and_constructed_price_lists_are_read_whole()
    {
        if (!Fixtures.Present)
        {
            return;
        }

        await using var server = await ListServer.StartAsync();
        server.File("/v1/models", Fixtures.File("featherless_models.json"));
        server.File("/v1/model/list", Fixtures.File("nearai_model_list.json"));
        server.File("/api/models", Fixtures.File("huggingface_models.json"));
        var featherless = await Reading.From(server, SourceNames.Featherless).ReadAsync();
        var near = await Reading.From(server, SourceNames.NearAi).ReadAsync();
        var hf = await Reading.From(server, SourceNames.HuggingFace).ReadAsync();

        Assert.Equal((15_698, 15_695, 0), (featherless.Fetched, featherless.Listings.Count, featherless.Faults.Count));
        Assert.All(featherless.Listings, listing => Assert.Equal(PriceKind.Unknown, listing.Pricing.Kind));
        Assert.Equal((37, 0), (near.Listings.Count, near.Faults.Count));
        Assert.Equal(0.85m, near.Single("nearai/zai-org/GLM-5.1-FP8").Pricing.Input);
        Assert.Equal((1_000, 0), (hf.Popularity.Count, hf.Faults.Count));
        Assert.Equal(816, hf.Popularity.Select(p => ModelIdentity.Of(p.Id, "huggingface").Key).Distinct().Count());

        server.File("/v1/models", Fixtures.File("featherless_models_priced.json"));
        var priced = await Reading.From(server, SourceNames.Featherless).ReadAsync();
        Assert.Equal((40, 0), (priced.Listings.Count, priced.Faults.Count));
        Assert.Equal(8, priced.Listings.Count(l => l.Pricing.Kind == PriceKind.Fixed));

        using var folder = new TemporaryFolder();
        var list = await File.ReadAllTextAsync(Fixtures.File("alibaba_price_list.json"));
        await File.WriteAllTextAsync(folder.File("prices.json"), "{\"verified_at\":\"2026-07-02\"," + list.TrimStart()[1..]);
        var alibaba = await new AlibabaCloud(folder.File("prices.json")).ReadAsync();
        Assert.Empty(alibaba.Faults.Select(fault => $"{fault.Id}: {fault.Reason}"));
        Assert.Equal((51 + 83 + 6, new DateOnly(2026, 7, 2)), (alibaba.Fetched, alibaba.VerifiedOn));
    }

    private static HashSet<string> Keys(SourceSnapshot snapshot) =>
        [.. snapshot.Listings.Where(l => l.AliasOf is null).Select(l => ModelIdentity.Of(l.Id.ModelId, l.Id.Provider).Key)];

    private static void AssertSpot(JsonElement check, Listing listing)
    {
        Assert.Equal(check.GetProperty("kind").GetString(), listing.Pricing.Kind.ToString(), ignoreCase: true);
        var prices = check.GetProperty("usd_per_1m");
        if (prices.ValueKind == JsonValueKind.Null)
        {
            Assert.Equal((null, null), (listing.Pricing.Input, listing.Pricing.Output));
            return;
        }

        foreach (var price in prices.EnumerateObject())
        {
            var actual = price.Name switch
            {
                "input" => listing.Pricing.Input,
                "output" => listing.Pricing.Output,
                "cache_read" => listing.Pricing.CacheRead,
                "cache_write" => listing.Pricing.CacheWrite,
                "reasoning" => listing.Pricing.Reasoning,
                // The legacy member is read only where there are no tiers, which of these rows none is.
                "over_200k_input" or "over_200k_output" => null,
                var other => throw new InvalidOperationException(other),
            };
            Assert.Equal((listing.Id, price.Name, price.Value.GetString()), (listing.Id, price.Name, actual?.ToString(CultureInfo.InvariantCulture)));
        }
    }
}
