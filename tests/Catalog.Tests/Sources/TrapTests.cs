using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Tests.Sources;

/// <summary>Traps that were counted in the real lists, each in a row of the same shape.</summary>
public sealed class TrapTests
{
    [Fact]
    public async Task Trap_1_minus_one_is_a_price_that_varies_and_any_other_negative_number_is_refused()
    {
        var read = await OpenRouterAsync(
            Rows.OpenRouterRow("openrouter/auto", """{ "prompt": "-1", "completion": "-1" }"""),
            Rows.OpenRouterRow("x/odd", """{ "prompt": "-0.5", "completion": "1" }"""));

        Assert.Equal(Pricing.Dynamic, read.Single("openrouter/openrouter/auto").Pricing);
        Assert.Equal("openrouter/x/odd", Assert.Single(read.Faults).Id.ToString());
    }

    [Fact]
    public async Task Trap_2_a_free_row_needs_no_free_in_its_id() =>
        Assert.Equal(
            new Pricing(PriceKind.Free, 0, 0),
            (await OpenRouterAsync(Rows.OpenRouterRow("stealth/ox", """{ "prompt": "0", "completion": "0" }"""))).Listings[0].Pricing);

    [Theory]
    [InlineData("acme", null, PriceKind.Unknown)]
    [InlineData("acme", """{ "input": 0, "output": 0 }""", PriceKind.Free)]
    [InlineData("zai-coding-plan", """{ "input": 0, "output": 0 }""", PriceKind.Subscription)]
    [InlineData("minimax-cn-coding-plan", """{ "input": 0, "output": 0 }""", PriceKind.Subscription)]
    [InlineData("xiaomi-token-plan-ams", """{ "input": 0, "output": 0 }""", PriceKind.Subscription)]
    [InlineData("github-models", """{ "input": 0, "output": 0 }""", PriceKind.Subscription)]
    [InlineData("github-copilot", """{ "input": 0, "output": 0 }""", PriceKind.Subscription)]
    [InlineData("gitlab", """{ "input": 0, "output": 0 }""", PriceKind.Subscription)]
    [InlineData("opencode", """{ "input": 0, "output": 0 }""", PriceKind.Subscription)]
    [InlineData("kimi-for-coding", """{ "input": 0, "output": 0 }""", PriceKind.Subscription)]
    [InlineData("nvidia", """{ "input": 0, "output": 0 }""", PriceKind.Subscription)]
    [InlineData("nvidia", """{ "input": 1, "output": 0 }""", PriceKind.Fixed)]
    [InlineData("acme", """{ "input": null, "output": "" }""", PriceKind.Unknown)]
    public async Task Trap_3_no_cost_is_unknown_and_zero_is_free_or_a_subscription(string provider, string? cost, PriceKind kind) =>
        Assert.Equal(kind, (await Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev(provider, ("m", cost)))).Listings[0].Pricing.Kind);

    [Fact]
    public async Task Trap_4_zero_prices_and_speeds_of_a_benchmark_are_not_known()
    {
        var read = await Reading.OfAsync(
            SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "Grok-1", "0", "0", "0"), ("2", "GPT-5.5 (high)", "1.5", "6", "180.5")));

        Assert.Equal((Pricing.Unknown, null, null), (read.Benchmarks[0].Pricing, read.Benchmarks[0].TokensPerSecond, read.Benchmarks[0].FirstTokenSeconds));
        Assert.Equal((1.5m, 180.5m), (read.Benchmarks[1].Pricing.Input, read.Benchmarks[1].TokensPerSecond));
    }

    [Fact]
    public async Task Trap_5_no_price_for_the_output_of_an_embedding_is_real() =>
        Assert.Equal(new Pricing(PriceKind.Fixed, 0.02m, 0), await ModelsDevPriceAsync("""{ "input": 0.02, "output": 0 }"""));

    [Theory]
    [InlineData("""{ "input": 5, "output": 1 }""")]
    [InlineData("""{ "input": 1, "output": 2, "cache_read": 1.5 }""")]
    [InlineData("""{ "input": 1, "output": 2, "cache_write": 0.1 }""")]
    public async Task Trap_6_prices_in_an_unusual_order_are_real(string cost) =>
        Assert.Equal(PriceKind.Fixed, (await ModelsDevPriceAsync(cost)).Kind);

    [Fact]
    public async Task Trap_7_other_last_digits_are_the_same_price()
    {
        var read = await OpenRouterAsync(
            Rows.OpenRouterRow("a/a", """{ "prompt": "0.0000000833333333333333", "completion": "0.0000001" }"""),
            Rows.OpenRouterRow("b/b", """{ "prompt": "0.000000083333333333333334", "completion": "1e-7" }"""));

        Assert.Equal(0.0833333333m, read.Single("openrouter/a/a").Pricing.Input);
        Assert.Equal(read.Single("openrouter/a/a").Pricing, read.Single("openrouter/b/b").Pricing);
    }

    [Fact]
    public async Task Trap_8_a_tier_counts_from_its_own_threshold_not_from_the_200k_of_the_old_member()
    {
        const string Old = """ "context_over_200k": { "input": 2, "output": 3 } """;
        const string Tier = """ "tiers": [ { "tier": { "size": 272000, "type": "context" }, "input": 2, "output": 3, "cache_read": 0.2 } ] """;
        var read = await Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev(
            "acme",
            ("both", $$"""{ "input": 1, "output": 2, {{Tier}}, {{Old}} }"""),
            ("tiers", $$"""{ "input": 1, "output": 2, {{Tier}} }"""),
            ("old", $$"""{ "input": 1, "output": 2, {{Old}} }""")));

        var tier = PriceTier.Above(272_000, new Pricing(PriceKind.Fixed, 2, 3, 0.2m));
        Assert.Equal([tier], read.Single("acme/both").Tiers);
        Assert.Equal([tier], read.Single("acme/tiers").Tiers);
        Assert.Equal([PriceTier.Above(200_000, new Pricing(PriceKind.Fixed, 2, 3))], read.Single("acme/old").Tiers);
    }

    [Fact]
    public async Task Trap_9_a_misspelt_price_is_not_guessed() =>
        Assert.Equal(
            new Pricing(PriceKind.Fixed, 1, 2),
            await ModelsDevPriceAsync("""{ "input": 1, "output": 2, "cached_input": 0.1, "cache_input": 0.1, "image": 9, "request": 9 }"""));

    [Fact]
    public async Task Trap_10_the_key_is_the_id_whatever_the_row_says()
    {
        var body = Rows.ModelsDev("acme", ("paid", null)).Replace("\"id\": \"paid\"", "\"id\": \"paid:free\"", StringComparison.Ordinal);

        Assert.Equal("acme/paid", (await Reading.OfAsync(SourceNames.ModelsDev, body)).Listings.Single().Id.ToString());
    }

    [Fact]
    public async Task Trap_13_the_price_of_a_batch_is_its_own_and_never_computed()
    {
        var read = await OpenRouterAsync(
            Rows.OpenRouterRow("x/m", """{ "prompt": "0.000002", "completion": "0.000004" }"""),
            Rows.OpenRouterRow("x/m:batch", """{ "prompt": "0.0000029", "completion": "0.000002" }"""));

        Assert.Equal(2.9m, read.Single("openrouter/x/m:batch").Pricing.Input);
    }

    [Fact]
    public async Task Trap_14_an_alias_keeps_its_own_price_and_says_what_it_stands_for()
    {
        var read = await OpenRouterAsync(Rows.OpenRouterRow(
            "~x/m-latest", """{ "prompt": "0.000003", "completion": "0.000004" }""", """, "alias_target": { "name": "M", "slug": "x/m-2" }"""));

        Assert.Equal(("x/m-2", 3m), (read.Listings[0].AliasOf, read.Listings[0].Pricing.Input));
    }

    [Fact]
    public async Task Trap_15_a_benchmark_is_known_by_its_own_id_not_by_its_slug()
    {
        var read = await Reading.OfAsync(SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "A", "1", "1", "1"), ("2", "B", "1", "1", "1")));

        Assert.Equal(["1", "2"], read.Benchmarks.Select(b => b.Id));
        Assert.Equal(["slug"], read.Benchmarks.Select(b => b.Slug).Distinct());
    }

    [Fact]
    public async Task Trap_16_of_an_id_that_comes_twice_the_newest_counts_and_case_makes_another_id()
    {
        var read = await Reading.OfAsync(SourceNames.Featherless, Rows.Featherless(
            ("a/M-Ita", 5, ""), ("a/M", 1, ""), ("a/M", 3, """, "max_completion_tokens": 77"""), ("a/M", 2, ""), ("a/M-ITA", 5, "")));

        Assert.Equal((5, 3), (read.Fetched, read.Listings.Count));
        Assert.Equal(77, read.Single("featherless/a/M").MaxOutput);
    }

    [Theory]
    [InlineData("null", null)]
    [InlineData("\"2026-08-24\"", "2026-08-24")]
    [InlineData("\"2098-12-31\"", null)]
    public async Task Trap_17_a_last_day_in_a_far_century_is_none(string date, string? expires)
    {
        var read = await OpenRouterAsync(Rows.OpenRouterRow("x/m", """{ "prompt": "1", "completion": "1" }""", $", \"expiration_date\": {date}"));

        Assert.Equal(expires is null ? null : DateOnly.Parse(expires), read.Listings[0].ExpiresOn);
    }

    [Theory]
    [InlineData("deprecated", OfferStatus.Deprecated)]
    [InlineData("alpha", OfferStatus.Alpha)]
    [InlineData("beta", OfferStatus.Beta)]
    [InlineData("brand-new-word", OfferStatus.Active)]
    public async Task Trap_17_a_status_is_kept(string status, OfferStatus expected)
    {
        var body = Rows.ModelsDev("acme", ("m", null)).Replace("\"open_weights\"", $"\"status\": \"{status}\", \"open_weights\"", StringComparison.Ordinal);

        Assert.Equal(expected, (await Reading.OfAsync(SourceNames.ModelsDev, body)).Listings[0].Status);
    }

    [Fact]
    public async Task Trap_18_a_context_of_zero_is_not_known_and_an_output_above_it_is_kept()
    {
        var body = Rows.ModelsDev("acme", ("m", null));
        var zero = body.Replace("128000", "0", StringComparison.Ordinal).Replace("8000", "0", StringComparison.Ordinal);
        var odd = body.Replace("128000", "10", StringComparison.Ordinal);

        var (none, kept) = ((await Reading.OfAsync(SourceNames.ModelsDev, zero)).Listings[0], (await Reading.OfAsync(SourceNames.ModelsDev, odd)).Listings[0]);

        Assert.Equal((null, null), (none.Context, none.MaxOutput));
        Assert.Equal((10L, 8000L), (kept.Context, kept.MaxOutput));
    }

    [Theory]
    [InlineData("workers-ai/@cf/meta/llama-3:free")]
    [InlineData("~lab/x-latest")]
    [InlineData("a-name–with-a-dash")]
    [InlineData("an-id-of-sixty-one-characters-which-is-the-longest-in-the-list")]
    public async Task Trap_19_ids_of_every_kind_are_kept_as_they_are(string id) =>
        Assert.Equal(new OfferId("acme", id), (await Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev("acme", (id, null)))).Listings.Single().Id);

    [Theory]
    [InlineData("\"\"", null)]
    [InlineData("null", null)]
    [InlineData("\"Lab/M\"", "Lab/M")]
    public async Task Trap_20_an_empty_repository_is_none(string repository, string? expected)
    {
        var read = await OpenRouterAsync(Rows.OpenRouterRow("x/m", """{ "prompt": "1", "completion": "1" }""", $", \"hugging_face_id\": {repository}"));

        Assert.Equal(expected, read.Listings[0].HuggingFaceId);
    }

    private static Task<SourceSnapshot> OpenRouterAsync(params string[] rows) => Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(rows));

    private static async Task<Pricing> ModelsDevPriceAsync(string cost) =>
        (await Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev("acme", ("m", cost)))).Listings[0].Pricing;
}
