using System.Globalization;
using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Syncs;

/// <summary>
/// Decides what of a reading counts. Pure: from what is stored and what came follows what is written. Whatever is not believed leaves what
/// is stored as it is.
/// </summary>
public static class SourceJudge
{
    /// <summary>Judges a reading.</summary>
    /// <param name="state">What is stored of this source.</param>
    /// <param name="read">What came.</param>
    /// <param name="limits">When it is not believed.</param>
    /// <param name="force">An admin says that it is right: sizes, jumps and flips are not held against it. A list without rows never is right.</param>
    public static SourceVerdict Judge(SourceState state, SourceSnapshot read, SyncThresholds limits, bool force)
    {
        var present = Present(read);
        var live = state.Rows.Where(row => row.Value is { Hash: not null, IsMissing: false }).Select(row => row.Key).ToList();
        var missing = live.Where(id => !present.Contains(id)).ToList();
        if (Refusal(state, read, live.Count, missing.Count, limits, force) is { } refusal)
        {
            return SourceVerdict.Refused(refusal);
        }

        var judged = read.Listings.Select(row => row.AliasOf is { } target && !present.Contains(row.Id with { ModelId = target })
            ? JudgedRow.WithoutTarget(row)
            : JudgeRow(state.Rows.GetValueOrDefault(row.Id), row, read.Source, limits, force)).ToList();
        var refused = force ? [] : RefusedProviders(live, missing, judged, limits);
        var kept = judged.Where(row => !refused.ContainsKey(row.Listing.Id.Provider)).ToList();
        var facts = Facts(read).Select(fact => (fact.Id, fact.Hash, Stored: state.Rows.GetValueOrDefault(fact.Id))).ToList();
        var changedFacts = facts.Where(fact => fact.Stored is not { IsMissing: false } stored
                || stored.Hash != fact.Hash
                || stored.ModelKey != state.Models.GetValueOrDefault(fact.Id.ModelId))
            .Select(fact => new FactChange(fact.Id.ModelId, fact.Stored?.Hash is null, state.Models.GetValueOrDefault(fact.Id.ModelId)))
            .ToList();
        return new SourceVerdict(
            null,
            [.. kept.Where(row => row.Change is not null).Select(row => row.Change!)],
            [
                .. state.Rows
                    .Where(row => row.Value is { Hash: not null, MissedRuns: < SyncThresholds.MissesUntilHidden } && !present.Contains(row.Key))
                    .Where(row => !refused.ContainsKey(row.Key.Provider))
                    .Select(row => row.Key),
            ],
            [
                .. kept.Where(row => row.Hold is not null).Select(row => row.Hold!),
                .. read.Faults.Where(fault => !refused.ContainsKey(fault.Id.Provider))
                    .Select(fault => new Hold(fault.Id, HoldReasons.Unreadable, fault.Reason, "", fault.Raw)),
            ],
            [
                .. kept.SelectMany(row => row.Released.Select(reason => (row.Listing.Id, reason))),
                .. facts.Where(fact => fact.Stored is not null).SelectMany(fact => fact.Stored!.Held.Select(reason => (fact.Id, reason))),
            ],
            [.. refused.Select(provider => (provider.Key, provider.Value))],
            kept.Count(row => row is { Change: null, Hold: null }) + facts.Count - changedFacts.Count)
        {
            Facts = changedFacts,
        };
    }

    /// <summary>Why a price is not believed; null when it is.</summary>
    /// <param name="old">The stored price; null when there is none.</param>
    /// <param name="price">The price that came.</param>
    /// <param name="limits">When it is not believed.</param>
    public static (string Reason, string Detail)? Doubt(Pricing? old, Pricing price, SyncThresholds limits)
    {
        // Another unit first: it explains a price that nobody asks, and counts against the whole provider.
        return (old is null ? null : DoubtChange(old, price, limits)) switch
        {
            { Reason: HoldReasons.UnitError } unit => unit,
            var change => DoubtAlone(price, limits) ?? change,
        };
    }

    private static (string Reason, string Detail)? DoubtAlone(Pricing price, SyncThresholds limits)
    {
        foreach (var (name, value) in Named(price))
        {
            if (value is { } asked and > 0 && (asked < limits.LowestPrice || asked > limits.HighestPrice))
            {
                return (HoldReasons.Implausible, Text($"{name} {asked} per 1M tokens; believed is {limits.LowestPrice} to {limits.HighestPrice}"));
            }
        }

        return null;
    }

    private static (string Reason, string Detail)? DoubtChange(Pricing old, Pricing price, SyncThresholds limits)
    {
        if (old.Kind == PriceKind.Fixed && price.Kind is PriceKind.Free or PriceKind.Subscription)
        {
            return (HoldReasons.FreeFlip, Text($"was {old.Input} in and {old.Output} out, became free; believed when the next run says it again"));
        }

        if (old.Currency != price.Currency)
        {
            return price.Kind == PriceKind.Fixed && old.Kind == PriceKind.Fixed
                ? (HoldReasons.UnitError, $"was in {old.Currency}, came in {price.Currency}")
                : null;
        }

        var largest = Named(old).Zip(Named(price))
            .Where(pair => pair.First.Price > 0 && pair.Second.Price > 0)
            .Select(pair => (pair.First.Name, Old: pair.First.Price!.Value, New: pair.Second.Price!.Value))
            .Select(pair => (pair.Name, pair.Old, pair.New, Factor: Math.Max(pair.Old / pair.New, pair.New / pair.Old)))
            .DefaultIfEmpty()
            .MaxBy(pair => pair.Factor);
        return largest.Factor > limits.UnitError
                ? (HoldReasons.UnitError, Text($"{largest.Name} from {largest.Old} to {largest.New}: a price in another unit"))
            : largest.Factor > limits.PriceJump
                ? (HoldReasons.Jump, Text($"{largest.Name} from {largest.Old} to {largest.New}, more than {limits.PriceJump}-fold"))
            : null;
    }

    private static string? Refusal(SourceState state, SourceSnapshot read, int live, int missing, SyncThresholds limits, bool force)
    {
        if (read.Readable == 0)
        {
            return read.Fetched == 0
                ? "The list has no rows."
                : $"None of {read.Fetched} rows could be read; the first: {read.Faults[0].Reason}";
        }

        if (force)
        {
            return null;
        }

        if (read.Faults.Count > limits.SmallLoss && read.Faults.Count > limits.MostFaults * read.Fetched)
        {
            return $"{read.Faults.Count} of {read.Fetched} rows could not be read, so the list has another shape; the first: {read.Faults[0].Reason}";
        }

        if (read.Readable < limits.FewestRows.GetValueOrDefault(read.Source))
        {
            return $"{read.Readable} rows are fewer than the {limits.FewestRows[read.Source]} that this source has at least.";
        }

        if (TooMuch(missing, live, limits.MostShrink, limits))
        {
            return $"{missing} of {live} rows are gone since the last good run.";
        }

        return state.BestCount is { } best && TooMuch(best - read.Readable, best, limits.MostShrink, limits)
            ? $"{read.Readable} rows came; within {limits.BestOf.TotalDays:0.#} days there were {best}."
            : null;
    }

    private static bool TooMuch(int lost, int of, decimal most, SyncThresholds limits) => lost > limits.SmallLoss && lost > most * of;

    private static Dictionary<string, string> RefusedProviders(
        List<OfferId> live, List<OfferId> missing, List<JudgedRow> judged, SyncThresholds limits)
    {
        var refused = new Dictionary<string, string>(StringComparer.Ordinal);
        var liveCounts = live.CountBy(id => id.Provider).ToDictionary();
        foreach (var (provider, lost) in missing.CountBy(id => id.Provider))
        {
            if (TooMuch(lost, liveCounts[provider], limits.MostProviderShrink, limits))
            {
                refused[provider] = $"{lost} of its {liveCounts[provider]} rows are gone since the last good run.";
            }
        }

        foreach (var provider in judged.GroupBy(row => row.Listing.Id.Provider))
        {
            var all = provider.Count();
            var units = provider.Count(row => row.Hold?.Reason == HoldReasons.UnitError);
            var implausible = provider.Count(row => row.Hold?.Reason == HoldReasons.Implausible);
            var lost = provider.Count(row => row.LostPrice);
            if (units > limits.MostUnitErrors * all)
            {
                var first = provider.First(row => row.Hold?.Reason == HoldReasons.UnitError).Hold!;
                refused.TryAdd(provider.Key, $"{units} of its {all} prices came in another unit; the first: {first.Id}, {first.Detail}");
            }
            else if (TooMuch(implausible, all, limits.MostUnitErrors, limits))
            {
                refused.TryAdd(provider.Key, $"{implausible} of its {all} prices are such as nobody asks.");
            }
            else if (TooMuch(lost, all, limits.MostUnitErrors, limits))
            {
                refused.TryAdd(provider.Key, $"{lost} of its {all} offers have no price any more.");
            }
        }

        return refused;
    }

    private static JudgedRow JudgeRow(StoredRow? stored, Listing row, string source, SyncThresholds limits, bool force)
    {
        var held = stored?.Held ?? new HashSet<string>();
        var isSame = stored is { IsMissing: false } && stored.Hash == row.Raw.Hash;
        // The same row again is of interest only when its price is held: it may be believed now.
        if (isSame && !held.Overlaps(PriceHolds) && !held.Contains(HoldReasons.Unreadable))
        {
            return new JudgedRow(row, null, null, [], LostPrice: false);
        }

        var isOwned = stored is not { OwnedByOther: true } || SourceNames.IsOwnList(source, row.Id.Provider);
        var old = stored?.Price;
        // A provider's own list is not measured by what others said before it.
        var measure = stored is { OwnedByOther: false } ? old : null;
        var doubt = isOwned && !force ? Doubt(measure, row.Pricing, limits) : null;
        if (doubt is { Reason: HoldReasons.FreeFlip } && held.Contains(HoldReasons.FreeFlip))
        {
            doubt = null;
        }

        var hold = doubt is { } reason ? new Hold(row.Id, reason.Reason, reason.Detail, row.Raw.Hash, row.Raw.Json) : null;
        List<string> released = [.. held.Where(why => why != hold?.Reason && why != HoldReasons.CrossCheck)];
        var price = hold is null ? row.Pricing : old ?? Pricing.Unknown;
        var change = isSame && hold is not null
            ? null
            : new RowChange(row, stored?.Hash is null, isOwned, price, hold is not null, isOwned && old is not null && old != price ? old : null);
        return new JudgedRow(row, change, hold, released, measure?.Kind == PriceKind.Fixed && row.Pricing.Kind == PriceKind.Unknown);
    }

    private static readonly HashSet<string> PriceHolds = new(StringComparer.Ordinal)
    {
        HoldReasons.Implausible, HoldReasons.Jump, HoldReasons.UnitError, HoldReasons.FreeFlip,
    };

    private static HashSet<OfferId> Present(SourceSnapshot read) =>
    [
        .. read.Listings.Select(row => row.Id),
        .. Facts(read).Select(fact => fact.Id),
        .. read.Faults.Select(row => row.Id),
    ];

    // Benchmarks and popularity are no offers; their source stands where an offer has its provider.
    private static IEnumerable<(OfferId Id, string Hash)> Facts(SourceSnapshot read) =>
        read.Benchmarks.Select(row => (row.Id, row.Raw.Hash)).Concat(read.Popularity.Select(row => (row.Id, row.Raw.Hash)))
            .Select(row => (new OfferId(read.Source, row.Id), row.Hash));

    private static (string Name, decimal? Price)[] Named(Pricing price) =>
    [
        ("input", price.Input), ("output", price.Output), ("cache read", price.CacheRead), ("cache write", price.CacheWrite),
        ("reasoning", price.Reasoning), ("audio in", price.AudioIn), ("audio out", price.AudioOut), ("image in", price.ImageIn),
        ("image out", price.ImageOut),
    ];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record JudgedRow(Listing Listing, RowChange? Change, Hold? Hold, IReadOnlyList<string> Released, bool LostPrice)
    {
        public static JudgedRow WithoutTarget(Listing row) => new(
            row,
            null,
            new Hold(row.Id, HoldReasons.AliasWithoutTarget, $"stands for {row.AliasOf}, which is not in the list", row.Raw.Hash, row.Raw.Json),
            [],
            LostPrice: false);
    }
}
