using System.Text.RegularExpressions;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Tests.Syncs;

/// <summary>The guards as they are configured.</summary>
public sealed class ThresholdSettingsTests
{
    // Every one at another value than its default.
    private static readonly Dictionary<string, string> Changed = new()
    {
        ["SYNC_FEWEST_ROWS"] = "models.dev=900, nearai=3",
        ["SYNC_MOST_UNREADABLE"] = "0.2",
        ["SYNC_MOST_SHRINK"] = "0.3",
        ["SYNC_MOST_PROVIDER_SHRINK"] = "0.4",
        ["SYNC_SMALL_LOSS"] = "6",
        ["SYNC_BEST_OF_DAYS"] = "8",
        ["SYNC_PRICE_JUMP"] = "11",
        ["SYNC_UNIT_ERROR"] = "120",
        ["SYNC_MOST_UNIT_ERRORS"] = "0.06",
        ["SYNC_LOWEST_PRICE"] = "0.0001",
        ["SYNC_HIGHEST_PRICE"] = "3000",
        ["SYNC_CROSS_CHECK"] = "30",
        ["SYNC_CROSS_CHECK_OFFERS"] = "5",
        ["SYNC_SOURCE_SECONDS"] = "20",
        ["SYNC_SOURCE_TRIES"] = "2",
        ["SYNC_SOURCE_MEGABYTES"] = "32",
    };

    [Fact]
    public void What_is_not_set_has_its_measured_default()
    {
        Assert.Equivalent(new SyncThresholds(), SyncThresholdSettings.Read(_ => null), strict: true);
        Assert.Equal(new SourceLimits(), SyncThresholdSettings.ReadSource(_ => null));
    }

    [Fact]
    public void Each_guard_can_be_set()
    {
        var limits = SyncThresholdSettings.Read(name => Changed.GetValueOrDefault(name));

        Assert.Equal(SyncThresholdSettings.Variables.Order(), Changed.Keys.Order());
        Assert.Equivalent(
            new SyncThresholds
            {
                FewestRows = new Dictionary<string, int>(new SyncThresholds().FewestRows) { [SourceNames.ModelsDev] = 900, [SourceNames.NearAi] = 3 },
                MostFaults = 0.2m,
                MostShrink = 0.3m,
                MostProviderShrink = 0.4m,
                SmallLoss = 6,
                BestOf = TimeSpan.FromDays(8),
                PriceJump = 11,
                UnitError = 120,
                MostUnitErrors = 0.06m,
                LowestPrice = 0.0001m,
                HighestPrice = 3_000,
                CrossCheck = 30,
                CrossCheckOffers = 5,
            },
            limits,
            strict: true);
        Assert.Equal(
            new SourceLimits { Timeout = TimeSpan.FromSeconds(20), Tries = 2, MostBytes = 32 * 1024 * 1024 },
            SyncThresholdSettings.ReadSource(name => Changed.GetValueOrDefault(name)));
    }

    [Theory]
    [InlineData("0.0-1")]
    [InlineData("-1")]
    [InlineData("many")]
    [InlineData("99999999")]
    public void Wrong_ones_are_refused_all_at_once_with_what_was_expected(string value)
    {
        var refusal = Assert.Throws<FormatException>(() => SyncSettings.Read(name => SyncThresholdSettings.Variables.Contains(name) ? value : null));

        var faults = refusal.Message.Split(Environment.NewLine);
        Assert.All(SyncThresholdSettings.Variables, name => Assert.Contains(faults, fault => Regex.IsMatch(fault, $"^{name} must be .+, not \"{value}\"\\.$", RegexOptions.None, TimeSpan.FromSeconds(1))));
        Assert.Equal(SyncThresholdSettings.Variables.Count, faults.Length);
    }

    [Fact]
    public void Guards_that_contradict_each_other_are_refused()
    {
        var refusal = Assert.Throws<FormatException>(() => SyncThresholdSettings.Read(name => name switch
        {
            "SYNC_LOWEST_PRICE" => "5",
            "SYNC_HIGHEST_PRICE" => "2",
            "SYNC_PRICE_JUMP" => "200",
            _ => null,
        }));

        Assert.Contains("SYNC_LOWEST_PRICE must be below SYNC_HIGHEST_PRICE, not 5 with 2.", refusal.Message);
        Assert.Contains("SYNC_PRICE_JUMP must be at most SYNC_UNIT_ERROR, not 200 with 100.", refusal.Message);
    }

    [Fact]
    public void Whole_numbers_must_be_whole() =>
        Assert.Equal(
            5, Assert.Throws<FormatException>(() => SyncSettings.Read(name => name is "SYNC_SMALL_LOSS" or "SYNC_BEST_OF_DAYS" or "SYNC_CROSS_CHECK_OFFERS"
                or "SYNC_SOURCE_SECONDS" or "SYNC_SOURCE_MEGABYTES" ? "2.5" : null)).Message.Split(Environment.NewLine).Length);
}
