using System.Globalization;
using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Syncs;

/// <summary>Reads <see cref="SyncThresholds"/> and <see cref="SourceLimits"/> from variables; what is not set has its measured default.</summary>
public static class SyncThresholdSettings
{
    private const string FewestRows = "SYNC_FEWEST_ROWS";

    private static readonly Guard[] Guards =
    [
        new("SYNC_MOST_UNREADABLE", 0m, 1m, "a fraction from 0 to 1", (limits, value) => limits with { MostFaults = value }),
        new("SYNC_MOST_SHRINK", 0m, 1m, "a fraction from 0 to 1", (limits, value) => limits with { MostShrink = value }),
        new("SYNC_MOST_PROVIDER_SHRINK", 0m, 1m, "a fraction from 0 to 1", (limits, value) => limits with { MostProviderShrink = value }),
        new("SYNC_SMALL_LOSS", 0m, 1_000m, "whole rows from 0 to 1000", (limits, value) => limits with { SmallLoss = (int)value }, IsWhole: true),
        new("SYNC_BEST_OF_DAYS", 1m, 30m, "whole days from 1 to 30", (limits, value) => limits with { BestOf = TimeSpan.FromDays((int)value) }, IsWhole: true),
        new("SYNC_PRICE_JUMP", 1m, 1_000_000m, "a factor from 1 to 1000000", (limits, value) => limits with { PriceJump = value }),
        new("SYNC_UNIT_ERROR", 1m, 1_000_000m, "a factor from 1 to 1000000", (limits, value) => limits with { UnitError = value }),
        new("SYNC_MOST_UNIT_ERRORS", 0m, 1m, "a fraction from 0 to 1", (limits, value) => limits with { MostUnitErrors = value }),
        new("SYNC_LOWEST_PRICE", 0m, 1_000_000m, "a price from 0 to 1000000", (limits, value) => limits with { LowestPrice = value }),
        new("SYNC_HIGHEST_PRICE", 0m, 1_000_000m, "a price from 0 to 1000000", (limits, value) => limits with { HighestPrice = value }),
        new("SYNC_CROSS_CHECK", 1m, 1_000_000m, "a factor from 1 to 1000000", (limits, value) => limits with { CrossCheck = value }),
        new("SYNC_CROSS_CHECK_OFFERS", 2m, 1_000m, "whole offers from 2 to 1000", (limits, value) => limits with { CrossCheckOffers = (int)value }, IsWhole: true),
    ];

    /// <summary>Every variable that is read.</summary>
    public static IReadOnlyList<string> Variables { get; } =
        [FewestRows, .. Guards.Select(guard => guard.Variable), "SYNC_SOURCE_SECONDS", "SYNC_SOURCE_TRIES", "SYNC_SOURCE_MEGABYTES"];

    /// <summary>When a reading is not believed.</summary>
    /// <param name="variable">The value of a name; null or empty when it is not set.</param>
    /// <exception cref="FormatException">Every fault, one a line.</exception>
    public static SyncThresholds Read(Func<string, string?> variable)
    {
        List<string> faults = [];
        var limits = Read(variable, faults);
        return faults.Count == 0 ? limits : throw new FormatException(string.Join(Environment.NewLine, faults));
    }

    /// <summary>How patient a reading of a source is.</summary>
    /// <param name="variable">The value of a name; null or empty when it is not set.</param>
    /// <exception cref="FormatException">Every fault, one a line.</exception>
    public static SourceLimits ReadSource(Func<string, string?> variable)
    {
        List<string> faults = [];
        var limits = ReadSource(variable, faults);
        return faults.Count == 0 ? limits : throw new FormatException(string.Join(Environment.NewLine, faults));
    }

    /// <summary>Says what of both is wrong.</summary>
    internal static void Check(Func<string, string?> variable, ICollection<string> faults)
    {
        Read(variable, faults);
        ReadSource(variable, faults);
    }

    private static SyncThresholds Read(Func<string, string?> variable, ICollection<string> faults)
    {
        var limits = new SyncThresholds();
        foreach (var guard in Guards)
        {
            if (Number(variable, guard.Variable, guard.Least, guard.Most, guard.Words, guard.IsWhole, faults) is { } value)
            {
                limits = guard.Set(limits, value);
            }
        }

        if (limits.LowestPrice >= limits.HighestPrice)
        {
            faults.Add(Text($"SYNC_LOWEST_PRICE must be below SYNC_HIGHEST_PRICE, not {limits.LowestPrice} with {limits.HighestPrice}."));
        }

        if (limits.PriceJump > limits.UnitError)
        {
            faults.Add(Text($"SYNC_PRICE_JUMP must be at most SYNC_UNIT_ERROR, not {limits.PriceJump} with {limits.UnitError}."));
        }

        return limits with { FewestRows = Fewest(variable(FewestRows), limits.FewestRows, faults) };
    }

    private static SourceLimits ReadSource(Func<string, string?> variable, ICollection<string> faults)
    {
        var limits = new SourceLimits();
        if (Whole("SYNC_SOURCE_SECONDS", 1, 60, "whole seconds from 1 to 60") is { } seconds)
        {
            limits = limits with { Timeout = TimeSpan.FromSeconds(seconds) };
        }

        if (Whole("SYNC_SOURCE_TRIES", 1, 3, "1, 2 or 3") is { } tries)
        {
            limits = limits with { Tries = tries };
        }

        if (Whole("SYNC_SOURCE_MEGABYTES", 1, 1_024, "whole megabytes from 1 to 1024") is { } megabytes)
        {
            limits = limits with { MostBytes = megabytes * 1024L * 1024L };
        }

        return limits;

        int? Whole(string name, int least, int most, string words) => (int?)Number(variable, name, least, most, words, isWhole: true, faults);
    }

    private static IReadOnlyDictionary<string, int> Fewest(string? text, IReadOnlyDictionary<string, int> defaults, ICollection<string> faults)
    {
        var fewest = new Dictionary<string, int>(defaults);
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=', 2, StringSplitOptions.TrimEntries) is [var source, var count] && fewest.ContainsKey(source)
                && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var rows))
            {
                fewest[source] = rows;
            }
            else
            {
                faults.Add($"{FewestRows} must be SOURCE=ROWS, parted by commas, of {string.Join(", ", defaults.Keys)}, not \"{part}\".");
            }
        }

        return fewest;
    }

    private static decimal? Number(
        Func<string, string?> variable, string name, decimal least, decimal most, string words, bool isWhole, ICollection<string> faults)
    {
        if (variable(name) is not { Length: > 0 } text)
        {
            return null;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most && (!isWhole || value == decimal.Truncate(value)))
        {
            return value;
        }

        faults.Add($"{name} must be {words}, not \"{text}\".");
        return null;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Guard(
        string Variable, decimal Least, decimal Most, string Words, Func<SyncThresholds, decimal, SyncThresholds> Set, bool IsWhole = false);
}
