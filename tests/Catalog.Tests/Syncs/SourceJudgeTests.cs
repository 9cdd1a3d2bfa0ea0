using Sluice.Catalog.Sources;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Tests.Syncs;

/// <summary>When a reading is believed: each guard at its measured default, just inside and just outside.</summary>
public sealed class SourceJudgeTests
{
    private static readonly SyncThresholds Limits = new();
    private static readonly SyncThresholds AnySize = Limits with { FewestRows = new Dictionary<string, int>() };

    [Fact]
    public void A_list_without_rows_is_refused_even_when_forced()
    {
        Assert.Equal("The list has no rows.", Judge(Stored(10), [], force: true).Refusal);
        Assert.StartsWith("None of 3 rows could be read", Judge(Stored(10), [], faults: 3, force: true).Refusal);
    }

    [Theory]
    [InlineData(SourceNames.ModelsDev, 999, 1_000)]
    [InlineData(SourceNames.OpenRouter, 49, 50)]
    [InlineData(SourceNames.Featherless, 19, 20)]
    [InlineData(SourceNames.NearAi, 4, 5)]
    [InlineData(SourceNames.AlibabaCloud, 4, 5)]
    public void A_source_has_a_fewest_number_of_rows(string source, int few, int enough)
    {
        Assert.Contains("fewer than", Judge(Stored(0), Rows(few), source: source, limits: Limits).Refusal);
        Assert.Null(Judge(Stored(0), Rows(few), source: source, force: true, limits: Limits).Refusal);
        Assert.Null(Judge(Stored(0), Rows(enough), source: source, limits: Limits).Refusal);
    }

    [Theory]
    [InlineData(90, 10, false)]
    [InlineData(89, 11, true)]
    [InlineData(3, 5, false)] // five may always be odd
    [InlineData(3, 6, true)]
    public void A_list_of_which_more_than_a_tenth_is_unreadable_has_another_shape(int rows, int faults, bool refused) =>
        Assert.Equal(refused, Judge(Stored(0), Rows(rows), faults: faults).Refusal is not null);

    [Theory]
    [InlineData(100, 90, false)]
    [InlineData(100, 89, true)]
    [InlineData(10, 5, false)]
    [InlineData(10, 4, true)]
    public void A_source_that_lost_more_than_a_tenth_and_more_than_five_is_refused(int before, int now, bool refused)
    {
        var state = Stored(before);

        Assert.Equal(refused, Judge(state, Rows(now)).Refusal is not null);
        Assert.Null(Judge(state, Rows(now), force: true).Refusal);
    }

    [Theory]
    [InlineData(100, 90, false)]
    [InlineData(100, 89, true)]
    public void The_best_of_a_week_counts_as_well(int best, int now, bool refused) =>
        Assert.Equal(refused, Judge(Stored(now) with { BestCount = best }, Rows(now)).Refusal is not null);

    [Fact]
    public void Rows_that_were_missing_already_are_not_missed_again()
    {
        var state = Stored(100);
        var gone = state.Rows.ToDictionary(row => row.Key, row => row.Key.ModelId.CompareTo("m50") > 0 ? row.Value with { MissedRuns = 1 } : row.Value);
        var left = gone.Where(row => row.Value.MissedRuns == 0).Select(row => row.Key.ModelId).ToHashSet();

        var verdict = Judge(new SourceState(gone, null), [.. Rows(100).Where(row => left.Contains(row.Id.ModelId))]);

        Assert.Null(verdict.Refusal);
        Assert.Equal(100 - left.Count, verdict.Missing.Count);
    }

    [Fact]
    public void What_is_hidden_is_not_counted_any_more()
    {
        var rows = Stored(10).Rows.ToDictionary(row => row.Key, row => row.Key.ModelId == "m3" ? row.Value with { MissedRuns = 3 } : row.Value);

        Assert.Empty(Judge(new SourceState(rows, null), [.. Rows(10).Where(row => row.Id.ModelId != "m3")]).Missing);
    }

    [Theory]
    [InlineData(20, 10, false)]
    [InlineData(20, 9, true)]
    [InlineData(8, 3, false)]
    [InlineData(8, 2, true)]
    public void A_provider_that_lost_more_than_half_keeps_its_old_rows_and_the_others_go_on(int before, int now, bool refused)
    {
        var stored = Stored(500, "big").Rows.Concat(Stored(before, "small").Rows).ToDictionary();

        var verdict = Judge(new SourceState(stored, null), [.. Rows(499, "big"), .. Rows(now, "small"), Row("big", "new"), Row("small", "new")]);

        Assert.Null(verdict.Refusal);
        Assert.Equal(refused, verdict.RefusedProviders.Any(provider => provider.Provider == "small"));
        Assert.Equal(refused ? ["big"] : ["big", "small"], verdict.Changes.Select(change => change.Row.Id.Provider).Distinct());
        Assert.Equal(refused ? 1 : 1 + before - now, verdict.Missing.Count);
    }

    [Theory]
    [InlineData("1", "10", null)]
    [InlineData("1", "10.01", HoldReasons.Jump)]
    [InlineData("10.01", "1", HoldReasons.Jump)]
    [InlineData("10", "1", null)]
    [InlineData("1", "100", HoldReasons.Jump)]
    [InlineData("1", "100.1", HoldReasons.UnitError)]
    [InlineData("0.002", "2", HoldReasons.UnitError)] // a thousandfold
    [InlineData("1000", "0.001", HoldReasons.UnitError)] // a millionth
    [InlineData("1", "0.0004", HoldReasons.UnitError)]
    [InlineData("3", "3000000", HoldReasons.UnitError)] // a millionfold
    [InlineData("0.003", "0.0004", HoldReasons.Implausible)]
    [InlineData("0.006", "0.0004", HoldReasons.Implausible)]
    [InlineData("0.002", "0.0005", null)]
    [InlineData("1999", "2000", null)]
    [InlineData("1999", "2000.01", HoldReasons.Implausible)]
    [InlineData("0.0023", "0.0024", null)] // no change is too small
    [InlineData(null, "1500", null)]
    [InlineData(null, "2001", HoldReasons.Implausible)]
    [InlineData("1", "0", HoldReasons.FreeFlip)]
    [InlineData("1", null, null)]
    [InlineData("0", "5", null)]
    public void A_price_is_doubted_from_its_threshold_on(string? old, string? price, string? reason)
    {
        Assert.Equal(reason, SourceJudge.Doubt(old is null ? null : Price(old), price is null ? Pricing.Unknown : Price(price), Limits)?.Reason);
    }

    [Theory]
    [InlineData("output")]
    [InlineData("cacheRead")]
    [InlineData("cacheWrite")]
    [InlineData("reasoning")]
    [InlineData("audioIn")]
    [InlineData("audioOut")]
    [InlineData("imageIn")]
    [InlineData("imageOut")]
    public void Every_price_of_tokens_is_looked_at(string which)
    {
        Assert.Equal(HoldReasons.Jump, SourceJudge.Doubt(With(1), With(11), Limits)?.Reason);

        Pricing With(decimal price) => which switch
        {
            "output" => new Pricing(PriceKind.Fixed, 1, price),
            "cacheRead" => new Pricing(PriceKind.Fixed, 1, 1, CacheRead: price),
            "cacheWrite" => new Pricing(PriceKind.Fixed, 1, 1, CacheWrite: price),
            "reasoning" => new Pricing(PriceKind.Fixed, 1, 1, Reasoning: price),
            "audioIn" => new Pricing(PriceKind.Fixed, 1, 1, AudioIn: price),
            "audioOut" => new Pricing(PriceKind.Fixed, 1, 1, AudioOut: price),
            "imageIn" => new Pricing(PriceKind.Fixed, 1, 1, ImageIn: price),
            _ => new Pricing(PriceKind.Fixed, 1, 1, ImageOut: price),
        };
    }

    [Fact]
    public void A_price_in_another_currency_is_one_in_another_unit() =>
        Assert.Equal(HoldReasons.UnitError, SourceJudge.Doubt(Price("1"), Price("1") with { Currency = "CNY" }, Limits)?.Reason);

    [Theory]
    [InlineData(5, false)]
    [InlineData(6, true)]
    public void A_provider_of_which_more_than_a_twentieth_came_in_another_unit_is_not_believed(int wrong, bool refused)
    {
        Listing[] rows = [.. Rows(100).Select((row, n) => n < wrong ? row with { Pricing = Price("1000"), Raw = new RawRow("{}", "other") } : row)];

        var verdict = Judge(Stored(100), rows);

        Assert.Equal(refused ? 1 : 0, verdict.RefusedProviders.Count);
        Assert.Equal(refused ? 0 : wrong, verdict.Holds.Count);
        Assert.All(verdict.Changes, change => Assert.Equal((Price("1"), null), (change.Price, change.OldPrice)));
        Assert.Equal(wrong, Judge(Stored(100), rows, force: true).Changes.Count(change => change.Price == Price("1000")));
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(6, true)]
    public void A_new_provider_with_many_prices_that_nobody_asks_is_not_believed(int wrong, bool refused) =>
        Assert.Equal(
            refused ? 0 : 100, Judge(Stored(0), [.. Rows(100).Select((row, n) => n < wrong ? row with { Pricing = Price("0.0000003") } : row)]).Changes.Count);

    [Theory]
    [InlineData(5, false)]
    [InlineData(6, true)]
    public void A_provider_whose_prices_vanish_at_once_has_renamed_a_field(int lost, bool refused)
    {
        Listing[] rows = [.. Rows(100).Select((row, n) => n < lost ? row with { Pricing = Pricing.Unknown, Raw = new RawRow("{}", "other") } : row)];

        Assert.Equal(refused ? 1 : 0, Judge(Stored(100), rows).RefusedProviders.Count);
    }

    [Fact]
    public void Trap_11_a_price_from_a_list_that_repeats_it_does_not_count_where_the_provider_speaks_for_itself()
    {
        var id = new OfferId("openrouter", "m");
        var state = new SourceState(new Dictionary<OfferId, StoredRow> { [id] = new("old", 0, Price("1"), OwnedByOther: true, new HashSet<string>()) }, null);

        var change = Judge(state, [Row("openrouter", "m", "500")], source: SourceNames.ModelsDev).Changes.Single();

        Assert.Equal((false, null), (change.IsOwned, change.OldPrice));
    }

    [Fact]
    public void A_providers_own_list_is_not_measured_by_what_others_said_before()
    {
        var id = new OfferId("openrouter", "m");
        var state = new SourceState(new Dictionary<OfferId, StoredRow> { [id] = new(null, 0, Price("1"), OwnedByOther: true, new HashSet<string>()) }, null);

        var change = Judge(state, [Row("openrouter", "m", "500")]).Changes.Single();

        Assert.Equal((true, true, Price("1"), Price("500")), (change.IsOwned, change.IsNew, change.OldPrice!, change.Price));
    }

    [Fact]
    public void Marks_need_four_offers_and_a_factor_above_twenty()
    {
        Assert.Empty(CrossCheck.Marks(Of(1, 1, 21), Limits));
        Assert.Empty(CrossCheck.Marks(Of(1, 1, 1, 20), Limits));
        Assert.Equal(20.1m, CrossCheck.Marks(Of(1, 1, 1, 20.1m), Limits).Single().Offer.Input);
        Assert.Equal(0.04m, CrossCheck.Marks(Of(1, 1, 1, 0.04m), Limits).Single().Offer.Input);
        Assert.Empty(CrossCheck.Marks(Of(1, 1, 20, 20), Limits)); // the median lies between

        static IEnumerable<ComparedOffer> Of(params decimal[] prices) =>
            prices.Select((price, n) => new ComparedOffer(new OfferId($"p{n}", "m"), "models.dev", "m|", price));
    }

    private static SourceVerdict Judge(
        SourceState state, IReadOnlyList<Listing> rows, int faults = 0, bool force = false, string source = SourceNames.OpenRouter, SyncThresholds? limits = null) =>
        SourceJudge.Judge(
            state,
            new SourceSnapshot(source, rows, [], [], [.. Enumerable.Range(0, faults).Select(n => new RowFault(new OfferId("p", $"bad{n}"), "odd", "{}"))])
            {
                Fetched = rows.Count + faults,
            },
            limits ?? AnySize,
            force);

    private static SourceState Stored(int rows, string provider = "p") => new(
        Rows(rows, provider).ToDictionary(row => row.Id, row => new StoredRow(row.Raw.Hash, 0, row.Pricing, OwnedByOther: false, new HashSet<string>())), null);

    private static Listing[] Rows(int count, string provider = "p") => [.. Enumerable.Range(0, count).Select(n => Row(provider, $"m{n}"))];

    private static Listing Row(string provider, string id, string price = "1") =>
        new(new OfferId(provider, id), id, new RawRow("{}", $"hash of {id} {price}")) { Pricing = Price(price) };

    private static Pricing Price(string input) => new Pricing(PriceKind.Unknown, decimal.Parse(input), decimal.Parse(input)).Classify();
}
