using System.Globalization;
using FsCheck.Fluent;
using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Tests.Sources;

/// <summary>Each source's prices come out in USD per 1M tokens, whatever the size of the number and the way it is written.</summary>
public sealed class UnitTests
{
    [Theory]
    [InlineData(SourceNames.ModelsDev, PriceUnit.PerMillionTokens)]
    [InlineData(SourceNames.OpenRouter, PriceUnit.PerToken)]
    [InlineData(SourceNames.ArtificialAnalysis, PriceUnit.PerMillionTokens)]
    [InlineData(SourceNames.Featherless, PriceUnit.PerMillionTokens)]
    [InlineData(SourceNames.NearAi, PriceUnit.PerToken)]
    [InlineData(SourceNames.HuggingFace, null)]
    public async Task A_source_declares_its_unit(string source, PriceUnit? unit)
    {
        await using var server = await ListServer.StartAsync();
        Assert.Equal(unit, Reading.From(server, source).Unit);
    }

    [Theory]
    [InlineData(PriceUnit.PerMillionTokens, "3", "3")]
    [InlineData(PriceUnit.PerThousandTokens, "0.0008", "0.8")]
    [InlineData(PriceUnit.PerToken, "0.000003", "3")]
    public void A_price_is_brought_to_a_million_tokens(PriceUnit unit, string price, string perMillion) =>
        Assert.Equal(decimal.Parse(perMillion), unit.PerMillion(decimal.Parse(price)));

    [Fact]
    public void An_undeclared_unit_is_an_error_and_no_default() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ((PriceUnit)17).PerMillion(1));

    [Fact]
    public async Task Every_member_of_openrouters_prices_has_its_column()
    {
        var read = await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(Rows.OpenRouterRow("x/m", """
            { "prompt": "0.000001", "completion": "0.000002", "input_cache_read": "0.000003", "input_cache_write": "0.000004", "internal_reasoning": "0.000005",
              "audio": "0.000006", "audio_output": "0.000007", "image": "0.000008", "image_output": "0.000009", "request": "0.1", "web_search": "0.014",
              "input_cache_write_1h": "0.00001", "input_audio_cache": "0.00001" }
            """)));

        Assert.Equal(new Pricing(PriceKind.Fixed, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0.1m, 0.014m), read.Listings[0].Pricing);
    }

    [Fact]
    public async Task Every_member_of_modelsdevs_prices_has_its_column()
    {
        var read = await Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev("acme", ("m", """
            { "input": 1, "output": 2, "cache_read": 3, "cache_write": 4, "reasoning": 5, "input_audio": 6, "output_audio": 7 }
            """)));

        Assert.Equal(new Pricing(PriceKind.Fixed, 1, 2, 3, 4, 5, 6, 7), read.Listings[0].Pricing);
    }

    [Fact]
    public async Task Openrouters_list_of_overrides_becomes_tiers_by_length_and_by_time_of_day()
    {
        var read = await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(Rows.OpenRouterRow("x/m", """
            { "prompt": "0.000001", "completion": "0.000002", "overrides": [
              { "min_prompt_tokens": 128000, "prompt": "0.000002", "completion": "0.000004" },
              { "utc_start": 1000, "utc_end": 100, "prompt": "0.0000005", "completion": "0.000001" },
              { "on_full_moon": true, "prompt": "0", "completion": "0" } ] }
            """)));

        Assert.Equal(
            [PriceTier.Above(128_000, new Pricing(PriceKind.Fixed, 2, 4)), PriceTier.Between(1000, 100, new Pricing(PriceKind.Fixed, 0.5m, 1))],
            read.Listings[0].Tiers);
    }

    [Theory]
    [InlineData(""", "pricing": { "input": 3, "output": 15 }""", "3", "15")]
    [InlineData(""", "pricing": { "prompt": "0.000001", "completion": "0.000002", "image": "0", "request": "0" }""", "1", "2")]
    [InlineData(""", "pricing": { "input": 0.01 }""", "0.01", null)]
    [InlineData(""", "pricing": { "input": 0.000001, "output": 0.000002 }""", "0.000001", "0.000002")]
    [InlineData(""", "pricing": null""", null, null)]
    [InlineData(""", "pricing": {}""", null, null)]
    [InlineData("", null, null)]
    public async Task Featherless_says_the_unit_by_the_names_of_its_fields(string pricing, string? input, string? output)
    {
        var price = (await Reading.OfAsync(SourceNames.Featherless, Rows.Featherless(("a/m", 1, pricing)))).Listings[0].Pricing;

        Assert.Equal((input, output), (price.Input?.ToString(), price.Output?.ToString()));
        Assert.Equal(input is null ? PriceKind.Unknown : PriceKind.Fixed, price.Kind);
    }

    [Fact]
    public async Task Featherless_in_both_units_at_once_is_refused() =>
        Assert.Contains(
            "which counts", (await Reading.OfAsync(SourceNames.Featherless, Rows.Featherless(("a/m", 1, """, "pricing": { "input": 3, "prompt": "0.000001" }""")))).Faults[0].Reason);

    [Theory]
    [InlineData(""" "inputCostPerToken": { "amount": 850, "scale": 9, "currency": "USD" }, "outputCostPerToken": { "amount": 3300, "scale": 9 } """, "0.85", "3.3")]
    [InlineData(""" "inputCostPerToken": { "amount": 0, "scale": 9 }, "outputCostPerToken": { "amount": 0, "scale": 9 } """, "0", "0")]
    [InlineData(""" "inputCostPerToken": { "amount": 1, "scale": 0 }, "outputCostPerToken": { "amount": 25, "scale": 7 } """, "1000000", "2.5")]
    public async Task Near_divides_its_amount_by_ten_to_the_scale(string members, string input, string output)
    {
        var price = (await Reading.OfAsync(SourceNames.NearAi, Rows.NearAi("a/m", members))).Listings[0].Pricing;

        Assert.Equal((input, output, null), (price.Input?.ToString(), price.Output?.ToString(), price.CacheRead));
    }

    [Theory]
    [InlineData(""" "inputCostPerToken": { "amount": 850 } """, "without its scale")]
    [InlineData(""" "inputCostPerToken": { "amount": 850, "scale": -9 } """, "scale -9")]
    [InlineData(""" "inputCostPerToken": { "amount": 850, "scale": 9, "currency": "NEAR" } """, "in NEAR")]
    public async Task Near_in_another_unit_is_refused(string members, string reason) =>
        Assert.Contains(reason, (await Reading.OfAsync(SourceNames.NearAi, Rows.NearAi("a/m", members))).Faults[0].Reason);

    [Fact]
    public async Task Nears_rates_for_long_prompts_are_texts_per_million()
    {
        var read = await Reading.OfAsync(SourceNames.NearAi, Rows.NearAi("a/m", """
            "inputCostPerToken": { "amount": 1250, "scale": 9 }, "outputCostPerToken": { "amount": 10000, "scale": 9 },
            "textPricing": { "version": 1, "currency": "USD", "unit": "million_tokens", "longContextThreshold": 200000, "tiers": { "default": {
              "short": { "uncachedInput": "1.25", "output": "10" }, "long": { "uncachedInput": "2.5", "cachedInput": "0.25", "output": "15" } } } }
            """));

        Assert.Equal([PriceTier.Above(200_000, new Pricing(PriceKind.Fixed, 2.5m, 15, 0.25m))], read.Listings[0].Tiers);
    }

    [Fact]
    public async Task Alibabas_lists_keep_their_region_unit_and_currency()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("prices.json"), """
            { "verified_at": "2026-07-02", "price_lists": [
              { "site": "china", "currency": "CNY", "unit": "per_1k_tokens", "models": [
                { "model": "qwen-plus", "tiers": [ { "min_input_tokens": 0, "prices": { "input": "0.0008", "output": "0.002", "input_cache_hit": "0.0002", "output_thinking": "0.008" } },
                                                   { "min_input_tokens": 128000, "prices": { "input": "0.0024", "output": "0.02" } } ] },
                { "model": "qwen-in-both", "tiers": [ { "min_input_tokens": 0, "prices": { "input": "1", "output": "1" } } ] } ] },
              { "site": "china", "currency": "USD", "unit": "per_1m_tokens", "models": [ { "model": "qwen-in-both", "tiers": [ { "prices": { "input": "0.115", "output": "0.287" } } ] } ] },
              { "site": "international", "currency": "USD", "unit": "per_1m_tokens", "models": [ { "model": "qwen-plus", "tiers": [ { "prices": { "input": "0.4", "output": "1.2" } } ] } ] } ] }
            """);

        var read = await new AlibabaCloud(folder.File("prices.json")).ReadAsync();

        Assert.Equal(new Pricing(PriceKind.Fixed, 0.8m, 2, 0.2m, null, 8, Currency: "CNY"), read.Single("alibaba-cn/qwen-plus").Pricing);
        Assert.Equal([PriceTier.Above(128_000, new Pricing(PriceKind.Fixed, 2.4m, 20, Currency: "CNY"))], read.Single("alibaba-cn/qwen-plus").Tiers);
        Assert.Equal(new Pricing(PriceKind.Fixed, 0.115m, 0.287m), read.Single("alibaba-cn/qwen-in-both").Pricing);
        Assert.Equal(new Pricing(PriceKind.Fixed, 0.4m, 1.2m), read.Single("alibaba/qwen-plus").Pricing);
        Assert.Equal(new DateOnly(2026, 7, 2), read.VerifiedOn);
    }

    [Theory]
    [InlineData("""{ "price_lists": [] }""", "verified_at")]
    [InlineData("""{ "verified_at": "2026-07-02", "price_lists": [ { "site": "china", "currency": "CNY", "unit": "per_token", "models": [] } ] }""", "unit must be")]
    [InlineData("[", "not JSON")]
    public async Task A_price_file_that_leaves_something_open_is_refused(string text, string reason)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("prices.json"), text);

        Assert.Contains(reason, (await Assert.ThrowsAsync<SourceException>(() => new AlibabaCloud(folder.File("prices.json")).ReadAsync())).Message);
    }

    [Fact]
    public async Task Without_a_price_file_alibaba_is_an_error_that_says_what_to_set() =>
        Assert.Contains("ALIBABA_PRICE_FILE", (await Assert.ThrowsAsync<SourceException>(() => new AlibabaCloud(null).ReadAsync())).Message);

    /// <summary>Of one price, written in each source's unit, every source makes the same number, to the last of ten digits.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(20260726)]
    public async Task One_price_is_the_same_from_every_source(int seed)
    {
        var prices = Gen.Choose(1, int.MaxValue).Two().Select(pair => (In: pair.Item1 / 100_000_000m, Out: pair.Item2 / 1_000_000m)).Sample(200, new FsCheck.Rnd((ulong)seed), 200).ToList();

        var perMillion = await Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev("acme", [.. prices.Select((p, n) => ($"m{n}", (string?)$"{{ \"input\": {Write(p.In, n)}, \"output\": {Text(p.Out)} }}"))]));
        var perToken = await Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(
            [.. prices.Select((p, n) => Rows.OpenRouterRow($"m{n}", $"{{ \"prompt\": \"{Text(p.In / 1_000_000m)}\", \"completion\": {Text(p.Out / 1_000_000m)} }}"))]));
        var named = await Reading.OfAsync(SourceNames.Featherless, Rows.Featherless(
            [.. prices.Select((p, n) => ($"m{n}", 1L, n % 2 == 0
                ? $", \"pricing\": {{ \"input\": {Text(p.In)}, \"output\": \"{Text(p.Out)}\" }}"
                : $", \"pricing\": {{ \"prompt\": {Text(p.In / 1_000_000m)}, \"completion\": \"{Text(p.Out / 1_000_000m)}\" }}"))]));

        for (var n = 0; n < prices.Count; n++)
        {
            var expected = new Pricing(PriceKind.Fixed, prices[n].In, prices[n].Out).Normalize();
            Assert.Equal(expected, perMillion.Single($"acme/m{n}").Pricing);
            Assert.Equal(expected, perToken.Single($"openrouter/m{n}").Pricing);
            Assert.Equal(expected, named.Single($"featherless/m{n}").Pricing);
        }

        static string Text(decimal value) => value.ToString(CultureInfo.InvariantCulture);

        // As a number, as a text and in scientific notation.
        static string Write(decimal value, int n) => (n % 3) switch
        {
            0 => Text(value),
            1 => $"\"{Text(value)}\"",
            _ => $"{Text(value * 1000m)}e-3",
        };
    }

    [Theory]
    [InlineData("\"NaN\"")]
    [InlineData("\"Infinity\"")]
    [InlineData("\"one\"")]
    [InlineData("true")]
    [InlineData("1e400")]
    [InlineData("[1]")]
    [InlineData("10000000000")]
    public async Task What_is_no_price_refuses_the_row_and_no_other(string price)
    {
        var read = await Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev("acme", ("bad", $"{{ \"input\": {price}, \"output\": 1 }}"), ("good", null)));

        Assert.Equal(["acme/good"], read.Listings.Select(l => l.Id.ToString()));
        Assert.Equal(["acme/bad"], read.Faults.Select(f => f.Id.ToString()));
    }
}
