using System.Data.Common;
using System.Globalization;
using Sluice.Catalog.Sample;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Catalog.Tests.Sources;

namespace Sluice.Catalog.Tests.Store;

/// <summary>What taking in readings promises on every database. Derive once per database; add no tests there.</summary>
public abstract class SyncStoreContract
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly SyncThresholds _limits = new() { FewestRows = new Dictionary<string, int>() };
    private int _run;

    /// <summary>Address of a database that nobody has used, skipping the test when there can be none.</summary>
    private protected abstract DatabaseAddress NewDatabase();

    /// <summary>A plain connection to it, past the store.</summary>
    private protected abstract DbConnection Connect(DatabaseAddress address);

    private protected abstract string Prefix { get; }

    private DateTimeOffset Now => Start.AddHours(2 * _run);

    [Fact]
    public async Task A_row_is_stored_whole_and_an_unchanged_one_is_counted_as_such()
    {
        await using var catalogue = await OpenAsync();
        var read = await ModelsDevAsync("acme", ("lyra-2-fp8-2026-03-01", """
            { "input": 0.1, "output": 2.5, "cache_read": 0.01, "reasoning": 3, "tiers": [ { "tier": { "type": "context", "size": 200000 }, "input": 0.2, "output": 5 } ] }
            """), ("free:free", """{ "input": 0, "output": 0 }"""));

        var first = await MergeAsync(catalogue, read);
        var second = await MergeAsync(catalogue, read);

        Assert.Equal((SyncStatuses.Completed, 2, 2, 0, 0), (first.Status, first.Fetched, first.Stored, first.Updated, first.Unchanged));
        Assert.Equal((SyncStatuses.Completed, 2, 0, 0, 2), (second.Status, second.Fetched, second.Stored, second.Updated, second.Unchanged));
        var offer = (await FindAsync(catalogue, "acme/lyra-2-fp8-2026-03-01"))!;
        Assert.Equal(new Pricing(PriceKind.Fixed, 0.1m, 2.5m, 0.01m, Reasoning: 3), offer.Pricing);
        Assert.Equal(("lyra|2", "20260301", null, "models.dev"), (offer.Model.Key, offer.Version, offer.Variant, offer.Source));
        Assert.Equal((128_000, true, "2026-03"), (offer.Context, offer.Model.OpenWeights, offer.Model.ReleaseDate));
        Assert.Equal("free", (await FindAsync(catalogue, "acme/free:free"))!.Variant);
        Assert.Equal(("context", 200_000L, 5m), (
            await SqlAsync(catalogue, "SELECT kind FROM {0}offer_tier"),
            Convert.ToInt64(await SqlAsync(catalogue, "SELECT min_tokens FROM {0}offer_tier"), CultureInfo.InvariantCulture),
            decimal.Parse(Convert.ToString(await SqlAsync(catalogue, "SELECT output FROM {0}offer_tier"), CultureInfo.InvariantCulture)!, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_changed_price_is_stored_with_its_tiers_and_kept_in_the_history()
    {
        await using var catalogue = await OpenAsync();
        await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", """{ "input": 1, "output": 2, "context_over_200k": { "input": 2, "output": 4 } }""")));

        var outcome = await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", """{ "input": 1.5, "output": 2 }""")));

        Assert.Equal((1, 1), (outcome.Updated, outcome.PriceChanges));
        Assert.Equal(new PriceDifference("acme/m", Fixed(1, 2), Fixed(1.5m, 2)), Assert.Single(outcome.Differences));
        Assert.Equal(Fixed(1.5m, 2), (await FindAsync(catalogue, "acme/m"))!.Pricing);
        Assert.Equal(0, await CountAsync(catalogue, "offer_tier"));
        Assert.Equal(1, await CountAsync(catalogue, "price_history", "sync_id = 'run-2' AND changed_by = 'sync:models.dev'"));
        Assert.Contains("1.5", Convert.ToString(await SqlAsync(catalogue, "SELECT new FROM {0}price_history"), CultureInfo.InvariantCulture)!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_syncs_wrote_is_read_back_with_the_model_its_prices_its_sources_and_a_generation()
    {
        await using var catalogue = await OpenAsync();
        Assert.Equal("", await catalogue.ReadGenerationAsync(default));
        Assert.Empty(await catalogue.ListSourcesAsync(default));
        SourceSnapshot[] reads =
        [
            await OpenRouterAsync(Rows.OpenRouterRow("openai/m-2", """{ "prompt": "1e-6", "completion": "2e-6" }""", """, "hugging_face_id": "openai/M-2" """)),
            await Reading.OfAsync(SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "M 2 (high)", "1", "1", "100.5"))),
            await Reading.OfAsync(SourceNames.HuggingFace, """[{ "id": "openai/M-2", "downloads": 5, "likes": 1 }]"""),
        ];
        foreach (var read in reads)
        {
            await MergeAsync(catalogue, read);
            await Syncs(catalogue).EndAsync($"run-{_run}", null, Now, default);
        }

        foreach (var price in new[] { "2e-6", "3e-6", "4e-6" })
        {
            await MergeAsync(catalogue, await OpenRouterAsync(Rows.OpenRouterRow("openai/m-2", $$"""{ "prompt": "{{price}}", "completion": "2e-6" }""")));
            Assert.Equal($"run-{_run - 1}", await catalogue.ReadGenerationAsync(default));
            await Syncs(catalogue).EndAsync($"run-{_run}", null, Now, default);
            Assert.Equal($"run-{_run}", await catalogue.ReadGenerationAsync(default));
        }

        var offer = (await FindAsync(catalogue, "openrouter/openai/m-2"))!;
        var model = (await catalogue.FindModelAsync(offer.Model.Key, default))!;
        Assert.Equal(("M 2 (high)", "high", 23.8m, 100.5m), model.Measurements.Select(m => (m.Name, m.Effort, m.Intelligence, m.TokensPerSecond)).Single());
        Assert.Equal(new Repository("openai/M-2", 5, 1), Assert.Single(model.Repositories));

        var newest = await catalogue.ListPriceChangesAsync(offer.Id, null, 2, default);
        var rest = await catalogue.ListPriceChangesAsync(offer.Id, newest[^1].Position, 2, default);
        Assert.Equal([(3m, 4m), (2m, 3m), (1m, 2m)], newest.Concat(rest).Select(change => (change.Old.Input!.Value, change.New.Input!.Value)));
        Assert.Equal((Now, "run-6", "sync:openrouter"), (newest[0].Position.At, newest[0].Position.SyncId, newest[0].ChangedBy));

        await Syncs(catalogue).RecordFailureAsync("run-6", SourceNames.HuggingFace, "It is away.", Now, default);
        var sources = await catalogue.ListSourcesAsync(default);
        Assert.Equal(
            [("artificial-analysis", "completed", true), ("huggingface", "failed", true), ("openrouter", "completed", true)],
            sources.Select(source => (source.Source, source.Status, source.GoodAt is not null)));
        Assert.True(sources[1].GoodAt < sources[1].ReadAt);
    }

    [Fact]
    public async Task Trap_7_other_last_digits_change_the_row_and_not_the_price()
    {
        await using var catalogue = await OpenAsync();
        await MergeAsync(catalogue, await OpenRouterAsync(Rows.OpenRouterRow("x/m", """{ "prompt": "0.0000000833333333333333", "completion": "1e-7" }""")));

        var outcome = await MergeAsync(catalogue, await OpenRouterAsync(Rows.OpenRouterRow("x/m", """{ "prompt": "0.0000000833333333333334", "completion": "1e-7" }""")));

        Assert.Equal((1, 0), (outcome.Updated, outcome.PriceChanges));
        Assert.Equal(0, await CountAsync(catalogue, "price_history"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trap_11_openrouters_own_price_counts_whichever_list_comes_first(bool ownFirst)
    {
        await using var catalogue = await OpenAsync();
        var copy = await ModelsDevAsync("openrouter", ("x/m", """{ "input": 7, "output": 9 }"""), ("x/only-there", """{ "input": 1, "output": 1 }"""));
        var own = await OpenRouterAsync(Rows.OpenRouterRow("x/m", """{ "prompt": "0.000001", "completion": "0.000002" }"""));

        foreach (var read in ownFirst ? new[] { own, copy, own } : [copy, own, copy])
        {
            await MergeAsync(catalogue, read);
        }

        var offer = (await FindAsync(catalogue, "openrouter/x/m"))!;
        Assert.Equal((SourceNames.OpenRouter, Fixed(1, 2)), (offer.Source, offer.Pricing));
        Assert.Equal(SourceNames.ModelsDev, (await FindAsync(catalogue, "openrouter/x/only-there"))!.Source);
        Assert.Equal(2, await CountAsync(catalogue, "offer"));
        Assert.Equal(3, await CountAsync(catalogue, "offer_source"));
        Assert.Equal(0, await CountAsync(catalogue, "quarantine"));
    }

    [Fact]
    public async Task Trap_14_an_alias_makes_no_model_and_one_without_its_target_is_held()
    {
        await using var catalogue = await OpenAsync();
        const string Price = """{ "prompt": "0.000001", "completion": "0.000002" }""";

        var outcome = await MergeAsync(catalogue, await OpenRouterAsync(
            Rows.OpenRouterRow("x/gpt-5.6-sol", Price),
            Rows.OpenRouterRow("~x/gpt-latest", Price, """, "alias_target": { "name": "Sol", "slug": "x/gpt-5.6-sol" }"""),
            Rows.OpenRouterRow("~x/lost-latest", Price, """, "alias_target": { "name": "Lost", "slug": "x/lost" }""")));

        Assert.Equal(1, outcome.Quarantined);
        Assert.Equal(1, await CountAsync(catalogue, "model"));
        Assert.Equal(("gpt-sol|5.6", "x/gpt-5.6-sol"), ((await FindAsync(catalogue, "openrouter/~x/gpt-latest"))!.Model.Key, (await FindAsync(catalogue, "openrouter/~x/gpt-latest"))!.AliasOf));
        Assert.Null(await FindAsync(catalogue, "openrouter/~x/lost-latest"));
    }

    [Fact]
    public async Task Trap_15_a_slug_that_is_handed_on_changes_no_other_benchmark()
    {
        await using var catalogue = await OpenAsync();
        await MergeAsync(catalogue, await Reading.OfAsync(SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "Mako V4", "1", "2", "50"))));

        var outcome = await MergeAsync(catalogue, await Reading.OfAsync(
            SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "Mako V4", "1", "2", "50"), ("2", "Mako V5 (high)", "0", "0", "0"))));

        Assert.Equal(2, await CountAsync(catalogue, "benchmark"));
        Assert.Equal(1, await CountAsync(catalogue, "benchmark", "aa_id = '2' AND model_key = 'mako-v|5' AND effort = 'high' AND input IS NULL AND tokens_per_second IS NULL"));
        Assert.Equal(SyncStatuses.Completed, outcome.Status);
    }

    [Fact]
    public async Task Popularity_counts_for_a_model_only_when_openrouter_or_the_labs_own_name_says_so()
    {
        await using var catalogue = await OpenAsync();
        await MergeAsync(catalogue, await OpenRouterAsync(
            Rows.OpenRouterRow("qwen/qwen3-8b", "{}"), Rows.OpenRouterRow("z-ai/glm-5", "{}", """, "hugging_face_id": "Somebody/Glm-Five" """)));

        await MergeAsync(catalogue, await Reading.OfAsync(SourceNames.HuggingFace, """
            [{ "id": "Qwen/Qwen3-8B", "downloads": 5, "likes": 1 }, { "id": "bartowski/Qwen3-8B-GGUF", "downloads": 5, "likes": 1 }, { "id": "somebody/glm-five", "downloads": 5, "likes": 1 }]
            """));

        Assert.Equal(1, await CountAsync(catalogue, "hf_stat", "hf_id = 'Qwen/Qwen3-8B' AND model_key = '8b-qwen|3'"));
        Assert.Equal(1, await CountAsync(catalogue, "hf_stat", "hf_id = 'bartowski/Qwen3-8B-GGUF' AND model_key IS NULL"));
        Assert.Equal(1, await CountAsync(catalogue, "hf_stat", "hf_id = 'somebody/glm-five' AND model_key = 'glm|5'"));
        Assert.Equal(2, await CountAsync(catalogue, "model"));
    }

    [Fact]
    public async Task Popularity_counts_for_a_model_whose_weights_models_dev_says_are_there_and_openrouter_goes_before_it()
    {
        await using var catalogue = await OpenAsync();
        await using var server = await ListServer.StartAsync();
        server.Json("/api.json", Rows.ModelsDev("acme", ("lyra-2", null)));
        server.Json("/models.json", """
            { "acme/lyra-2": { "name": "Lyra 2", "weights": [ { "label": "Hugging Face", "url": "https://huggingface.co/Elsewhere/Lyra-Two" }, { "url": "https://modelscope.cn/a/b" } ] },
              "acme/other": { "weights": [ { "url": "https://huggingface.co/somebody/glm-five/tree/main" }, { "url": "https://huggingface.co/elsewhere/lyra-two" }, { "url": "no url" }, {} ] },
              "acme/closed": { "open_weights": false } }
            """);
        await MergeAsync(catalogue, await Reading.From(server, SourceNames.ModelsDev).ReadAsync());
        await MergeAsync(catalogue, await OpenRouterAsync(Rows.OpenRouterRow("z-ai/glm-5", "{}", """, "hugging_face_id": "Somebody/Glm-Five" """)));

        await MergeAsync(catalogue, await Reading.OfAsync(SourceNames.HuggingFace, """
            [{ "id": "Elsewhere/Lyra-Two", "downloads": 5, "likes": 1 }, { "id": "Elsewhere/Lyra-2", "downloads": 5, "likes": 1 }, { "id": "Somebody/Glm-Five", "downloads": 5, "likes": 1 }]
            """));

        Assert.Equal(1, await CountAsync(catalogue, "hf_stat", "hf_id = 'Elsewhere/Lyra-Two' AND model_key = 'lyra|2'"));
        Assert.Equal(1, await CountAsync(catalogue, "hf_stat", "hf_id = 'Elsewhere/Lyra-2' AND model_key IS NULL"));
        Assert.Equal(1, await CountAsync(catalogue, "hf_stat", "hf_id = 'Somebody/Glm-Five' AND model_key = 'glm|5'"));

        // Without the list of models the offers are read all the same, and what was known stays.
        server.Json("/models.json", "<html>", 503);
        var outcome = await MergeAsync(catalogue, await Reading.From(server, SourceNames.ModelsDev).ReadAsync());
        Assert.Equal((SyncStatuses.Completed, 1), (outcome.Status, outcome.Unchanged));
        Assert.Equal(2, await CountAsync(catalogue, "model_weights"));
    }

    [Fact]
    public async Task Benchmarks_and_popularity_are_counted_as_new_changed_or_unchanged_and_one_that_comes_back_is_written()
    {
        await using var catalogue = await OpenAsync();
        await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", null)));
        var benchmarks = await Reading.OfAsync(SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "A", "1", "1", "1"), ("2", "B", "1", "1", "1")));
        var changed = await Reading.OfAsync(SourceNames.ArtificialAnalysis, Rows.ArtificialAnalysis(("1", "A", "2", "1", "1")));
        var popularity = await Reading.OfAsync(SourceNames.HuggingFace, """[{ "id": "qwen/Qwen3-8B", "downloads": 5, "likes": 1 }]""");
        List<(int, int, int, int, string)> counts = [];
        foreach (var read in new[] { benchmarks, benchmarks, changed, benchmarks, popularity, popularity })
        {
            var outcome = await MergeAsync(catalogue, read);
            var health = (await Syncs(catalogue).EndAsync($"run-{_run}", null, Now, default)).Health!;
            counts.Add((outcome.Stored, outcome.Updated, outcome.Unchanged, outcome.Missing, health.Status));
        }

        Assert.Equal(
            [
                (2, 0, 0, 0, SyncHealth.Healthy), (0, 0, 2, 0, SyncHealth.Healthy), (0, 1, 0, 1, SyncHealth.Healthy), (0, 2, 0, 0, SyncHealth.Healthy),
                (1, 0, 0, 0, SyncHealth.Healthy), (0, 0, 1, 0, SyncHealth.Healthy),
            ],
            counts);
        Assert.Equal(2, await CountAsync(catalogue, "benchmark", "missing_since IS NULL AND missed_runs = 0 AND model_key IN ('a|', 'b|')"));

        // A model that comes after its repository.
        await MergeAsync(catalogue, await OpenRouterAsync(Rows.OpenRouterRow("qwen/qwen3-8b", "{}")));
        Assert.Equal((1, 0), (await Syncs(catalogue).LinkPopularityAsync(default), await Syncs(catalogue).LinkPopularityAsync(default)));
        Assert.Equal((0, 1), (await MergeAsync(catalogue, popularity)) is { } again ? (again.Updated, again.Unchanged) : default);
        Assert.Equal(1, await CountAsync(catalogue, "hf_stat", "model_key = '8b-qwen|3'"));
    }

    [Fact]
    public async Task A_row_that_was_never_believed_is_let_go_when_it_is()
    {
        await using var catalogue = await OpenAsync();
        var benchmarks = Rows.ArtificialAnalysis(("1", "A", "1", "1", "1"), ("2", "B", "1", "1", "1"));
        const string Price = """{ "prompt": "0.000001", "completion": "0.000002" }""";
        const string Alias = """, "alias_target": { "name": "Late", "slug": "x/late" }""";
        (SourceSnapshot Odd, SourceSnapshot Right)[] reads =
        [
            (await ModelsDevAsync("acme", ("m", """{ "input": "one" }"""), ("other", null)), await ModelsDevAsync("acme", ("m", """{ "input": 1, "output": 2 }"""), ("other", null))),
            (
                await Reading.OfAsync(SourceNames.ArtificialAnalysis, benchmarks.Replace("\"name\": \"B\",", "", StringComparison.Ordinal)),
                await Reading.OfAsync(SourceNames.ArtificialAnalysis, benchmarks)),
            (
                await OpenRouterAsync(Rows.OpenRouterRow("x/m", Price), Rows.OpenRouterRow("~x/latest", Price, Alias)),
                await OpenRouterAsync(Rows.OpenRouterRow("x/m", Price), Rows.OpenRouterRow("~x/latest", Price, Alias), Rows.OpenRouterRow("x/late", Price))),
        ];
        foreach (var (odd, right) in reads)
        {
            Assert.Equal((1, 1, 1), ((await MergeAsync(catalogue, odd)).Quarantined, await HeldAsync(), (await MergeAsync(catalogue, odd)).Unchanged));
            Assert.Equal((0, 0), ((await MergeAsync(catalogue, right)).Quarantined, await HeldAsync()));
            Assert.Equal((0, 0), ((await MergeAsync(catalogue, right)).Stored, await HeldAsync()));
        }

        Assert.Equal(Fixed(1, 2), (await FindAsync(catalogue, "acme/m"))!.Pricing);
        Assert.Equal(2, await CountAsync(catalogue, "benchmark"));
        Assert.Equal("x/late", (await FindAsync(catalogue, "openrouter/~x/latest"))!.AliasOf);

        Task<long> HeldAsync() => CountAsync(catalogue, "quarantine", "released_at IS NULL");
    }

    [Fact]
    public async Task A_row_that_is_gone_stays_is_hidden_after_three_good_runs_and_comes_back()
    {
        await using var catalogue = await OpenAsync();
        var both = await ModelsDevAsync("acme", ("a", null), ("b", null));
        var one = await ModelsDevAsync("acme", ("a", null));
        await MergeAsync(catalogue, both);

        List<bool> shown = [];
        for (var i = 0; i < 4; i++)
        {
            await MergeAsync(catalogue, one);
            shown.Add((await catalogue.ListAsync(new OfferFilter { Provider = "acme" }, null, 10, default)).Offers.Count == 2);
        }

        Assert.Equal([true, true, false, false], shown);
        Assert.Null(await FindAsync(catalogue, "acme/b"));
        Assert.Equal(2, await CountAsync(catalogue, "offer"));
        Assert.Equal(
            Start.AddHours(4).ToUnixTimeMilliseconds(),
            Convert.ToInt64(await SqlAsync(catalogue, "SELECT missing_since FROM {0}offer WHERE provider_model_id = 'b'"), CultureInfo.InvariantCulture));
        Assert.Equal(1, await CountAsync(catalogue, "model", "last_seen IS NOT NULL"));

        await MergeAsync(catalogue, both);
        Assert.Equal(2, (await catalogue.ListAsync(new OfferFilter { Provider = "acme" }, null, 10, default)).Offers.Count);
        Assert.Equal(0, await CountAsync(catalogue, "model", "last_seen IS NOT NULL"));
    }

    [Fact]
    public async Task A_refused_list_changes_nothing_and_the_history_says_why()
    {
        await using var catalogue = await OpenAsync();
        await MergeAsync(catalogue, await ManyAsync(20));

        var outcome = await MergeAsync(catalogue, await ManyAsync(10));

        Assert.Equal(SyncStatuses.Failed, outcome.Status);
        Assert.Equal(20, await CountAsync(catalogue, "offer", "missing_since IS NULL"));
        var run = (await Syncs(catalogue).FindRunAsync("run-2", default))!;
        Assert.Equal("10 of 20 rows are gone since the last good run.", Assert.Single(Assert.Single(run.Sources).Errors));
    }

    [Fact]
    public async Task A_held_price_stays_as_it_was_while_the_rest_of_the_row_goes_on()
    {
        await using var catalogue = await OpenAsync();
        var prices = Enumerable.Range(0, 30).Select(n => ($"m{n}", (string?)"""{ "input": 1, "output": 2, "context_over_200k": { "input": 2, "output": 4 } }""")).ToArray();
        await MergeAsync(catalogue, await ModelsDevAsync("acme", prices));
        prices[3] = ("m3", """{ "input": 11, "output": 2 }""");
        var jumped = await ModelsDevAsync("acme", prices);

        var outcome = await MergeAsync(catalogue, jumped);
        var again = await MergeAsync(catalogue, jumped);

        Assert.Equal((SyncStatuses.Completed, 1, 1, 0), (outcome.Status, outcome.Updated, outcome.Quarantined, outcome.PriceChanges));
        Assert.Equal((0, 1, 29), (again.Updated, again.Quarantined, again.Unchanged));
        Assert.Equal(Fixed(1, 2), (await FindAsync(catalogue, "acme/m3"))!.Pricing);
        Assert.Equal(30, await CountAsync(catalogue, "offer_tier"));
        Assert.Equal(1, await CountAsync(catalogue, "quarantine", "reason = 'jump' AND released_at IS NULL AND sync_id = 'run-2'"));

        var forced = await MergeAsync(catalogue, jumped, force: true);
        Assert.Equal((1, 1), (forced.Updated, forced.PriceChanges));
        Assert.Equal(Fixed(11, 2), (await FindAsync(catalogue, "acme/m3"))!.Pricing);
        Assert.Equal(29, await CountAsync(catalogue, "offer_tier"));
        Assert.Equal(0, await CountAsync(catalogue, "quarantine", "released_at IS NULL"));
    }

    [Fact]
    public async Task A_new_offer_with_an_implausible_price_is_there_without_it()
    {
        await using var catalogue = await OpenAsync();

        await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", """{ "input": 3000, "output": 2 }""")));

        Assert.Equal(Pricing.Unknown, (await FindAsync(catalogue, "acme/m"))!.Pricing);
        Assert.Equal(1, await CountAsync(catalogue, "quarantine", "reason = 'implausible'"));
    }

    [Fact]
    public async Task A_price_that_becomes_nothing_is_believed_the_second_time_in_a_row()
    {
        await using var catalogue = await OpenAsync();
        var paid = await ModelsDevAsync("acme", ("m", """{ "input": 1, "output": 2 }"""));
        var free = await ModelsDevAsync("acme", ("m", """{ "input": 0, "output": 0 }"""));
        List<PriceKind> kinds = [];
        foreach (var read in new[] { paid, free, paid, free, free })
        {
            await MergeAsync(catalogue, read);
            kinds.Add((await FindAsync(catalogue, "acme/m"))!.Pricing.Kind);
        }

        Assert.Equal([PriceKind.Fixed, PriceKind.Fixed, PriceKind.Fixed, PriceKind.Fixed, PriceKind.Free], kinds);
        Assert.Equal(1, await CountAsync(catalogue, "price_history"));
        Assert.Equal(0, await CountAsync(catalogue, "quarantine", "released_at IS NULL"));
    }

    [Fact]
    public async Task An_unreadable_row_leaves_what_is_stored_under_its_id()
    {
        await using var catalogue = await OpenAsync();
        await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", """{ "input": 1, "output": 2 }"""), ("other", null)));

        var outcome = await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", """{ "input": "one", "output": 2 }"""), ("other", null)));

        Assert.Equal((1, 0, 1), (outcome.Quarantined, outcome.Missing, outcome.Unchanged));
        Assert.Equal(Fixed(1, 2), (await FindAsync(catalogue, "acme/m"))!.Pricing);
    }

    [Fact]
    public async Task A_dry_run_tells_the_difference_and_writes_nothing()
    {
        await using var catalogue = await OpenAsync();
        await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", """{ "input": 1, "output": 2 }""")));

        var outcome = await Syncs(catalogue).MergeAsync(
            await ModelsDevAsync("acme", ("m", """{ "input": 3, "output": 2 }"""), ("new", null)), new MergeRequest("dry", Now, "sync", DryRun: true), default);

        Assert.Equal((1, 1, "acme/m"), (outcome.Stored, outcome.PriceChanges, outcome.Differences.Single().Offer));
        Assert.Equal(Fixed(1, 2), (await FindAsync(catalogue, "acme/m"))!.Pricing);
        Assert.Equal((1L, 1L), (await CountAsync(catalogue, "offer"), await CountAsync(catalogue, "sync_source_run")));
    }

    [Fact]
    public async Task The_sample_ends_where_real_offers_begin()
    {
        await using var catalogue = await OpenAsync();
        await catalogue.SeedAsync(SampleCatalogue.Read, default);
        Assert.Equal(60, await catalogue.CountAsync(default));

        await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", null)));

        Assert.Equal(1, await catalogue.CountAsync(default));
        Assert.Equal(61, await CountAsync(catalogue, "offer"));

        // A real offer of the same id takes the place of an invented one.
        var invented = SampleCatalogue.Read()[0].Id;
        await MergeAsync(catalogue, await ModelsDevAsync(("acme", [("m", null)]), (invented.Provider, [(invented.ModelId, """{ "input": 7, "output": 9 }""")])));

        Assert.Equal((SourceNames.ModelsDev, Fixed(7, 9)), (await catalogue.FindAsync(invented, default)) is { } real ? (real.Source, real.Pricing) : default);
        Assert.Equal(61, await CountAsync(catalogue, "offer"));
    }

    [Fact]
    public async Task The_labs_own_shop_says_what_a_model_is_and_anybody_whether_its_weights_are_open()
    {
        await using var catalogue = await OpenAsync();
        await MergeAsync(catalogue, await ModelsDevAsync("acme", ("lyra-2", null)));
        await MergeAsync(catalogue, await OpenRouterAsync(Rows.OpenRouterRow("openai/lyra-2", "{}").Replace("\"name\": \"openai/lyra-2\"", "\"name\": \"OpenAI: Lyra 2\"", StringComparison.Ordinal)));
        var after = (await FindAsync(catalogue, "acme/lyra-2"))!.Model;
        Assert.Equal(("openai", "OpenAI: Lyra 2", true), (after.Lab, after.Name, after.OpenWeights));

        await MergeAsync(catalogue, await ModelsDevAsync(("acme", [("lyra-2", null)]), ("openai", [("Lyra-2", null)])));
        Assert.Equal(("openai", "Lyra-2"), ((await FindAsync(catalogue, "acme/lyra-2"))!.Model.Lab, (await FindAsync(catalogue, "acme/lyra-2"))!.Model.Name));
    }

    [Fact]
    public async Task Trap_12_a_price_a_thousandfold_from_its_models_median_is_marked_and_kept()
    {
        await using var catalogue = await OpenAsync();
        (string, (string, string?)[])[] shops = [.. new[] { "a", "b", "c", "d", "e" }.Select((shop, n) =>
            (shop, new[] { ("mistral-nemo", (string?)(n == 4 ? """{ "input": 20, "output": 40 }""" : """{ "input": 0.02, "output": 0.04 }""")) }))];
        await MergeAsync(catalogue, await ModelsDevAsync(shops));

        Assert.Equal(1, await Syncs(catalogue).CrossCheckAsync("run-1", Now, default));
        Assert.Equal(1, await Syncs(catalogue).CrossCheckAsync("run-2", Now, default));
        Assert.Equal(20, (await FindAsync(catalogue, "e/mistral-nemo"))!.Pricing.Input);
        Assert.Equal(1, await CountAsync(catalogue, "quarantine", "reason = 'cross-check' AND provider_id = 'e' AND sync_id = 'run-1' AND released_at IS NULL"));

        shops[4] = ("e", [("mistral-nemo", """{ "input": 0.02, "output": 0.04 }""")]);
        await MergeAsync(catalogue, await ModelsDevAsync(shops), force: true);
        Assert.Equal(0, await Syncs(catalogue).CrossCheckAsync("run-3", Now, default));
        Assert.Equal(0, await CountAsync(catalogue, "quarantine", "released_at IS NULL"));
    }

    [Fact]
    public async Task One_run_of_a_kind_at_a_time_and_the_second_learns_of_the_first()
    {
        await using var catalogue = await OpenAsync();
        var syncs = Syncs(catalogue);

        Assert.Null(await syncs.BeginAsync(Beginning("a"), TimeSpan.FromHours(1), default));
        Assert.Null(await syncs.BeginAsync(Beginning("a"), TimeSpan.FromHours(1), default));
        Assert.Equal("a", await syncs.BeginAsync(Beginning("b"), TimeSpan.FromHours(1), default));
        Assert.Null(await syncs.BeginAsync(Beginning("p") with { Kind = SyncKinds.Prices }, TimeSpan.FromHours(1), default));
        Assert.Equal(SyncStatuses.Failed, (await syncs.EndAsync("a", null, Now, default)).Status);
        Assert.Null(await syncs.BeginAsync(Beginning("b"), TimeSpan.FromHours(1), default));
    }

    [Fact]
    public async Task Of_many_that_begin_at_once_one_does()
    {
        await using var catalogue = await OpenAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => Syncs(catalogue).BeginAsync(Beginning($"r{n}"), TimeSpan.FromHours(1), default))));

        Assert.Single(answers, answer => answer is null);
        Assert.Single(answers.OfType<string>().Distinct());
    }

    [Fact]
    public async Task A_run_whose_process_is_gone_is_marked_and_the_next_begins()
    {
        await using var catalogue = await OpenAsync();
        var syncs = Syncs(catalogue);
        await syncs.BeginAsync(Beginning("dead"), TimeSpan.FromHours(1), default);

        Assert.Null(await syncs.BeginAsync(Beginning("next") with { At = Now.AddHours(2) }, TimeSpan.FromHours(1), default));

        var dead = (await syncs.FindRunAsync("dead", default))!;
        Assert.Equal((SyncStatuses.Failed, "abandoned: its process ended before it did"), (dead.Status, dead.Message));
    }

    [Fact]
    public async Task The_history_lists_runs_newest_first_with_what_became_of_each_source()
    {
        await using var catalogue = await OpenAsync();
        var syncs = Syncs(catalogue);
        await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", null)));
        await syncs.RecordFailureAsync("run-1", SourceNames.OpenRouter, "It is away.", Now, default);
        var ended = await syncs.EndAsync("run-1", "said", Now, default);
        await MergeAsync(catalogue, await ModelsDevAsync("acme", ("m", null)));

        Assert.Equal((SyncStatuses.Partial, "said", Start.AddHours(2)), (ended.Status, ended.Message, ended.EndedAt));
        var runs = await syncs.ListRunsAsync(SyncKinds.Models, 10, default);
        Assert.Equal(["run-2", "run-1"], runs.Select(run => run.Id));
        Assert.Equal(["models.dev:completed:1", "openrouter:failed:0"], runs[1].Sources.Select(source => $"{source.Source}:{source.Status}:{source.Fetched}"));
        Assert.Equal(["run-2"], (await syncs.ListRunsAsync(SyncKinds.Models, 1, default)).Select(run => run.Id));
    }

    [Fact]
    public async Task After_a_run_the_catalogue_is_looked_at_and_what_is_found_stands_in_the_history()
    {
        await using var catalogue = await OpenAsync();
        var syncs = Syncs(catalogue);

        await syncs.BeginAsync(Beginning("empty"), TimeSpan.FromHours(1), default);
        await syncs.RecordFailureAsync("empty", SourceNames.ModelsDev, "It is away.", Now, default);
        Assert.Equal(SyncHealth.Unhealthy, (await syncs.EndAsync("empty", null, Now, default)).Health!.Status);

        await MergeAsync(catalogue, await ManyAsync(20));
        Assert.Equal(SyncHealth.Healthy, (await syncs.EndAsync("run-1", null, Now, default)).Health!.Status);

        // A row is held and one could not be read: both count, and neither is a fault of the catalogue.
        await MergeAsync(catalogue, await OpenRouterAsync([.. Enumerable.Range(0, 18).Select(n => Rows.OpenRouterRow($"x/m{n}", "{}")), Rows.OpenRouterRow("x/m18", """{ "prompt": "9" }"""), """{ "id": 5 }"""]));
        Assert.Equal(SyncHealth.Healthy, (await syncs.EndAsync("run-2", null, Now, default)).Health!.Status);

        await MergeAsync(catalogue, await ManyAsync(20));
        await syncs.RecordFailureAsync("run-3", SourceNames.ModelsDev, "It is away.", Now, default);
        var partial = await syncs.EndAsync("run-3", null, Now, default);
        Assert.Equal(new SyncHealth(SyncHealth.Degraded, "models.dev has failed: its old rows stand."), partial.Health);
        Assert.Equal(partial.Health, (await syncs.FindRunAsync("run-3", default))!.Health);

        await MergeAsync(catalogue, await ManyAsync(20));
        await SqlAsync(catalogue, "DELETE FROM {0}offer_source WHERE provider_model_id = 'x/m3'");
        Assert.Equal(
            new SyncHealth(SyncHealth.Degraded, "openrouter has 19 rows, where the run counted 20."),
            (await syncs.EndAsync("run-4", null, Now, default)).Health);
    }

    [Fact]
    public async Task What_runs_come_to_is_read_from_the_history_alone()
    {
        await using var catalogue = await OpenAsync();
        var syncs = Syncs(catalogue);
        await MergeAsync(catalogue, await ManyAsync(20));
        await syncs.EndAsync("run-1", null, Now.AddSeconds(4), default);
        await syncs.BeginAsync(Beginning("by-hand") with { StartedBy = "ana" }, TimeSpan.FromHours(1), default);
        await syncs.EndAsync("by-hand", null, Now.AddSeconds(4), default);
        await syncs.BeginAsync(Beginning("dead"), TimeSpan.FromHours(1), default);
        await syncs.BeginAsync(Beginning("next") with { At = Now.AddHours(2) }, TimeSpan.FromHours(1), default);

        var totals = await new SyncTotals(catalogue).ReadAsync(default);

        Assert.Equal(
            [("models", "completed", 1L, 1L, 4.0), ("models", "failed", 1L, 0L, 0.0)],
            totals.Runs.Select(run => (run.Kind, run.Status, run.Count, run.Timed, run.Duration.TotalSeconds)));
        Assert.Equal([0, 0, 1, 1], totals.Runs[0].Within.Take(4));
        Assert.Equal(new SourceNumbers("models", "openrouter", Now, null), Assert.Single(totals.Sources));
        Assert.Equal(new RunningSync("models", Now.AddHours(2)), Assert.Single(totals.Running));
    }

    [Fact]
    public async Task A_slow_bleed_is_found_by_the_best_of_a_week_and_a_forced_run_begins_anew()
    {
        await using var catalogue = await OpenAsync();
        List<string> statuses = [];
        foreach (var rows in new[] { 100, 94, 89, 89 })
        {
            statuses.Add((await MergeAsync(catalogue, await ManyAsync(rows))).Status);
        }

        statuses.Add((await MergeAsync(catalogue, await ManyAsync(89), force: true)).Status);
        statuses.Add((await MergeAsync(catalogue, await ManyAsync(89))).Status);

        Assert.Equal(["completed", "completed", "failed", "failed", "completed", "completed"], statuses);
    }

    private static Pricing Fixed(decimal input, decimal output) => new(PriceKind.Fixed, input, output);

    private static Task<SourceSnapshot> ModelsDevAsync(string provider, params (string Id, string? Cost)[] rows) =>
        Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev(provider, rows));

    private static Task<SourceSnapshot> ModelsDevAsync(params (string Provider, (string Id, string? Cost)[] Rows)[] shops) =>
        Reading.OfAsync(SourceNames.ModelsDev, Rows.ModelsDev(shops));

    private static Task<SourceSnapshot> OpenRouterAsync(params string[] rows) => Reading.OfAsync(SourceNames.OpenRouter, Rows.OpenRouter(rows));

    private static Task<SourceSnapshot> ManyAsync(int rows) => OpenRouterAsync([.. Enumerable.Range(0, rows).Select(n => Rows.OpenRouterRow($"x/m{n}", "{}"))]);

    private SyncStore Syncs(CatalogStore catalogue) => new(catalogue, _limits);

    private SyncBeginning Beginning(string id) => new(id, SyncKinds.Models, "schedule", Force: false, Now);

    private async Task<SourceOutcome> MergeAsync(CatalogStore catalogue, SourceSnapshot read, bool force = false)
    {
        var id = $"run-{++_run}";
        var syncs = Syncs(catalogue);
        Assert.Null(await syncs.BeginAsync(new SyncBeginning(id, SyncKinds.Models, "schedule", force, Now), TimeSpan.FromMinutes(1), default));
        return await syncs.MergeAsync(read, new MergeRequest(id, Now, $"sync:{read.Source}", force), default);
    }

    private async Task<CatalogStore> OpenAsync() => await CatalogStore.OpenAsync(NewDatabase(), default);

    private static async Task<Offer?> FindAsync(CatalogStore catalogue, string id)
    {
        Assert.True(OfferId.TryParse(id, out var parsed));
        return await catalogue.FindAsync(parsed, default);
    }

    private async Task<long> CountAsync(CatalogStore catalogue, string table, string where = "1 = 1") =>
        Convert.ToInt64(await SqlAsync(catalogue, $"SELECT count(*) FROM {{0}}{table} WHERE {where}"), CultureInfo.InvariantCulture);

    private async Task<object?> SqlAsync(CatalogStore catalogue, string sql)
    {
        await using var connection = Connect(catalogue.Address);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql.Replace("{0}", Prefix, StringComparison.Ordinal);
        return await command.ExecuteScalarAsync();
    }
}
